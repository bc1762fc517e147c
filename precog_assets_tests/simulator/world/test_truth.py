"""The truth of games at instants: what is running at the anchor, and how states follow one another."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world import World, WorldSettings, default_anchor
from precog_assets.simulator.world.model import SimGame
from precog_assets_tests.simulator.world.conftest import ALL, ANCHOR


def sample(world: World, league: str) -> list[SimGame]:
    """A few dozen games over both seasons, postseason included."""
    days = [day for season in world.seasons(league) for day in world.game_days(league, season)]
    chosen = [*days[:: max(1, len(days) // 7)], *world.game_days(league, world.seasons(league)[0])[-3:]]
    return [game for day in chosen for game in world.games_on(league, day)[:2] if game.fate == "played"]


@pytest.mark.parametrize("league", ALL)
def test_at_the_default_anchor_every_league_has_a_final_a_live_and_a_coming_game(world: World, league: str) -> None:
    games = world.games_on(league, world.settings.anchor_day)
    assert {world.truth(game, ANCHOR).state for game in games} == {"pre", "in", "post"}


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("now", [datetime(2026, 3, 9, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC)])
def test_other_seeds_and_other_weekends_have_live_games_at_their_anchor_too(seed: int, now: datetime) -> None:
    leagues = ("nfl", "nhl", "mlb", "epl", "ligue1", "atp", "wnba")
    world = World(WorldSettings(anchor=default_anchor(now), seed=seed, leagues=leagues))
    for league in leagues:
        games = world.games_on(league, world.settings.anchor_day)
        states = {world.truth(game, world.settings.anchor).state for game in games}
        assert states == {"pre", "in", "post"}, league


@pytest.mark.parametrize("league", ALL)
def test_a_timeline_goes_from_pre_to_a_final_state_without_stepping_back(world: World, league: str) -> None:
    for game in sample(world, league):
        course = world.timeline(game)
        waiting = [truth for truth in course if truth.at < game.start]
        playing = course[len(waiting) :]
        assert course[0].state == "pre"
        assert all(truth.state == "pre" or truth.status == "STATUS_POSTPONED" for truth in waiting)
        assert all(truth.state == "in" or truth.status == "STATUS_SUSPENDED" for truth in playing[:-1])
        assert not any(truth.completed or truth.winner or truth.void for truth in course[:-1])
        assert course[-1].state == "post"
        assert course[-1].completed
        assert playing[0].at == game.start
        for earlier, later in itertools.pairwise(course):
            assert earlier.at <= later.at
            assert earlier.home_score <= later.home_score
            assert earlier.away_score <= later.away_score
            assert earlier.period <= later.period or later.at <= game.start


@pytest.mark.parametrize("league", ALL)
def test_the_cheap_ending_is_the_last_state_of_the_timeline(world: World, league: str) -> None:
    for game in sample(world, league):
        assert world.ending(game) == world.timeline(game)[-1]
        assert world.truth(game, game.start + timedelta(days=2)) == world.timeline(game)[-1]


@pytest.mark.parametrize("league", ALL)
def test_lines_add_up_to_the_score(world: World, league: str) -> None:
    for game in sample(world, league):
        for truth in world.timeline(game)[1:]:
            if league in {"atp", "wta"}:
                done = len(truth.home_lines) - (truth.status != "STATUS_FINAL")
                sets = list(zip(truth.home_lines, truth.away_lines, strict=True))[:done]
                assert truth.home_score == sum(home > away for home, away in sets)
                assert truth.away_score == sum(away > home for home, away in sets)
            else:
                assert (sum(truth.home_lines), sum(truth.away_lines)) == (truth.home_score, truth.away_score)


@pytest.mark.parametrize("league", ALL)
def test_probabilities_sum_to_one_and_are_certain_only_at_the_end(world: World, league: str) -> None:
    draws = league in {"epl", "ligue1", "mls", "nfl"}
    for game in sample(world, league):
        course = world.timeline(game)
        for truth in course:
            assert truth.home_win + truth.draw + truth.away_win == pytest.approx(1.0, abs=1e-6)
            assert min(truth.home_win, truth.draw, truth.away_win) >= 0
            assert draws or truth.draw == 0
        last = course[-1]
        certain = {"home": last.home_win, "draw": last.draw, "away": last.away_win}
        assert certain[last.winner or ""] == 1.0
        assert 0.0 < course[0].home_win < 1.0


@pytest.mark.parametrize("league", ALL)
def test_the_truth_at_an_instant_is_the_last_state_begun_by_then(world: World, league: str) -> None:
    game = sample(world, league)[0]
    course = world.timeline(game)
    for minutes in range(-30, 240, 17):
        now = game.start + timedelta(minutes=minutes)
        expected = [truth for truth in course if truth.at <= now][-1]
        assert world.truth(game, now) == expected


@pytest.mark.parametrize(
    ("league", "breaks", "final"),
    [
        ("nfl", {"STATUS_HALFTIME", "STATUS_END_PERIOD"}, "STATUS_FINAL"),
        ("nba", {"STATUS_HALFTIME", "STATUS_END_PERIOD"}, "STATUS_FINAL"),
        ("ncaab", {"STATUS_HALFTIME"}, "STATUS_FINAL"),
        ("nhl", {"STATUS_END_PERIOD"}, "STATUS_FINAL"),
        ("mlb", set(), "STATUS_FINAL"),
        ("epl", {"STATUS_HALFTIME", "STATUS_FIRST_HALF", "STATUS_SECOND_HALF"}, "STATUS_FULL_TIME"),
        ("atp", set(), "STATUS_FINAL"),
    ],
)
def test_each_sport_uses_its_own_names_of_states(world: World, league: str, breaks: set[str], final: str) -> None:
    seen: set[str] = set()
    whole = [
        game for game in sample(world, league) if not game.pauses and world.ending(game).status != "STATUS_RETIRED"
    ]
    for game in whole[:6]:
        course = world.timeline(game)
        assert course[0].status == "STATUS_SCHEDULED"
        assert course[-1].status == final
        seen |= {truth.status for truth in course[:-1] if truth.at >= game.start}
    playing = set() if league == "epl" else {"STATUS_IN_PROGRESS"}
    assert seen - playing >= breaks
    assert seen <= breaks | playing | {"STATUS_END_PERIOD"}


@pytest.mark.parametrize(
    ("league", "periods", "detail"),
    [
        ("nba", 4, "Final/OT"),
        ("ncaab", 2, "Final/OT"),
        ("nhl", 3, "Final/OT"),
        ("nhl", 4, "Final/SO"),
        ("mlb", 9, "Final/10"),
        ("nfl", 4, "Final/OT"),
    ],
)
def test_level_games_go_on_and_say_so(world: World, league: str, periods: int, detail: str) -> None:
    seen = set()
    for day in world.game_days(league, world.seasons(league)[0]):
        for game in world.games_on(league, day):
            if game.fate == "played" and world.ending(game).period > periods:
                seen.add(world.ending(game).detail)
    assert detail in seen


def test_the_clock_shows_what_each_sport_shows(world: World) -> None:
    def displays(league: str) -> set[str]:
        return {truth.display_clock for truth in world.timeline(sample(world, league)[0])[1:-1]}

    assert "12:00" in displays("nba")
    assert any("." in shown for shown in displays("nba"))
    assert "20:00" in displays("ncaab")
    assert "15:00" in displays("nfl")
    assert displays("mlb") == {"0:00"}
    assert displays("atp") == {""}
    assert {"1'", "45'", "90'"} <= displays("epl")
    assert any(shown.startswith("90'+") for shown in displays("epl"))


def test_a_leader_does_not_bat_in_the_last_of_the_ninth(world: World) -> None:
    endings = [world.ending(game) for game in sample(world, "mlb")]
    short = [truth for truth in endings if len(truth.home_lines) < len(truth.away_lines)]
    assert short
    assert all(truth.winner == "home" for truth in short)
    walk_offs = [truth for truth in endings if truth.winner == "home" and truth not in short]
    assert all(truth.home_lines[-1] > 0 for truth in walk_offs)


def test_games_of_a_day_can_be_running_past_midnight_eastern(world: World) -> None:
    day = world.settings.anchor_day
    midnight = datetime(day.year, day.month, day.day, tzinfo=ANCHOR.tzinfo) + timedelta(days=1, hours=5, minutes=5)
    assert eastern_day(midnight) == day + timedelta(days=1)
    late = [game for league in ALL for game in world.games_on(league, day) if world.truth(game, midnight).state == "in"]
    assert late
