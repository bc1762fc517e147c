"""Elo against a plain loop over dictionaries, and what must hold whatever the games."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import EloParameters
from precog_assets.ratings.systems import POINTS_PER_LOGIT, Rated, State
from precog_assets.ratings.systems.elo import Elo
from precog_assets.ratings.systems.elo_kernel import logistic
from precog_assets_tests.ratings.plain_elo import plain_elo
from precog_assets_tests.ratings.systems.elo_games import (
    SIDES,
    Game,
    bits,
    chosen,
    cuts,
    games_of,
    histories,
    parameters,
    plain,
    with_later_sides,
)

PLAIN = EloParameters(k=20, home_edge=0, margin="none", carry=1, mean=1500, new_team=1500)

unhurried = settings(deadline=None)
"""The first example compiles."""


def elo(**changes: object) -> Elo:
    return Elo(EloParameters.model_validate(PLAIN.model_dump() | changes))


def rated(system: Elo, rows: list[Game], **how: bool) -> tuple[Rated, State]:
    state = system.start(SIDES)
    return system.advance(games_of(rows, **how), state), state


@unhurried
@given(histories(), parameters(), st.booleans())
def test_equals_a_plain_loop_over_dictionaries(rows: list[Game], p: EloParameters, alone: bool) -> None:
    said, _ = rated(Elo(p), rows, alone=alone)
    wanted = np.array(plain_elo(plain(rows, alone=alone), p)).reshape(-1, 5)
    np.testing.assert_allclose(said.before, wanted[:, 0:2], rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(said.after, wanted[:, 2:4], rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(1 / (1 + np.exp(-said.terms[:, 0])), wanted[:, 4], rtol=1e-9, atol=1e-12)


@unhurried
@given(st.floats(-3000, 3000))
def test_the_expected_score_is_the_power_of_ten_by_other_means(gap: float) -> None:
    wanted = 1.0 / (1.0 + 10.0 ** (-gap / 400.0))
    assert logistic(gap * math.log(10.0) / 400.0) == pytest.approx(wanted, rel=1e-12, abs=0)


def test_certainty_is_not_exceeded() -> None:
    assert logistic(1e308) == 1.0
    assert 0.0 <= logistic(-1e308) < 1e-300


@unhurried
@given(histories(), parameters(), st.data())
def test_rating_in_parts_that_end_with_a_batch_is_rating_at_once(
    rows: list[Game], p: EloParameters, data: st.DataObject
) -> None:
    games, system = games_of(rows), Elo(p)
    cut = data.draw(st.sampled_from([*cuts(games), len(games)]))
    at_once, state = system.start(SIDES), system.start(SIDES)
    whole = system.advance(games, at_once)
    parts = [system.advance(part, state) for part in (games.part(0, cut), games.part(cut, len(games)))]
    assert bits(state) == bits(at_once)
    for name in ("before", "after", "played", "terms"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tobytes() == getattr(whole, name).tobytes(), name


@unhurried
@given(histories(), parameters(), st.data())
def test_sides_met_later_rate_as_if_known_from_the_start(
    rows: list[Game], p: EloParameters, data: st.DataObject
) -> None:
    games, system = games_of(rows), Elo(p)
    cut = data.draw(st.sampled_from([*cuts(games), len(games)]))
    met = max([0, *games.home[:cut], *games.away[:cut]]) + 1
    known = system.start(SIDES)
    system.advance(games, known)
    state = system.start(met)
    system.advance(games_of(rows[:cut], sides=met), state)
    state = with_later_sides(state, system, SIDES)
    system.advance(games.part(cut, len(games)), state)
    assert bits(state) == bits(known)


@unhurried
@given(histories(), parameters(), st.randoms(use_true_random=False))
def test_the_order_of_one_days_games_means_nothing(rows: list[Game], p: EloParameters, random: object) -> None:
    keys = [(row.day, random.random()) for row in rows]  # type: ignore[attr-defined]
    order = np.array(sorted(range(len(rows)), key=keys.__getitem__), np.int64)
    as_given, _ = rated(Elo(p), rows)
    shuffled, _ = rated(Elo(p), [rows[i] for i in order])
    np.testing.assert_allclose(shuffled.after, as_given.after[order], rtol=0, atol=1e-9)
    np.testing.assert_allclose(shuffled.terms, as_given.terms[order], rtol=0, atol=1e-9)


@unhurried
@given(histories(), parameters())
def test_swapping_the_sides_on_neutral_ground_mirrors_the_game(rows: list[Game], p: EloParameters) -> None:
    neutral = [row._replace(home_factor=0.0) for row in rows]
    swapped = [row._replace(home=row.away, away=row.home, score=row.score and row.score[::-1]) for row in neutral]
    (one, _), (other, _) = rated(Elo(p), neutral), rated(Elo(p), swapped)
    np.testing.assert_allclose(other.terms, -one.terms, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(other.after, one.after[:, ::-1], rtol=1e-12)
    assert (other.played == one.played[:, ::-1]).all()


@unhurried
@given(histories(), parameters())
def test_games_without_a_result_or_of_a_side_against_itself_teach_nothing(rows: list[Game], p: EloParameters) -> None:
    games, system = games_of(rows), Elo(p)
    learnt = ~np.isnan(games.result) & (games.home != games.away)
    all_of_them, alone = system.start(SIDES), system.start(SIDES)
    said = system.advance(games, all_of_them)
    of_learnt = system.advance(chosen(games, learnt), alone)
    assert bits(all_of_them) == bits(alone)
    assert said.terms[learnt].tobytes() == of_learnt.terms.tobytes()
    assert (said.terms[games.home == games.away] == 0).all()


@unhurried
@given(histories(), parameters())
def test_updates_are_zero_sum_where_k_is_constant(rows: list[Game], p: EloParameters) -> None:
    system = Elo(p.model_copy(update={"k_rule": "constant", "carry": 1.0}))
    _, state = rated(system, rows)
    assert state.teams["rating"].sum() == pytest.approx(SIDES * p.new_team, abs=1e-7)


@unhurried
@given(histories(extreme=True), parameters())
def test_the_wildest_scores_leave_finite_ratings(rows: list[Game], p: EloParameters) -> None:
    said, state = rated(Elo(p.model_copy(update={"k": 1000.0})), rows)
    assert np.isfinite(said.after).all()
    assert np.isfinite(said.terms).all()
    assert np.isfinite(state.league["home_edge"]).all()


@pytest.mark.parametrize(
    ("margin", "score", "multiplier"),
    [
        ("none", (40, 0), 1.0),
        ("nfl", (7, 0), math.log(8)),
        ("nfl", (1, 0), math.log(2)),
        ("nba", (110, 100), 13**0.8 / 7.5),
        ("nhl", (4, 2), 0.6686 * math.log(2) + 0.8048),
        ("log", (3, 0), math.log(4)),
        ("goals", (1, 0), 1.0),
        ("goals", (2, 0), 1.5),
        ("goals", (3, 0), 1.75),
        ("goals", (5, 0), 2.0),
    ],
)
def test_a_win_between_equals_moves_half_of_k_times_the_published_multiplier(
    margin: str, score: tuple[float, float], multiplier: float
) -> None:
    said, _ = rated(elo(margin=margin), [Game(0, 1, score)])
    assert said.after[0] == pytest.approx([1500 + 10 * multiplier, 1500 - 10 * multiplier], abs=1e-10)


def test_an_upset_counts_for_more_than_the_favourites_win_by_as_much() -> None:
    system, state = elo(margin="nba"), elo().start(SIDES)
    state.teams["rating"][0] = 1700.0
    said = system.advance(games_of([Game(0, 1, (90, 100))]), state)
    expected = 1 / (1 + 10**-0.5)
    assert said.after[0, 1] == pytest.approx(1500 + 20 * 13**0.8 / (7.5 - 0.006 * 200) * expected, abs=1e-9)


def test_a_tie_in_the_nfl_takes_one_as_its_denominator() -> None:
    said, _ = rated(elo(margin="nfl", home_edge=48), [Game(0, 1, (20, 20), home_factor=1.0)])
    expected = 1 / (1 + 10 ** (-48 / 400))
    assert said.after[0, 0] == pytest.approx(1500 + 20 * math.log(2) * 2.2 * (0.5 - expected), abs=1e-9)


@pytest.mark.parametrize(("margin", "typical"), [("nfl", 8), ("nba", 10), ("nhl", 2), ("log", 3), ("goals", 1)])
def test_an_unknown_margin_counts_as_the_rules_typical_one(margin: str, typical: int) -> None:
    unknown, _ = rated(elo(margin=margin), [Game(0, 1, (1, 0), margin_known=False)])
    known, _ = rated(elo(margin=margin), [Game(0, 1, (typical, 0))])
    assert unknown.after.tolist() == known.after.tolist()


def test_tennis_moves_those_less_who_have_played_more() -> None:
    system = elo(k=250, k_rule="tennis")
    said, _ = rated(system, [Game(0, 1), Game(0, 2)], alone=True)
    first = 250 / 5**0.4 / 2
    expected = 1 / (1 + 10 ** (-first / 400))
    assert said.played.tolist() == [[0, 0], [1, 0]]
    assert said.after[1, 0] == pytest.approx(1500 + first + 250 / 6**0.4 * (1 - expected), abs=1e-9)
    assert said.after[1, 1] == pytest.approx(1500 - 250 / 5**0.4 * (1 - expected), abs=1e-9)


def test_a_side_regresses_once_at_its_first_game_of_a_later_season() -> None:
    rows = [Game(0, 1, day=1), Game(0, 1, day=9, season=2003), Game(0, 1, day=10, season=2003)]
    said, _ = rated(elo(carry=0.5), rows)
    assert said.before[1].tolist() == [1505.0, 1495.0]
    assert said.before[2].tolist() == said.after[1].tolist()


def test_a_side_that_has_not_played_does_not_regress() -> None:
    said, _ = rated(elo(carry=0.5, new_team=1300), [Game(0, 1, None, day=1), Game(0, 1, day=2, season=2001)])
    assert said.before[1].tolist() == [1300.0, 1300.0]


def test_a_coming_season_shows_regressed_ratings_and_leaves_the_state() -> None:
    system = elo(carry=0.5)
    _, state = rated(system, [Game(0, 1, day=1)])
    before = bits(state)
    said = system.advance(games_of([Game(0, 1, None, day=200, season=2001)]), state)
    assert said.before.tolist() == said.after.tolist() == [[1505.0, 1495.0]]
    assert bits(state) == before


def test_both_games_of_a_doubleheader_are_forecast_from_the_ratings_before_it() -> None:
    said, _ = rated(elo(), [Game(0, 1), Game(0, 1)])
    assert said.before.tolist() == [[1500.0, 1500.0]] * 2
    assert said.after.tolist() == [[1520.0, 1480.0]] * 2
    assert said.played.tolist() == [[0, 0]] * 2


def test_the_home_edge_counts_in_proportion_and_only_in_the_gap() -> None:
    rows = [Game(0, 1, day=1, home_factor=factor) for factor in (0.0, 0.5, 1.0)]
    said, _ = rated(elo(home_edge=100), rows)
    assert said.terms[:, 0] == pytest.approx(np.array([0, 50, 100]) / POINTS_PER_LOGIT, rel=1e-14)
    assert said.terms[:, 1].tolist() == [0.0, 0.0, 0.0]


def test_the_home_edge_moves_after_the_batch_by_its_surprises_in_proportion() -> None:
    rows = [Game(0, 1, (9, 0), 1, home_factor=1.0), Game(2, 3, (9, 0), 1, home_factor=0.5), Game(0, 4, None, 2)]
    said, state = rated(elo(home_edge=100, home_edge_rate=0.2, margin="nba"), rows)
    of_one, of_half = (1 - 1 / (1 + 10 ** (-edge / 400)) for edge in (100, 50))
    assert said.terms[1, 0] == pytest.approx(50 / POINTS_PER_LOGIT)
    assert state.league["home_edge"] == pytest.approx([100 + 0.2 * (of_one + 0.5 * of_half)], abs=1e-12)


def test_postseason_games_stretch_the_gap_with_its_home_edge() -> None:
    system = elo(home_edge=50, playoff_factor=1.25)
    state = system.start(SIDES)
    state.teams["rating"][0] = 1600.0
    said = system.advance(games_of([Game(0, 1, playoff=True, home_factor=1.0)]), state)
    assert said.terms[0] == pytest.approx(np.array([1.25 * 150, 1.25 * 100]) / POINTS_PER_LOGIT, rel=1e-14)


def test_elo_knows_no_deviation() -> None:
    said, _ = rated(elo(), [Game(0, 1)])
    assert np.isnan(said.deviation_before).all()
    assert np.isnan(said.deviation_after).all()


def test_a_state_of_too_few_sides_is_refused() -> None:
    with pytest.raises(ValueError, match="state of 2 sides, games of 5"):
        elo().advance(games_of([Game(0, 4)]), elo().start(2))
