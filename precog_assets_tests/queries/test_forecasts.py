"""Forecasts as people read them: what stands, what was said ahead, how games ended and were priced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.facts import GameKind, GameSeen, Origin
from precog_assets.queries import evaluations, forecasts, graded_games, missing_forecasts, rating_history
from precog_assets.queries.forecasts import EVALUATIONS, FORECASTS, GRADED_GAMES, MISSING_FORECASTS, RATING_HISTORY
from precog_assets.ratings.rules import counts
from precog_assets.ratings.versions import model_version
from precog_assets.store import tables
from precog_assets.store.engine import engine_for
from precog_assets.store.evaluations import write_evaluations
from precog_assets.store.forecasts import COLUMNS, write_forecasts
from precog_assets.store.games import write_games
from precog_assets.store.markets import write_markets
from precog_assets.store.ratings import write_ratings
from precog_assets_tests.store.rows import at, final, game, market, quote, seen

VERSION = "elo-nfl-00000001"
HOUR = 3600.0
DAY = 24 * HOUR
EVENT = "KXNFLGAME-26NOV22JACKC"
SCHEDULED = {"status": "STATUS_SCHEDULED", "state": "pre", "home_score": None, "away_score": None}


@pytest.fixture
def store(emptied: str) -> sa.Engine:
    return engine_for(emptied)


def play(engine: sa.Engine, *games: GameSeen, second: float = 0) -> None:
    with engine.begin() as connection:
        write_games(connection, [(one, seen(second)) for one in games], load_leagues())


def forecast(game_id: str = "nfl:401", p_home: float = 0.6, **given: Any) -> tuple[Any, ...]:
    row = {
        "game_id": game_id,
        "season": 2026,
        "start_time": at(0),
        "home_team_id": "nfl:12",
        "away_team_id": "nfl:30",
        "p_home": p_home,
        "p_draw": None,
        "p_away": 1 - p_home,
        "rating_home": 1550.0,
        "rating_away": 1450.0,
        "deviation_home": 60.0,
        "deviation_away": 70.0,
        "games_home": 10,
        "games_away": 9,
        "as_of": at(-DAY),
        **given,
    }
    return tuple(row[name] for name in COLUMNS)


def say(engine: sa.Engine, second: float, *rows: tuple[Any, ...], version: str = VERSION, league: str = "nfl") -> None:
    with engine.begin() as connection:
        write_forecasts(connection, league, version, rows, at(second))


def quoted(
    engine: sa.Engine,
    second: float,
    prices: Mapping[str, tuple[str | None, str | None]],
    *,
    game_id: str = "nfl:401",
    event: str = EVENT,
    verdict: str = "matched",
    origin: Origin = Origin.LIVE,
) -> None:
    """Quotes of a game's markets by outcome, seen at one instant, and their links to the game."""
    league = game_id.partition(":")[0]
    with engine.begin() as connection:
        markets = [market(outcome.upper(), event, quote=quote(*price)) for outcome, price in prices.items()]
        write_markets(connection, [(one, seen(second, origin)) for one in markets], {"KXNFLGAME": league})
        for outcome, one in zip(prices, markets, strict=True):
            connection.execute(
                sa.text(
                    "INSERT INTO market.market_games VALUES (:market, :verdict, :game, :outcome, 'r', '', '{}', :now, "
                    ":now) ON CONFLICT DO NOTHING"
                ),
                {
                    "market": one.market_id,
                    "verdict": verdict,
                    "game": game_id,
                    "outcome": outcome,
                    "now": at(second),
                },
            )


def odds(engine: sa.Engine, source: str, p_home: float, second: float = 0, game_id: str = "nfl:401") -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.insert(tables.closing_odds).values(
                source=source, game_id=game_id, p_home=p_home, p_away=1 - p_home, imported_at=at(second)
            )
        )


def close(engine: sa.Engine) -> tuple[Any, ...]:
    frame = graded_games(engine, "nfl", VERSION).select("close_home", "close_draw", "close_away", "close_source")
    (row,) = frame.rows()
    return tuple(round(value, 9) if isinstance(value, float) else value for value in row)


UNPRICED = (None, None, None, None)
READERS: dict[str, tuple[Callable[[sa.Engine], pl.DataFrame], dict[str, Any]]] = {
    "forecasts": (lambda engine: forecasts(engine, "nfl"), FORECASTS),
    "forecasts made ahead": (lambda engine: forecasts(engine, "nfl", live_only=True), FORECASTS),
    "graded games": (lambda engine: graded_games(engine, "nfl", VERSION), GRADED_GAMES),
    "evaluations": (lambda engine: evaluations(engine), EVALUATIONS),
    "rating history": (lambda engine: rating_history(engine, "nfl", version=VERSION), RATING_HISTORY),
    "missing": (lambda engine: missing_forecasts(engine, ["nfl"], {"nfl": VERSION}, at(0)), MISSING_FORECASTS),
}


@pytest.mark.parametrize("name", READERS)
def test_an_empty_answer_has_exactly_the_documented_columns_and_types(store: sa.Engine, name: str) -> None:
    read, schema = READERS[name]
    frame = read(store)
    assert frame.height == 0
    assert dict(frame.schema) == dict(pl.Schema(schema))


@pytest.mark.parametrize(
    "read",
    [
        lambda engine: forecasts(engine, "xfl"),
        lambda engine: graded_games(engine, "xfl", VERSION),
        lambda engine: evaluations(engine, "xfl"),
        lambda engine: rating_history(engine, "xfl", version=VERSION),
    ],
)
def test_an_unknown_league_names_the_known_ones(store: sa.Engine, read: Callable[[sa.Engine], pl.DataFrame]) -> None:
    with pytest.raises(ConfigurationError, match="Unknown league 'xfl'; known: nfl"):
        read(store)


def test_current_forecasts_are_read_with_team_names_and_by_start(store: sa.Engine) -> None:
    play(store, game("401", **SCHEDULED), game("402", start_time=at(-DAY), **SCHEDULED))
    rows = [forecast(), forecast("nfl:402", 0.7, start_time=at(-DAY), home_team_id="nfl:30", away_team_id="nfl:12")]
    say(store, -2 * DAY, *rows)
    frame = forecasts(store, "nfl", version=VERSION)
    assert frame.select("game_id", "home_team", "away_team", "p_home", "made_before_start").rows() == [
        ("nfl:402", "Jacksonville Jaguars", "Kansas City Chiefs", 0.7, True),
        ("nfl:401", "Kansas City Chiefs", "Jacksonville Jaguars", 0.6, True),
    ]
    last = frame.row(1, named=True)
    assert (last["as_of"], last["computed_at"], last["superseded_at"]) == (at(-DAY), at(-2 * DAY), None)


def test_a_day_is_an_eastern_one(store: sa.Engine) -> None:
    """03:00 UTC is the evening before in the East."""
    night = datetime(2026, 11, 23, 3, tzinfo=UTC)
    say(store, -DAY, forecast("nfl:1", start_time=night), forecast("nfl:2", start_time=night + timedelta(hours=3)))
    on = {
        day: forecasts(store, "nfl", version=VERSION, day=date(2026, 11, day))["game_id"].to_list() for day in (22, 23)
    }
    assert on == {22: ["nfl:1"], 23: ["nfl:2"]}


def test_without_a_version_that_of_the_parameters_in_force_is_read(store: sa.Engine) -> None:
    for version, p_home in ((model_version(load_leagues()["nfl"]), 0.2), ("of-old", 0.1)):
        say(store, -DAY, forecast(p_home=p_home), version=version)
    assert forecasts(store, "nfl")["p_home"].to_list() == [0.2]
    assert forecasts(store, "nfl", version="of-old")["p_home"].to_list() == [0.1]


def test_what_was_said_ahead_is_what_stood_when_the_game_began(store: sa.Engine) -> None:
    """Corrected twice before the start, replayed after it."""
    for second, p_home in ((-3 * HOUR, 0.5), (-2 * HOUR, 0.6), (HOUR, 0.7)):
        say(store, second, forecast(p_home=p_home))
    assert forecasts(store, "nfl", version=VERSION)["p_home"].to_list() == [0.7]
    ahead = forecasts(store, "nfl", version=VERSION, live_only=True)
    assert ahead.select("p_home", "superseded_at", "made_before_start").rows() == [(0.6, at(HOUR), True)]


def test_a_forecast_made_at_or_after_the_start_was_not_said_ahead(store: sa.Engine) -> None:
    say(store, 0, forecast())
    assert forecasts(store, "nfl", version=VERSION, live_only=True).height == 0
    assert forecasts(store, "nfl", version=VERSION)["made_before_start"].to_list() == [False]


def test_a_forecast_of_a_game_that_was_called_off_ahead_was_not_standing_at_its_start(store: sa.Engine) -> None:
    say(store, -3 * HOUR, forecast())
    say(store, -2 * HOUR)
    assert forecasts(store, "nfl", version=VERSION, live_only=True).height == 0


def test_a_graded_game_has_its_result_its_forecast_and_its_eastern_day(store: sa.Engine) -> None:
    night = datetime(2026, 11, 23, 3, tzinfo=UTC)
    play(store, final(score=(27, 20), start_time=night), game("402"), second=20 * HOUR)
    say(store, HOUR, forecast(p_home=0.5, start_time=night))
    say(store, 2 * HOUR, forecast(start_time=night), forecast("nfl:402"))
    say(store, 2 * HOUR, forecast(p_home=0.9), version="other")
    assert graded_games(store, "nfl", VERSION).rows(named=True) == [
        {
            "league": "nfl",
            "season": 2026,
            "date": date(2026, 11, 22),
            "home": "Kansas City Chiefs",
            "away": "Jacksonville Jaguars",
            "home_score": 27,
            "away_score": 20,
            "p_home": 0.6,
            "p_draw": None,
            "p_away": 0.4,
            "close_home": None,
            "close_draw": None,
            "close_away": None,
            "close_source": None,
            "model_version": VERSION,
            "made_before_start": True,
            "game_id": "nfl:401",
            "start_time": night,
            "home_team_id": "nfl:12",
            "away_team_id": "nfl:30",
        }
    ]


@pytest.mark.parametrize(("second", "ahead"), [(-1, True), (0, False), (HOUR, False)])
def test_a_graded_game_tells_whether_its_forecast_was_made_ahead(store: sa.Engine, second: float, ahead: bool) -> None:
    play(store, final(), second=3 * HOUR)
    say(store, second, forecast())
    assert graded_games(store, "nfl", VERSION)["made_before_start"].to_list() == [ahead]


@pytest.mark.parametrize("league", ["nfl", "epl"])
def test_the_games_that_are_graded_are_those_that_count(store: sa.Engine, league: str) -> None:
    """One rule for the replay and for its grades."""
    sides = {"nfl": ("nfl:12", "nfl:30"), "epl": ("epl:331", "epl:337")}[league]
    cases = product(GameKind, [(0, 0), (1, 1), (2, 1), (None, 1)], [True, False], [sides, (sides[0], sides[0])])
    games, counted = [], []
    for number, (kind, (home, away), completed, (one, other)) in enumerate(cases):
        values = {
            "game_id": f"{league}:{number:04}",
            "league": league,
            "game_kind": kind,
            "completed": completed,
            "home_score": home,
            "away_score": away,
            "home_team_id": one,
            "away_team_id": other,
        }
        games.append(final(str(number), **values))
        rule = {name: value for name, value in values.items() if name not in ("game_id", "league", "game_kind")}
        if counts(load_leagues()[league].sport, kind, **rule):
            counted.append(values["game_id"])
    play(store, *games)
    say(store, HOUR, *[forecast(one.game_id) for one in games], league=league)
    assert counted
    assert graded_games(store, league, VERSION)["game_id"].to_list() == counted


def test_a_tennis_match_is_graded_by_its_winner_who_may_have_been_behind(store: sa.Engine) -> None:
    with store.begin() as connection:
        for player in ("1", "2"):
            connection.execute(
                sa.text(
                    "INSERT INTO core.teams (team_id, league, espn_team_id, kind, display_name, provisional, "
                    "first_seen_at) VALUES ('atp:' || :player, 'atp', :player, 'player', 'P' || :player, false, now())"
                ),
                {"player": player},
            )
    match = {"league": "atp", "home_team_id": "atp:1", "away_team_id": "atp:2"}
    play(
        store,
        final("1", (1, 0), game_id="atp:1", winner="away", **match),
        final("2", (2, 1), game_id="atp:2", winner="home", **match),
        final("3", (1, 2), game_id="atp:3", winner=None, **match),
    )
    say(store, HOUR, *[forecast(f"atp:{number}") for number in (1, 2, 3)], league="atp")
    frame = graded_games(store, "atp", VERSION)
    assert frame.select("game_id", "home_score", "away_score").rows() == [
        ("atp:1", 0, 1),
        ("atp:2", 1, 0),
        ("atp:3", 1, 2),
    ]


@pytest.fixture
def played(store: sa.Engine) -> sa.Engine:
    """One game that began at at(0) and was forecast."""
    play(store, final(), second=3 * HOUR)
    say(store, HOUR, forecast())
    return store


def test_the_closing_price_is_the_middle_of_the_last_quotes_before_the_start_summing_to_one(played: sa.Engine) -> None:
    quoted(played, -HOUR, {"home": ("0.50", "0.52"), "away": ("0.48", "0.50")})
    quoted(played, -1, {"home": ("0.60", "0.64"), "away": ("0.37", "0.39")})
    quoted(played, 0, {"home": ("0.90", "0.92"), "away": ("0.08", "0.10")})
    assert close(played) == (0.62, None, 0.38, "kalshi")


def test_the_vig_is_taken_out_in_proportion(played: sa.Engine) -> None:
    quoted(played, -1, {"home": ("0.60", "0.64"), "away": ("0.61", "0.63")})
    assert close(played) == (0.5, None, 0.5, "kalshi")


@pytest.mark.parametrize("away", [(None, "0.40"), ("0.36", None), (None, None)])
def test_a_one_sided_last_quote_is_no_price_though_an_earlier_one_was_two_sided(
    played: sa.Engine, away: tuple[str | None, str | None]
) -> None:
    quoted(played, -HOUR, {"home": ("0.60", "0.64"), "away": ("0.37", "0.39")})
    quoted(played, -1, {"home": ("0.60", "0.64"), "away": away})
    assert close(played) == UNPRICED


def test_a_game_with_a_market_of_one_outcome_only_is_unpriced(played: sa.Engine) -> None:
    quoted(played, -1, {"home": ("0.60", "0.64")})
    assert close(played) == UNPRICED


@pytest.mark.parametrize(("second", "priced"), [(-DAY, True), (-DAY - 1, False)])
def test_a_quote_last_seen_more_than_a_day_before_is_no_closing_price(
    played: sa.Engine, second: float, priced: bool
) -> None:
    quoted(played, -1, {"home": ("0.60", "0.64")})
    quoted(played, second, {"away": ("0.37", "0.39")})
    assert (close(played) != UNPRICED) is priced


def test_a_quote_that_did_not_change_for_days_counts_while_it_was_seen(played: sa.Engine) -> None:
    for second in (-5 * DAY, -HOUR):
        quoted(played, second, {"home": ("0.60", "0.64"), "away": ("0.37", "0.39")})
    assert close(played) == (0.62, None, 0.38, "kalshi")


def test_a_market_that_was_refused_prices_nothing(played: sa.Engine) -> None:
    quoted(played, -1, {"home": ("0.60", "0.64"), "away": ("0.37", "0.39")}, verdict="ambiguous")
    assert close(played) == UNPRICED


def test_outcomes_of_two_events_are_not_mixed_and_the_one_seen_last_prices(played: sa.Engine) -> None:
    quoted(played, -HOUR, {"home": ("0.50", "0.52"), "away": ("0.48", "0.50")}, event="KXNFLGAME-26NOV21JACKC")
    quoted(played, -1, {"home": ("0.60", "0.64")})
    assert close(played) == (0.51, None, 0.49, "kalshi")
    quoted(played, -1, {"away": ("0.37", "0.39")})
    assert close(played) == (0.62, None, 0.38, "kalshi")


def test_imported_odds_price_where_the_venue_does_not_the_newest_import_first(played: sa.Engine) -> None:
    odds(played, "b", 0.55, second=5)
    odds(played, "a", 0.56, second=9)
    odds(played, "c", 0.57, second=1)
    assert close(played) == (0.56, None, 0.44, "a")
    quoted(played, -1, {"home": ("0.60", "0.64"), "away": ("0.37", "0.39")})
    assert close(played) == (0.62, None, 0.38, "kalshi")


def test_three_outcomes_are_priced_together_or_not_at_all(store: sa.Engine) -> None:
    match = {"league": "epl", "home_team_id": "epl:331", "away_team_id": "epl:337"}
    for number in ("1", "2"):
        play(store, final(number, (1, 1), game_id=f"epl:{number}", **match), second=3 * HOUR)
    say(store, HOUR, forecast("epl:1", 0.5, p_draw=0.2, p_away=0.3), forecast("epl:2"), league="epl")
    three = {"home": ("0.50", "0.52"), "draw": ("0.24", "0.26"), "away": ("0.23", "0.25")}
    two = {"home": ("0.50", "0.52"), "away": ("0.23", "0.25")}
    quoted(store, -1, three, game_id="epl:1", event="KXNFLGAME-26NOV22AAABBB")
    quoted(store, -1, two, game_id="epl:2", event="KXNFLGAME-26NOV22CCCDDD")
    frame = graded_games(store, "epl", VERSION)
    assert frame.select("close_home", "close_draw", "close_away", "close_source").rows() == [
        (pytest.approx(0.51), pytest.approx(0.25), pytest.approx(0.24), "kalshi"),
        UNPRICED,
    ]
    assert frame["p_draw"].to_list() == [0.2, None]


def grade(label: str, brier: float) -> dict[str, Any]:
    numbers = {"games": 9, "ties_left_out": 0, "log_loss": 0.6, "accuracy": 0.6, "ece": 0.1, "priced_games": 0}
    return {"forecast": "model", "scope": "season", "label": label, "brier": brier, "leak_findings": [], **numbers}


def test_the_grades_in_force_are_read_for_one_league_or_all(store: sa.Engine) -> None:
    with store.begin() as connection:
        write_evaluations(connection, "nfl", VERSION, [grade("2025", 0.22), grade("2024", 0.23)], at(0))
        write_evaluations(connection, "nfl", VERSION, [grade("2025", 0.21), grade("2024", 0.23)], at(60))
        write_evaluations(connection, "nba", "elo-nba-1", [grade("2025", 0.2)], at(0))
    assert evaluations(store, "nfl").select("label", "brier", "skill", "leak_findings").rows() == [
        ("2024", 0.23, None, "[]"),
        ("2025", 0.21, None, "[]"),
    ]
    assert evaluations(store)["league"].to_list() == ["nba", "nfl", "nfl"]


def rating(team: str, number: int, after: float, *, season: int = 2026) -> tuple[Any, ...]:
    return ("nfl", f"nfl:{number}", team, VERSION, season, at(number * DAY), 1500.0, after, 0.5, number, 80.0, 70.0)


def test_the_history_is_of_the_teams_that_stand_highest_now(store: sa.Engine) -> None:
    rows = [
        rating("nfl:12", 1, 1700.0),
        rating("nfl:12", 3, 1550.0),
        rating("nfl:30", 1, 1400.0),
        rating("nfl:30", 2, 1600.0),
        rating("nfl:1", 2, 1500.0),
        rating("nfl:2", 0, 1900.0, season=2024),
        rating("nfl:3", 0, 1540.0, season=2025),
    ]
    with store.begin() as connection:
        write_ratings(connection, "nfl", VERSION, [rating("nfl:1", 2, 1999.0)], at(0))
        write_ratings(connection, "nfl", VERSION, rows, at(60))
    frame = rating_history(store, "nfl", version=VERSION, top=2)
    assert frame.select("team", "start_time", "rating_after", "deviation_after").rows() == [
        ("Jacksonville Jaguars", at(DAY), 1400.0, 70.0),
        ("Jacksonville Jaguars", at(2 * DAY), 1600.0, 70.0),
        ("Kansas City Chiefs", at(DAY), 1700.0, 70.0),
        ("Kansas City Chiefs", at(3 * DAY), 1550.0, 70.0),
    ]
    everyone = rating_history(store, "nfl", version=VERSION)["team_id"].unique(maintain_order=True)
    assert everyone.to_list() == ["nfl:30", "nfl:12", "nfl:3", "nfl:1"]


def test_scheduled_games_without_a_forecast_for_their_start_and_teams_are_missing(store: sa.Engine) -> None:
    play(
        store,
        game("1", **SCHEDULED),
        game("2", **SCHEDULED),
        game("3", start_time=at(HOUR), **SCHEDULED),
        game("4", start_time=at(HOUR), home_team_id="nfl:11", **SCHEDULED),
        game("5", start_time=at(2 * HOUR + 1), **SCHEDULED),
        game("6", away_team_id=None, **SCHEDULED),
        game("7", game_kind=GameKind.PRESEASON, **SCHEDULED),
        game("8"),
        final("9"),
        game("10", start_time=at(-DAY), **SCHEDULED),
    )
    rows = [forecast("nfl:1"), forecast("nfl:3", start_time=at(0)), forecast("nfl:4", start_time=at(HOUR))]
    say(store, -HOUR, *rows, forecast("nfl:2"))
    say(store, -60, *rows)
    say(store, -HOUR, forecast("nfl:2"), version="other")
    frame = missing_forecasts(store, ["nfl"], {"nfl": VERSION, "nba": "x"}, at(2 * HOUR))
    assert frame.select("game_id", "model_version", "away_team").rows() == [
        (f"nfl:{number}", VERSION, "Jacksonville Jaguars") for number in (10, 2, 3, 4)
    ]
    later = missing_forecasts(store, ["nfl"], {"nfl": VERSION}, at(2 * HOUR), since=at(0))
    assert later["game_id"].to_list() == ["nfl:2", "nfl:3", "nfl:4"]


def test_missing_forecasts_need_a_version_of_each_league_and_aware_instants(store: sa.Engine) -> None:
    with pytest.raises(ValueError, match="no version given for nba; given for nfl"):
        missing_forecasts(store, ["nfl", "nba"], {"nfl": VERSION}, at(0))
    with pytest.raises(ValueError, match="has no time zone"):
        missing_forecasts(store, ["nfl"], {"nfl": VERSION}, datetime(2026, 11, 22))
