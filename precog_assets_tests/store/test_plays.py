"""Games in play as they were known: where the model begins, what it makes of a state, and nothing that came later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.config.in_play import load_in_play
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.play import PlayFacts
from precog_assets.domain.times import FixedClock, eastern_day
from precog_assets.simulator.espn import EspnVenue
from precog_assets.simulator.espn.query import BoardQuery
from precog_assets.simulator.world import World, WorldSettings, default_anchor
from precog_assets.simulator.world.model import SimGame
from precog_assets.sources.espn.parse import parse_scoreboard
from precog_assets.store.forecasts import write_forecasts
from precog_assets.store.games import write_teams_seen
from precog_assets.store.known import Known, read_known
from precog_assets.store.known_sql import Basis
from precog_assets.store.plays import FORECAST, MARKET, NO_BEGINNING, Before, State, plays_of, warm
from precog_assets.store.snapshots import version_of
from precog_assets_tests.databases import rolled_back
from precog_assets_tests.pipeline.slate_world import (
    NOW,
    START,
    forecast_row,
    game_row,
    jac,
    kc,
    market_row,
    put_forecasts,
    put_games,
    put_link,
    put_markets,
    put_quote,
    put_slate,
    put_weight,
    version,
)

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
AT = START + timedelta(hours=2)
NFL = load_leagues()["nfl"]
THIRD = {"status": "STATUS_IN_PROGRESS", "state": "in", "period": 3, "clock": 425.0, "display_clock": "7:05"}
LEAD = {**THIRD, "home_score": 17, "away_score": 14}
EVEN = {Outcome.HOME: 0.5, Outcome.AWAY: 0.5}


def known(
    connection: sa.Connection, at: datetime = AT, basis: Basis = "observed", *market_ids: str, **given: Any
) -> Known:
    given = {"versions": {"nfl": [version()]}, **given}
    return read_known(connection, market_ids or [kc()], at, basis=basis, **given)


def played(connection: sa.Connection, at: datetime = AT, **given: Any) -> PlayFacts:
    found = known(connection, at, **given).play(kc(), version())
    assert found is not None
    return found


def state(league: str = "nfl", **columns: Any) -> State:
    """A state at hand, as the tables would give it."""
    shown = {"completed": False, "game_kind": "regular", "home_shootout_score": None, "away_shootout_score": None}
    shown |= {"winner": None, "detail": None, "linescores": None, "situation": None, "headline": None, "best_of": None}
    return State(f"{league}:1", league, START, AT, {**shown, **LEAD, **columns})


@pytest.fixture
def slate(store: sa.Engine) -> Iterator[sa.Connection]:
    """Two games priced and forecast before their start, of which the first is in its third quarter since a minute."""
    put_slate(store, 2)
    with rolled_back(store) as connection:
        put_games(connection, game_row(**LEAD), at=AT - MINUTE)
        yield connection


def test_a_game_in_play_is_what_its_score_makes_of_the_forecast(slate: sa.Connection) -> None:
    found = known(slate)
    play = found.play(kc(), version())
    assert play is not None
    assert (play.home_score, play.away_score, play.period, play.clock) == (17, 14, 3, "7:05")
    assert (play.observed_at, play.before_from, play.p_before) == (AT - MINUTE, FORECAST, 0.75)
    assert play.p_in_play is not None
    assert 0.75 < play.p_in_play < 0.95
    other = found.play(jac(), version())
    assert other is not None
    assert other.p_in_play == pytest.approx(1 - play.p_in_play, abs=1e-8)
    assert known(slate, AT, "observed", kc(2)).play(kc(2), version()) is None


def test_its_price_is_the_markets_alone_and_diverges_from_the_model_in_play(slate: sa.Connection) -> None:
    put_weight(slate, 0.4, at=NOW)
    found = known(slate)
    price, p_model = found.price(kc(), version()), found.p_model(kc(), version())
    assert price is not None
    assert p_model is not None
    assert (price.p_market, price.p_trading, price.model_weight) == (0.5, 0.5, 0.0)
    assert price.divergence == pytest.approx(p_model - 0.5)
    assert p_model == found.play(kc(), version()).p_in_play  # type: ignore[union-attr]


def test_a_weight_that_was_earned_moves_the_market_towards_the_model_in_play(
    slate: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = load_in_play()
    earned = {**rules, "nfl": rules["nfl"].model_copy(update={"model_weight": 0.3})}
    monkeypatch.setattr("precog_assets.store.plays.load_in_play", lambda: earned)
    found = known(slate)
    price = found.price(kc(), version())
    assert price is not None
    assert price.model_weight == 0.3
    assert 0.5 < price.p_trading < found.p_model(kc(), version())  # type: ignore[operator]


def test_no_league_has_earned_a_weight_in_play() -> None:
    assert {rules.model_weight for rules in load_in_play().values()} == {0.0}


def test_a_forecast_made_anew_during_the_game_does_not_count(slate: sa.Connection) -> None:
    before = played(slate)
    put_forecasts(slate, forecast_row(1, 0.2), at=START + MINUTE)
    assert played(slate) == before
    assert known(slate).forecast(kc(), version()).p_model == 0.75  # type: ignore[union-attr]


def test_the_first_forecast_from_before_the_start_counts_where_none_was_made_in_time(store: sa.Engine) -> None:
    with rolled_back(store) as connection:
        put_markets(connection, market_row(kc()), market_row(jac()))
        put_link(connection, kc(), "nfl:1", Outcome.HOME)
        put_games(connection, game_row(**LEAD), at=AT - MINUTE)
        put_forecasts(connection, forecast_row(1, 0.7), at=START + MINUTE)
        put_forecasts(connection, forecast_row(1, 0.1, as_of=START + MINUTE), at=START + 2 * MINUTE)
        assert played(connection).p_before == 0.7
        put_forecasts(connection, forecast_row(1, 0.6), at=START - MINUTE)
        assert played(connection).p_before == 0.6


def test_without_a_forecast_the_market_says_what_was_thought_before_the_start(slate: sa.Connection) -> None:
    slate.execute(sa.text("DELETE FROM model.forecasts"))
    put_games(slate, game_row(**{**LEAD, "home_score": 0}), at=START - 3 * MINUTE)
    for minutes, cents in ((-5, 61), (-2, 80)):
        put_quote(slate, kc(), f"0.{cents}", f"0.{cents + 2}", START + minutes * MINUTE)
        put_quote(slate, jac(), f"0.{98 - cents}", f"0.{100 - cents}", START + minutes * MINUTE)
    play = played(slate)
    assert (play.before_from, play.p_before) == (MARKET, pytest.approx(0.62)), "0.81 was quoted in play"
    assert play.p_in_play is not None


def test_with_neither_the_reason_is_said_and_the_market_stands(slate: sa.Connection) -> None:
    slate.execute(sa.text("DELETE FROM model.forecasts"))
    slate.execute(sa.text("UPDATE market.quotes SET yes_bid = NULL"))
    slate.execute(sa.text("DELETE FROM market.order_books"))
    play = played(slate)
    assert (play.p_in_play, play.p_before, play.before_from, play.why_not) == (None, None, "", NO_BEGINNING)


@pytest.mark.parametrize(
    ("changes", "why_not"),
    [
        ({"home_score": None}, "the board tells no score"),
        ({"period": None}, "the board tells no period"),
        ({"clock": None}, "the board tells no clock"),
    ],
)
def test_a_state_that_says_too_little_has_no_probability_and_no_forecast_in_its_place(
    slate: sa.Connection, changes: dict[str, Any], why_not: str
) -> None:
    put_games(slate, game_row(**{**LEAD, **changes}), at=AT)
    found = known(slate)
    play, price = found.play(kc(), version()), found.price(kc(), version())
    assert play is not None
    assert price is not None
    assert (play.p_in_play, play.why_not) == (None, why_not)
    assert (found.p_model(kc(), version()), price.divergence, price.p_trading) == (None, None, price.p_market)


SCORES = st.integers(0, 40)
LATER = st.one_of(
    st.builds(lambda home, away: ("state", {"home_score": home, "away_score": away, "period": 4}), SCORES, SCORES),
    st.builds(lambda p: ("forecast", p), st.floats(0.05, 0.95)),
    st.builds(lambda cents: ("quote", cents), st.integers(2, 97)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(later=st.lists(st.tuples(st.integers(1, 9_000), LATER), min_size=1, max_size=4, unique_by=lambda one: one[0]))
@pytest.mark.parametrize("with_forecast", [True, False])
def test_what_comes_later_changes_nothing(
    store: sa.Engine, with_forecast: bool, later: list[tuple[int, tuple[str, Any]]]
) -> None:
    with store.connect() as connection:
        if connection.scalar(sa.text("SELECT count(*) FROM market.markets")) == 0:
            put_slate(store, 2)
    with rolled_back(store) as connection:
        if not with_forecast:
            connection.execute(sa.text("DELETE FROM model.forecasts"))
        put_games(connection, game_row(**LEAD), at=AT - MINUTE)
        before, price = played(connection), known(connection).price(kc(), version())
        for seconds, (what, value) in later:
            at = AT + seconds * SECOND
            if what == "state":
                put_games(connection, game_row(**{**LEAD, **value}), at=at)
            elif what == "forecast":
                put_forecasts(connection, forecast_row(1, value), at=at)
            else:
                put_quote(connection, kc(), f"0.{value:02}", f"0.{value + 2:02}", at)
        assert (played(connection), known(connection).price(kc(), version())) == (before, price)
        assert before.p_in_play is not None


@settings(max_examples=60, deadline=None)
@given(
    games=st.lists(
        st.tuples(st.floats(0.05, 0.95), SCORES, SCORES, st.integers(1, 5), st.floats(0, 900)), min_size=2, max_size=8
    )
)
def test_a_game_alone_has_the_probability_that_it_has_among_others(games: list[tuple[Any, ...]]) -> None:
    states, before = [], {}
    for number, (p, home, away, period, clock) in enumerate(games):
        one = state(home_score=home, away_score=away, period=period, clock=clock)
        states.append(replace(one, game_id=f"nfl:{number}"))
        before[f"nfl:{number}"] = Before({Outcome.HOME: p, Outcome.AWAY: 1 - p}, FORECAST)
    together = plays_of(NFL, states, before)
    for one in states:
        (alone,) = plays_of(NFL, [one], before).values()
        assert alone == together[one.game_id]
        said = alone.probabilities
        assert said is not None
        assert sum(said.values()) == pytest.approx(1, abs=1e-8)
        assert set(said) == {Outcome.HOME, Outcome.AWAY}


def test_a_tie_is_half_a_win_each_where_the_league_has_no_draw() -> None:
    over = state(period=5, clock=0.0, status="STATUS_END_PERIOD", home_score=20, away_score=20)
    (found,) = plays_of(NFL, [over], {over.game_id: Before(EVEN, FORECAST)}).values()
    assert found.probabilities == {Outcome.HOME: pytest.approx(0.5), Outcome.AWAY: pytest.approx(0.5)}


def test_a_league_without_a_model_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("precog_assets.store.plays.load_in_play", dict)
    one = state()
    (found,) = plays_of(NFL, [one], {one.game_id: Before(EVEN, FORECAST)}).values()
    assert (found.probabilities, found.why_not) == (None, "no model of games in play for nfl")


def test_what_is_no_distribution_is_nothing_to_begin_with() -> None:
    one = state()
    for odd in ({Outcome.HOME: 0.9, Outcome.AWAY: 0.9}, {Outcome.HOME: 1.0}, {**EVEN, Outcome.HOME: float("nan")}):
        (found,) = plays_of(NFL, [one], {one.game_id: Before(odd, FORECAST)}).values()
        assert found.why_not == NO_BEGINNING


@pytest.mark.parametrize(
    ("league", "headline", "best_of", "is_even"),
    [
        ("atp", "Roland Garros, Quarterfinal", None, False),
        ("atp", "Paris Masters, Quarterfinal", None, True),
        ("atp", "US Open, Qualifying 1st Round", None, True),
        ("wta", "Wimbledon, Final", None, True),
        ("atp", None, 5, False),
    ],
)
def test_men_play_five_sets_at_slams_and_three_elsewhere(
    league: str, headline: str | None, best_of: int | None, is_even: bool
) -> None:
    """A set apiece is an even match in both; two sets to one is not over in five."""
    columns = {"period": 3, "clock": None, "linescores": [["6", "6", "0"], ["4", "4", "0"]], "home_score": 2}
    one = state(league, **{**columns, "away_score": 0, "headline": headline, "best_of": best_of})
    (found,) = plays_of(load_leagues()[league], [one], {one.game_id: Before(EVEN, FORECAST)}).values()
    assert found.probabilities is not None
    assert (found.probabilities[Outcome.HOME] == 1.0) is is_even


def test_every_league_with_rules_can_be_warmed() -> None:
    warm.cache_clear()
    for _ in range(2):
        warm(tuple(load_leagues()))
    assert (warm.cache_info().misses, warm.cache_info().hits) == (1, 1)


SIMULATED = ("nfl", "nba", "nhl", "mlb", "epl", "atp")
ANCHOR = default_anchor(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))
MOST_OFF = 0.06
"""Mean distance from the simulator's own odds: its games are played by other rules than the model's."""


@pytest.mark.parametrize("league", SIMULATED)
def test_every_sport_is_priced_in_play_from_a_simulated_board_through_the_tables(store: sa.Engine, league: str) -> None:
    world, row = World(WorldSettings(anchor=ANCHOR, seed=1, leagues=(league,))), load_leagues()[league]
    days = (ANCHOR.date() + timedelta(days=day) for day in range(10))
    game = next(game for day in days for game in world.games_on(league, day) if is_plain(game))
    game_id, version = f"{league}:{game.event_id}", version_of(league, "default")
    course = world.timeline(game)
    level = 0.0 if row.has_draw else 0.5
    truths = [one for one in course if one.state == "in"]
    market_ids = {side: f"kalshi:KXNFLGAME-26NOV22AB-{side.value.upper()}" for side in row.outcomes}
    off: list[float] = []
    with rolled_back(store) as connection:
        for side, market_id in market_ids.items():
            put_markets(connection, market_row(market_id), at=game.start - timedelta(days=2))
            put_link(connection, market_id, game_id, side, at=game.start - timedelta(days=2))
        for truth in truths[:: max(1, len(truths) // 10)]:
            at = truth.at + SECOND
            venue = EspnVenue(world, FixedClock(at))
            board = parse_scoreboard(venue.board_bytes(league, BoardQuery(eastern_day(game.start), limit=500), at), row)
            (seen,) = [one for one in board.games.rows if one.game_id == game_id]
            if not off:
                write_teams_seen(connection, board.teams, at)
                begun = course[0]
                chances = {
                    "p_draw": begun.draw if row.has_draw else None,
                    "p_away": begun.away_win + level * begun.draw,
                }
                told = ("season", "start_time", "home_team_id", "away_team_id")
                forecast = forecast_row(
                    0,
                    begun.home_win + level * begun.draw,
                    game_id=game_id,
                    as_of=seen.start_time - timedelta(days=1),
                    **{name: getattr(seen, name) for name in told},
                    **chances,
                )
                write_forecasts(connection, league, version, [forecast], seen.start_time - timedelta(hours=20))
            put_games(connection, seen, at=at)
            found = read_known(connection, market_ids.values(), at, versions={league: [version]})
            plays = {side: found.play(market_id, version) for side, market_id in market_ids.items()}
            said = {side: play.p_in_play for side, play in plays.items() if play is not None}
            assert None not in said.values(), plays
            assert sum(said.values()) == pytest.approx(1, abs=1e-8)  # type: ignore[arg-type]
            off.append(abs(said[Outcome.HOME] - truth.home_win - level * truth.draw))  # type: ignore[operator]
    assert len(off) >= 8
    assert sum(off) / len(off) < MOST_OFF, off


def is_plain(game: SimGame) -> bool:
    """Played to its end without a break."""
    return game.fate == "played" and not game.pauses and not game.exhibition
