"""What was known at any instant: before, at and after each change, live or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from polars.testing import assert_frame_equal

from precog_assets import queries
from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.facts import GameSeen, MarketSeen, Observation, Origin
from precog_assets.queries import (
    archive_use,
    connect,
    freshness,
    game_history,
    games,
    games_as_of,
    latest_steps,
    quote_history,
    quotes_as_of,
    team_ratings,
)
from precog_assets.queries.freshness import ARCHIVE, FRESHNESS, STEPS
from precog_assets.queries.games import GAMES, STATES
from precog_assets.queries.quotes import QUOTES
from precog_assets.queries.ratings import RATINGS
from precog_assets.ratings.versions import model_version
from precog_assets.store.engine import engine_for
from precog_assets.store.games import write_games
from precog_assets.store.markets import write_markets
from precog_assets.store.ratings import write_ratings
from precog_assets_tests.store.rows import at, final, game, market, quote, seen

MICROSECOND = timedelta(microseconds=1)
KC = "KXNFLGAME-26NOV22JACKC-KC"
HOUR = 3600.0


@pytest.fixture
def store(emptied: str) -> sa.Engine:
    return engine_for(emptied)


def put(engine: sa.Engine, *observed: tuple[GameSeen, Observation]) -> None:
    with engine.begin() as connection:
        write_games(connection, observed, load_leagues())


def quoted(engine: sa.Engine, *observed: tuple[MarketSeen, Observation]) -> None:
    with engine.begin() as connection:
        write_markets(connection, observed, {"KXNFLGAME": "nfl", "KXNBAGAME": "nba"})


def score(engine: sa.Engine, instant: datetime, **given: Any) -> list[int]:
    return games_as_of(engine, instant, **given)["home_score"].to_list()


def bid(engine: sa.Engine, instant: datetime, **given: Any) -> list[Decimal]:
    return quotes_as_of(engine, instant, **given)["yes_bid"].to_list()


EMPTY = {
    "games": (lambda engine: games(engine), GAMES),
    "games as of, observed": (lambda engine: games_as_of(engine, at(0)), STATES),
    "games as of, known": (lambda engine: games_as_of(engine, at(0), basis="known"), STATES),
    "game history": (lambda engine: game_history(engine, "nfl:401"), STATES),
    "quotes as of, observed": (lambda engine: quotes_as_of(engine, at(0)), QUOTES),
    "quotes as of, known": (lambda engine: quotes_as_of(engine, at(0), basis="known"), QUOTES),
    "quote history": (lambda engine: quote_history(engine, KC), QUOTES),
    "freshness": (freshness, FRESHNESS),
    "latest steps": (latest_steps, STEPS),
    "archive use": (archive_use, ARCHIVE),
    "team ratings": (lambda engine: team_ratings(engine, "nfl"), RATINGS),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_answer_has_exactly_the_documented_columns_and_types(store: sa.Engine, name: str) -> None:
    read, schema = EMPTY[name]
    frame = read(store)
    assert frame.height == 0
    assert dict(frame.schema) == {column: pl.Schema({column: kind})[column] for column, kind in schema.items()}


def test_an_answer_with_rows_has_the_types_of_an_empty_one(store: sa.Engine) -> None:
    empty = [games(store), games_as_of(store, at(9)), quotes_as_of(store, at(9))]
    put(store, (game(), seen(0)))
    quoted(store, (market(), seen(0)))
    full = [games(store), games_as_of(store, at(9)), quotes_as_of(store, at(9))]
    assert [frame.height for frame in full] == [1, 1, 1]
    assert [frame.schema for frame in full] == [frame.schema for frame in empty]


def test_a_game_is_as_it_was_before_at_and_after_a_change(store: sa.Engine) -> None:
    put(store, (game(home_score=0), seen(0)), (game(home_score=7), seen(60)))
    assert score(store, at(0) - MICROSECOND) == []
    assert score(store, at(0)) == [0]
    assert score(store, at(60) - MICROSECOND) == [0]
    assert score(store, at(60)) == [7]
    assert score(store, at(10**6)) == [7]


def test_a_quote_is_as_it_was_before_at_and_after_a_change(store: sa.Engine) -> None:
    quoted(store, (market(), seen(0)), (market(quote=quote("0.45")), seen(5)))
    assert bid(store, at(0) - MICROSECOND) == []
    assert bid(store, at(0)) == [Decimal("0.40")]
    assert bid(store, at(5) - MICROSECOND) == [Decimal("0.40")]
    assert bid(store, at(5)) == [Decimal("0.45")]


def test_an_instant_in_another_zone_is_the_same_instant(store: sa.Engine) -> None:
    put(store, (game(), seen(0)))
    tokyo = timezone(timedelta(hours=9))
    assert_frame_equal(games_as_of(store, at(0).astimezone(tokyo)), games_as_of(store, at(0)))


def test_a_fact_is_confirmed_never_after_the_instant_asked_about(store: sa.Engine) -> None:
    for second in (0, 30, 90):
        put(store, (game(), seen(second)))
        quoted(store, (market(), seen(second)))
    for second, confirmed in ((0, 0), (45, 45), (90, 90), (500, 90)):
        for basis in ("observed", "known"):
            assert games_as_of(store, at(second), basis=basis)["confirmed_at"].to_list() == [at(confirmed)]
            assert quotes_as_of(store, at(second), basis=basis)["confirmed_at"].to_list() == [at(confirmed)]


def test_a_backfilled_result_is_known_a_lag_after_the_start_and_was_never_observed(store: sa.Engine) -> None:
    """Read two days later; the league declares that results are known four hours after the start."""
    put(store, (final(score=(20, 10)), seen(48 * HOUR, Origin.BACKFILL)))
    assert score(store, at(4 * HOUR) - MICROSECOND, basis="known") == []
    assert score(store, at(4 * HOUR), basis="known") == [20]
    assert score(store, at(4 * HOUR), basis="observed") == []
    assert score(store, at(99 * HOUR), basis="observed") == []
    assert game_history(store, "nfl:401")["origin"].to_list() == ["backfill"]


def test_the_share_that_was_not_live_can_be_told(store: sa.Engine) -> None:
    put(store, (final("1"), seen(48 * HOUR, Origin.BACKFILL)), (final("2"), seen(48 * HOUR, Origin.BACKFILL)))
    put(store, (final("3"), seen(3 * HOUR)), (final("4"), seen(48 * HOUR, Origin.IMPORT)))
    known = games_as_of(store, at(50 * HOUR), basis="known")
    assert (known["origin"] != "live").mean() == 0.75
    assert games_as_of(store, at(50 * HOUR))["origin"].to_list() == ["live"]


def test_a_live_state_and_a_later_backfill_are_read_by_what_was_known_last(store: sa.Engine) -> None:
    put(store, (game(home_score=7), seen(HOUR)), (final(score=(20, 10)), seen(48 * HOUR, Origin.BACKFILL)))
    assert score(store, at(2 * HOUR), basis="known") == [7]
    assert score(store, at(5 * HOUR), basis="known") == [20]
    assert score(store, at(99 * HOUR), basis="observed") == [7]


def test_leagues_and_tickers_choose_their_rows(store: sa.Engine) -> None:
    nba = {"game_id": "nba:9", "league": "nba", "home_team_id": "nba:1", "away_team_id": "nba:2"}
    put(store, (game(), seen(0)), (game("9", **nba), seen(0)))
    quoted(store, (market(), seen(0)), (market("JAC"), seen(0)), (market("A", "KXNBAGAME-26NOV22AB"), seen(0)))
    for basis in ("observed", "known"):
        assert games_as_of(store, at(9), league="nba", basis=basis)["game_id"].to_list() == ["nba:9"]
        assert quotes_as_of(store, at(9), league="nba", basis=basis)["ticker"].to_list() == ["KXNBAGAME-26NOV22AB-A"]
        assert quotes_as_of(store, at(9), tickers=[KC, "NONE"], basis=basis)["ticker"].to_list() == [KC]
        assert quotes_as_of(store, at(9), tickers=[], basis=basis).height == 0
    assert games(store, "nfl")["game_id"].to_list() == ["nfl:401"]
    assert games(store).height == 2


def test_games_are_chosen_by_their_start(store: sa.Engine) -> None:
    for number, hour in enumerate((0, 1, 2)):
        put(store, (game(str(number), start_time=at(hour * HOUR)), seen(0)))
    chosen = games(store, starts_from=at(HOUR), starts_before=at(2 * HOUR))
    assert chosen["game_id"].to_list() == ["nfl:1"]
    assert chosen["home_team"].to_list() == ["Kansas City Chiefs"]


def test_a_quote_history_is_cut_by_instants(store: sa.Engine) -> None:
    for second, price in ((0, "0.40"), (5, "0.41"), (10, "0.42")):
        quoted(store, (market(quote=quote(price)), seen(second)))
    assert quote_history(store, KC)["yes_bid"].to_list() == [Decimal("0.40"), Decimal("0.41"), Decimal("0.42")]
    cut = quote_history(store, KC, first=at(5), last=at(10))
    assert cut["yes_bid"].to_list() == [Decimal("0.41")]
    assert cut["response_id"].to_list() == [1]


def test_no_price_is_null_in_a_frame_and_zero_is_zero(store: sa.Engine) -> None:
    quoted(store, (market(quote=quote(None, "0.00")), seen(0)))
    frame = quotes_as_of(store, at(0))
    assert (frame["yes_bid"].to_list(), frame["yes_ask"].to_list()) == ([None], [Decimal(0)])


NAIVE = datetime(2026, 11, 22, 18)


@pytest.mark.parametrize(
    "read",
    [
        lambda engine: games_as_of(engine, NAIVE),
        lambda engine: quotes_as_of(engine, NAIVE),
        lambda engine: games(engine, starts_from=NAIVE),
        lambda engine: quote_history(engine, KC, last=NAIVE),
    ],
)
def test_an_instant_without_a_zone_is_refused(store: sa.Engine, read: Any) -> None:
    with pytest.raises(ValueError, match="has no time zone; pass an aware instant"):
        read(store)


def rate(engine: sa.Engine, team: str, games_before: int, after: float, *, version: str | None = None) -> None:
    version = version or model_version(load_leagues()["nfl"])
    row = (
        "nfl",
        f"nfl:{team}{games_before}",
        team,
        version,
        2026,
        at(games_before * HOUR),
        1500.0,
        after,
        0.5,
        games_before,
    )
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO model.ratings (league, game_id, team_id, model_version, season, start_time, "
                "rating_before, rating_after, expected_score, games_before, computed_at) "
                "VALUES (:a, :b, :c, :d, :e, :f, :g, :h, :i, :j, now())"
            ),
            dict(zip("abcdefghij", row, strict=True)),
        )


def test_ratings_are_listed_best_first_and_few_games_mean_unrated(store: sa.Engine) -> None:
    needed = load_leagues()["nfl"].rating.min_games
    rate(store, "nfl:12", needed - 2, 1500.0)
    rate(store, "nfl:12", needed - 1, 1520.0)
    rate(store, "nfl:30", needed - 2, 1600.0)
    frame = team_ratings(store, "nfl")
    assert frame.select("team_id", "rating", "games", "rated").rows() == [
        ("nfl:30", 1600.0, needed - 1, False),
        ("nfl:12", 1520.0, needed, True),
    ]


def test_a_team_is_listed_once_by_the_parameters_in_force(store: sa.Engine) -> None:
    rate(store, "nfl:12", 3, 1400.0, version="elo-nfl-of-old")
    rate(store, "nfl:12", 3, 1500.0)
    assert team_ratings(store, "nfl")["rating"].to_list() == [1500.0]
    assert team_ratings(store, "nfl", version="elo-nfl-of-old")["rating"].to_list() == [1400.0]


def test_superseded_ratings_are_not_listed(store: sa.Engine) -> None:
    version = model_version(load_leagues()["nfl"])
    row = ("nfl", "nfl:1", "nfl:12", version, 2026, at(0), 1500.0, 1510.0, 0.5, 0)
    with store.begin() as connection:
        write_ratings(connection, "nfl", version, [row], at(0))
        write_ratings(connection, "nfl", version, [], at(60))
    assert team_ratings(store, "nfl").height == 0


def test_ratings_of_an_unknown_league_name_the_known_ones(store: sa.Engine) -> None:
    with pytest.raises(ConfigurationError, match="Unknown league 'xfl'; known: nfl"):
        team_ratings(store, "xfl")


def test_freshness_sums_feeds_by_source(store: sa.Engine) -> None:
    with store.begin() as connection:
        for name, polls in (("espn:a", 5), ("espn:b", 7), ("kalshi:a", 1)):
            connection.execute(
                sa.text(
                    "INSERT INTO ops.feeds (feed, source, last_polled_at, last_changed_at, last_outcome, last_code, "
                    "polls, changes) VALUES (:feed, split_part(:feed, ':', 1), :at, :at, 'ok', 'ok', :polls, 2)"
                ),
                {"feed": name, "at": at(polls), "polls": polls},
            )
    assert freshness(store).rows() == [("espn", 2, 12, 4, at(7), at(7)), ("kalshi", 1, 1, 2, at(1), at(1))]


def test_notebooks_connect_to_the_environments_database_or_are_told_what_to_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, emptied: str
) -> None:
    assert connect(emptied) is engine_for(emptied)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRECOG_HOME", str(tmp_path / "home"))
    with pytest.raises(ConfigurationError, match=r"PRECOG_HOME=.*home does not run; start it with `precog up`"):
        connect()
    monkeypatch.setenv("DATABASE_URL", emptied)
    assert connect() is engine_for(emptied)


def test_every_reader_is_exported_and_documented() -> None:
    for name in queries.__all__:
        assert getattr(queries, name).__doc__


def test_the_documented_example_runs(store: sa.Engine) -> None:
    assert queries.quotes_as_of(store, datetime(2026, 11, 22, 18, tzinfo=UTC), league="nfl").height == 0
