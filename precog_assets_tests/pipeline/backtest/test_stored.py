"""The feed of stored facts: each day what became known on it, and no day more than that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.facts import GameSeen, MarketSeen, Observation, Origin, QuoteSeen
from precog_assets.domain.leagues import Outcome
from precog_assets.pipeline.backtest.feed import NO_PRICE, ForecastKnown, GameKnown, MarketKnown, MarketPaid
from precog_assets.pipeline.backtest.result import Result
from precog_assets.pipeline.backtest.run import run_backtest
from precog_assets.pipeline.backtest.stored import SETTLING, WARM_UP, StoredFeed
from precog_assets.ratings.versions import model_version
from precog_assets.store.engine import engine_for
from precog_assets.store.evaluations import write_blends
from precog_assets.store.forecasts import write_forecasts, write_version
from precog_assets.store.games import write_games
from precog_assets.store.markets import write_markets, write_quotes
from precog_assets.store.ratings import write_ratings
from precog_assets_tests.pipeline import sql_world
from precog_assets_tests.pipeline.backtest.worlds import eager

NFL = load_leagues()["nfl"]
VERSION = model_version(NFL, "default")
START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FROM, UNTIL = START - 2 * DAY, START + DAY
KC, JAC = "KXNFLGAME-26NOV22JACKC-KC", "KXNFLGAME-26NOV22JACKC-JAC"
RULES = load_trading_rules()
GAME = replace(sql_world.GAME, start_time=START, **sql_world.SCHEDULED)
IN_PLAY = replace(sql_world.GAME, start_time=START)
FINAL = replace(IN_PLAY, status="STATUS_FINAL", state="post", completed=True, phase="final", winner="home")


def quote(bid: str | None, ask: str | None, last: str | None = None, contracts: str | None = "500") -> QuoteSeen:
    prices = [None if one is None else Decimal(one) for one in (bid, ask, contracts, contracts, last)]
    return QuoteSeen(*prices, None, None, None)


def market(ticker: str, seen: QuoteSeen | None = None, **changes: Any) -> MarketSeen:
    listed = replace(
        sql_world.market(ticker, seen), open_time=START - 10 * DAY, close_time=START + 14 * DAY,
        expected_expiration_time=START + 3 * HOUR,
    )  # fmt: skip
    return replace(listed, **changes)


class World:
    """A game, its two markets and their quotes, written as a live platform would have."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def games(self, *seen: tuple[GameSeen, datetime], origin: Origin = Origin.LIVE) -> None:
        with self.engine.begin() as connection:
            write_games(connection, [(game, Observation(at, origin)) for game, at in seen], load_leagues())

    def markets(self, *seen: tuple[MarketSeen, datetime], origin: Origin = Origin.LIVE) -> None:
        rows = [(one, Observation(at, origin)) for one, at in seen]
        with self.engine.begin() as connection:
            write_markets(connection, rows, {"KXNFLGAME": "nfl"})

    def quotes(self, *rows: tuple[datetime, str, QuoteSeen], origin: Origin = Origin.LIVE) -> None:
        with self.engine.begin() as connection:
            write_quotes(connection, [(f"kalshi:{ticker}", seen, Observation(at, origin)) for at, ticker, seen in rows])

    def links(self) -> None:
        with self.engine.begin() as connection:
            for ticker, outcome in ((KC, "home"), (JAC, "away")):
                sql_world.link(connection, ticker, "nfl:1", outcome)

    def forecast(self, p_home: float, computed_at: datetime, as_of: datetime | None = None) -> None:
        row = sql_world.forecast_row(
            "nfl:1", 0, p_home, start_time=START, as_of=as_of or computed_at, games_home=11, games_away=9
        )
        with self.engine.begin() as connection:
            write_forecasts(connection, "nfl", VERSION, [row], computed_at)

    def model(self, weight: float = 0.5) -> None:
        at = START - 9 * DAY
        rows = [
            ("nfl", f"nfl:0{days}", team, VERSION, 2026, START - timedelta(days=days), 1500.0, 1510.0, 0.5, 10)
            for team, days in ((sql_world.HOME, 12), (sql_world.AWAY, 20))
        ]
        with self.engine.begin() as connection:
            write_version(connection, VERSION, "nfl", "default", {}, at)
            write_ratings(connection, "nfl", VERSION, rows, at)
            write_blends(
                connection, "nfl", VERSION, [{"season": 2026, "model_weight": weight, "fitted_games": 900}], at
            )


@pytest.fixture
def world(database_url: str) -> World:
    """Everything watched live: listed ten days before, quoted from two days before, paid four hours after."""
    made = World(engine_for(database_url))
    listed = START - 10 * DAY
    made.games((GAME, listed), (GAME, START - HOUR), (IN_PLAY, START), (FINAL, START + 3 * HOUR))
    made.markets((market(KC), listed), (market(JAC), listed))
    made.links()
    made.model()
    made.forecast(0.65, START - 8 * DAY)
    made.quotes(
        (START - 50 * HOUR, KC, quote("0.47", "0.49")),
        (START - 30 * HOUR, KC, quote("0.48", "0.50")),
        (START - 29 * HOUR, JAC, quote("0.50", "0.52")),
        (START - 5 * HOUR, KC, quote("0.54", "0.56")),
        (START + HOUR, KC, quote("0.80", "0.82")),
    )
    done = {"status": "finalized", "settlement_time": START + 4 * HOUR, "close_time": START + 3 * HOUR}
    made.markets(
        (market(KC, result="yes", settlement_value=Decimal(1), **done), START + 4 * HOUR),
        (market(JAC, result="no", settlement_value=Decimal(0), **done), START + 4 * HOUR),
    )
    return made


def feed(world: World, start: datetime = FROM, end: datetime = UNTIL) -> StoredFeed:
    return StoredFeed(world.engine, NFL, start, end, RULES.backtests)


def run(world: World, **options: Any) -> Result:
    strategy = eager(max_game_state_age_s=1_000_000)
    return run_backtest(feed(world), strategy, RULES.limits, RULES.backtests, since=FROM, until=UNTIL, **options)


def test_stored_facts_are_traded_as_files_are(world):
    result = run(world)
    first = result.bets[0]
    assert (first.ticker, first.decision.as_of, first.price) == (KC, START - 30 * HOUR, 0.5)
    assert first.decision.details["price"] == 0.5
    assert first.yes_value == 1
    assert first.closing_mid == pytest.approx(0.55)
    assert sum(result.balances.values()) == 0
    assert result.not_live_share == 0


def test_each_day_brings_what_became_known_on_it(world):
    chunks = list(feed(world).chunks())
    assert [chunk.start for chunk in chunks] == [FROM - WARM_UP + day * DAY for day in range(7)]
    assert chunks[-1].end == UNTIL + SETTLING
    assert len(chunks) == feed(world).length()
    assert [len(chunk.quotes) for chunk in chunks] == [0, 1, 2, 1, 1, 0, 0]
    for chunk in chunks[1:]:
        assert all(chunk.start <= fact.known_at < chunk.end for fact in chunk.facts)
    kinds = [sorted({type(fact).__name__ for fact in chunk.facts}) for chunk in chunks]
    assert kinds[0] == ["ForecastKnown", "GameKnown", "MarketKnown"]
    assert kinds[1:] == [[], [], [], ["GameKnown", "MarketKnown", "MarketPaid"], [], []]


def test_bets_of_the_last_day_are_paid_though_nothing_is_decided_any_more(world):
    strategy = eager(max_game_state_age_s=1_000_000)
    until = START - 4 * HOUR
    result = run_backtest(
        feed(world, FROM, until), strategy, RULES.limits, RULES.backtests, since=FROM, until=until, screened=False
    )
    assert {(bet.ticker, bet.yes_value) for bet in result.bets} == {(KC, 1), (JAC, 0)}
    assert (result.first, result.last) == (FROM, until)
    assert result.events == 3
    assert result.equity[-1].at_stake == 0
    assert result.equity[-1].equity > RULES.limits.starting_cash


def test_what_was_known_long_before_comes_with_the_first_day(world):
    first = next(iter(feed(world).chunks()))
    assert {type(fact) for fact in first.facts} == {GameKnown, MarketKnown, ForecastKnown}
    [said] = [fact for fact in first.facts if isinstance(fact, ForecastKnown)]
    assert said.probabilities == {Outcome.HOME: 0.65, Outcome.AWAY: 0.35}
    assert said.model_weight == 0.5
    assert said.rated_at == START - 20 * DAY


def test_a_quote_carries_its_prices_sizes_and_confirmation(world):
    world.quotes((START - 29 * HOUR, KC, quote("0.48", "0.50")), (START - 28 * HOUR, KC, quote(None, "0.51", "0.50")))
    rows = [chunk.quotes for chunk in feed(world).chunks()][2]
    assert rows.bid.tolist() == [480_000, 500_000, NO_PRICE]
    assert rows.ask.tolist() == [500_000, 520_000, 510_000]
    assert rows.last.tolist() == [NO_PRICE, NO_PRICE, 500_000]
    assert rows.ask_size.tolist() == [500.0] * 3
    assert (rows.confirmed_us - rows.known_us).tolist() == [3_600_000_000, 0, 0]
    assert not rows.synthetic.any()


def test_an_imported_price_without_bid_and_ask_is_a_synthetic_quote(world):
    world.quotes(
        (START - 20 * HOUR, KC, quote(None, None, "0.52", None)),
        (START - 19 * HOUR, KC, quote("0", "1", "0.52", None)),
        (START - 18 * HOUR, KC, quote("0.51", "0.53", "0.52", None)),
        origin=Origin.IMPORT,
    )
    rows = [chunk.quotes for chunk in feed(world).chunks()][3].take(slice(0, 3))
    assert rows.synthetic.tolist() == [True, False, False]
    assert rows.bid.tolist() == [510_000, NO_PRICE, 510_000]
    assert rows.ask.tolist() == [530_000, NO_PRICE, 530_000]
    assert rows.bid_size.tolist() == [100.0] * 3


def test_a_live_quote_that_nobody_made_is_no_synthetic_one(world):
    world.quotes((START - 20 * HOUR, KC, quote(None, None, "0.52", None)))
    rows = [chunk.quotes for chunk in feed(world).chunks()][3]
    assert rows.synthetic.tolist() == [False, False]
    assert rows.bid[0] == NO_PRICE


def test_a_market_that_only_a_backfill_saw_counts_as_listed_from_its_opening(database_url):
    made = World(engine_for(database_url))
    later = START + 30 * DAY
    made.games((FINAL, later), origin=Origin.BACKFILL)
    done = {"status": "finalized", "settlement_time": START + 4 * HOUR, "close_time": START + 3 * HOUR}
    made.markets(
        (market(KC, result="yes", settlement_value=Decimal(1), **done), later),
        (market(JAC, result="no", settlement_value=Decimal(0), **done), later),
        origin=Origin.BACKFILL,
    )
    made.links()
    made.model()
    made.forecast(0.65, later, as_of=START - 13 * HOUR)
    made.quotes((START - 5 * HOUR, KC, quote("0.48", "0.50")), origin=Origin.IMPORT)
    result = run(made)
    assert [bet.yes_value for bet in result.bets] == [1]
    assert result.not_live_share == 1


def test_a_replayed_forecast_counts_from_when_the_results_before_it_were_in(database_url):
    made = World(engine_for(database_url))
    made.games((GAME, START - 10 * DAY))
    made.model()
    made.forecast(0.7, START + 30 * DAY, as_of=START - 13 * HOUR)
    known = [fact.known_at for chunk in feed(made).chunks() for fact in chunk.facts if isinstance(fact, ForecastKnown)]
    assert known == [START - 7 * HOUR]


def test_of_forecasts_made_before_a_game_each_counts_in_its_time(world):
    world.forecast(0.7, START - 20 * HOUR)
    world.forecast(0.9, START + 5 * HOUR, as_of=START - 13 * HOUR)
    told = [fact for chunk in feed(world).chunks() for fact in chunk.facts if isinstance(fact, ForecastKnown)]
    assert [(one.known_at, one.probabilities[Outcome.HOME]) for one in told] == [
        (START - 8 * DAY, 0.65),
        (START - 20 * HOUR, 0.7),
    ]


def test_a_void_gives_the_price_back_and_a_scalar_pays_its_value(world):
    at = START + 5 * HOUR
    done = {"status": "finalized", "settlement_time": at, "close_time": START + 3 * HOUR}
    world.markets(
        (market(KC, result="scalar", settlement_value=Decimal("0.5"), **done), at),
        (market(JAC, result="scalar", settlement_value=None, **done), at),
    )
    told = [fact for chunk in feed(world).chunks() for fact in chunk.facts if isinstance(fact, MarketPaid)]
    assert [(one.result, one.yes_value) for one in told if one.known_at == at] == [
        ("void", None),
        ("scalar", Decimal("0.5")),
    ]


def test_an_unknown_model_is_refused_by_name(world):
    with pytest.raises(ConfigurationError, match="no model 'nonsense'"):
        next(iter(StoredFeed(world.engine, NFL, FROM, UNTIL, RULES.backtests, "nonsense").chunks()))


def test_days_without_anything_are_empty(database_url):
    chunks = list(feed(World(engine_for(database_url))).chunks())
    assert sum(len(chunk.quotes) + len(chunk.facts) for chunk in chunks) == 0


def test_what_is_stored_of_later_changes_no_earlier_decision(world):
    """Everything known after the instant is rewritten in the tables: what was decided until then stays."""
    until = START - 20 * HOUR
    before = run(world, keep_all=True)
    with world.engine.begin() as connection:
        for statement in (
            "UPDATE market.quotes SET yes_bid = 0.10, yes_ask = 0.12 WHERE known_at > :at",
            "UPDATE market.market_states SET result = 'no', settlement_value = 0 WHERE known_at > :at",
            "UPDATE market.markets SET result = 'no', status = 'closed' WHERE last_changed_at > :at",
            "UPDATE core.game_states SET start_time = start_time + interval '1 day' WHERE known_at > :at",
            "UPDATE core.games SET phase = 'canceled' WHERE last_changed_at > :at",
        ):
            connection.execute(sa.text(statement), {"at": until})
    world.forecast(0.2, until + HOUR)
    after = run(world, keep_all=True)
    assert [one for one in before.decisions if one.as_of <= until] == [
        one for one in after.decisions if one.as_of <= until
    ]
    assert len([one for one in before.decisions if one.as_of <= until]) == 2
    assert before.decisions != after.decisions
