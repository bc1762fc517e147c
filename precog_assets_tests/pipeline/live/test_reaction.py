"""Reacting: the game's markets together, announced after the commit, only while trading is ours; and standing down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import orjson
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import Observation, Origin, TradeSeen
from precog_assets.domain.live import Priority
from precog_assets.pipeline.live import watched as watched_module
from precog_assets.pipeline.live.leases import Leases
from precog_assets.pipeline.live.missed import since_start
from precog_assets.pipeline.live.reaction import CHANNEL, PAYLOAD_BYTES, Reactor, parts
from precog_assets.pipeline.live.standing_down import REASON, stand_down
from precog_assets.pipeline.live.watched import read_watched, to_decide
from precog_assets.pipeline.roles import TRADING
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.leases import EXPIRY_S, Kind, acquire, new_holder
from precog_assets.store.trades import write_trades
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.slate_world import (
    NOW,
    START,
    game_row,
    jac,
    kc,
    put_games,
    put_quote,
    put_rung,
    put_slate,
)


class Seconds:
    """A monotonic clock that tests set."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def leases(services: Services, seconds: Seconds) -> Leases:
    return Leases(services.engine, (TRADING, "kalshi"), monotonic=seconds)


@pytest.fixture
def reactor(services: Services, leases: Leases, seconds: Seconds) -> Reactor:
    leases.beat()
    return Reactor(services, lambda: leases.held(TRADING), monotonic=seconds)


@pytest.fixture
def heard(services: Services) -> Iterator[psycopg.Connection]:
    url = services.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield connection


def decided(engine: sa.Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(sa.text("SELECT DISTINCT market_id FROM book.decisions")))


def test_a_quote_of_one_market_decides_on_all_of_its_game_and_on_no_other(
    services: Services, reactor: Reactor, heard: psycopg.Connection
) -> None:
    put_slate(services.engine, 2)
    reaction = reactor([kc(1)], ())
    assert (reaction.markets, reaction.off) == (2, "")
    assert decided(services.engine) == {kc(1), jac(1)}
    told = [orjson.loads(one.payload) for one in heard.notifies(timeout=5, stop_after=1)]
    assert [one["markets"] for one in told] == [sorted([kc(1), jac(1)])]
    assert told[0]["new"] == reaction.new > 0


def test_a_game_that_changed_decides_on_its_markets(services: Services, reactor: Reactor) -> None:
    put_slate(services.engine, 2)
    assert reactor((), ["nfl:2"]).markets == 2
    assert decided(services.engine) == {kc(2), jac(2)}


def test_nothing_is_decided_while_another_process_has_trading(
    services: Services, leases: Leases, reactor: Reactor, seconds: Seconds
) -> None:
    put_slate(services.engine)
    with services.engine.begin() as connection:
        connection.execute(sa.text("UPDATE ops.leases SET heartbeat_at = heartbeat_at - interval '1 minute'"))
        assert acquire(connection, TRADING, new_holder(Kind.COLLECTOR)) is not None
    with pytest.raises(PrecogError) as raised:
        reactor([kc()], ())
    assert raised.value.code == "system.epoch"
    leases.beat()
    assert reactor([kc()], ()).off
    assert decided(services.engine) == set()
    assert leases.epochs()["kalshi"] is not None, "the other role is kept"
    seconds.now_s += EXPIRY_S
    assert leases.held("kalshi") is None, "without a heartbeat another may have it"


def test_leases_given_up_are_free_at_once(services: Services, leases: Leases) -> None:
    leases.beat({"spool_depth": 3})
    leases.release()
    assert leases.epochs() == {TRADING: None, "kalshi": None}
    with services.engine.begin() as connection:
        assert acquire(connection, TRADING, new_holder(Kind.SENSORS)) is not None


def test_all_markets_are_decided_on_in_parts_and_again_a_minute_later(
    services: Services, leases: Leases, reactor: Reactor, seconds: Seconds
) -> None:
    put_slate(services.engine, 30)
    assert to_decide(services)[:4] == [jac(1), kc(1), jac(10), kc(10)], "those of a game together"
    first = reactor.rest()
    assert first is not None
    assert first.markets < 60
    assert reactor.resting_s() < 1.0
    second = reactor.rest()
    assert second is not None
    assert len(decided(services.engine)) == 60
    assert reactor.rest() is None
    seconds.now_s += 60.0
    leases.beat()
    assert reactor.rest() is not None


def test_what_rests_on_paper_is_taken_back_when_the_venue_is_down(
    services: Services, leases: Leases, reactor: Reactor, clock: TestClock
) -> None:
    put_slate(services.engine)
    put_rung(services.engine)
    assert reactor([kc()], ()).orders == 2
    with services.engine.begin() as connection:
        connection.execute(sa.text("UPDATE book.orders SET status = 'resting', filled = 0"))
    lease = leases.held(TRADING)
    assert lease is not None
    clock.forward(1)
    assert stand_down(services, lease) == 2
    assert stand_down(services, lease) == 0
    with services.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT status, reason FROM book.orders")).all()
    assert [tuple(row) for row in rows] == [("canceled", REASON)] * 2


def test_markets_of_games_that_run_or_begin_soon_are_followed_the_ones_in_play_first(services: Services) -> None:
    put_slate(services.engine, 3)
    with services.engine.begin() as connection:
        running = {"status": "STATUS_IN_PROGRESS", "state": "in", "home_score": 3, "away_score": 0, "period": 1}
        put_games(connection, game_row(2, start_time=NOW - timedelta(hours=1), **running), at=NOW)
        put_games(connection, game_row(3, start_time=START + timedelta(hours=30)), at=NOW)
        put_quote(connection, kc(2), "0.50", "0.52", NOW)
    watched = read_watched(services)
    followed = [f"kalshi:{ticker}" for ticker in watched.tickers]
    assert followed == [jac(2), kc(2), jac(1), kc(1)]
    assert watched.priorities[kc(2)] is Priority.IN_PLAY
    assert watched.priorities[kc(1)] is Priority.PRE_GAME
    assert list(watched.priorities) == followed
    assert watched.not_followed == 0


def test_markets_that_are_too_many_are_counted_and_are_the_least_important(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_slate(services.engine, 3)
    monkeypatch.setattr(watched_module, "MOST_MARKETS", 4)
    watched = read_watched(services)
    assert (len(watched.tickers), watched.not_followed) == (4, 2)


def test_trades_may_be_missing_since_the_last_one_that_was_seen_live(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    assert since_start(services) == clock.now()
    at = clock.now() - timedelta(minutes=7)
    with services.engine.begin() as connection:
        trade = TradeSeen("t", kc(), at, Decimal("0.5"), Decimal(1), "yes", False)
        write_trades(connection, [(trade, Observation(at, Origin.LIVE, 1))])
    assert since_start(services) == at
    assert count(services.engine, tables.trades) == 1


@given(st.lists(st.text(st.characters(codec="ascii", categories=("Lu", "Nd")), min_size=1, max_size=60), max_size=400))
def test_every_market_is_in_one_notification_that_postgresql_takes(market_ids: list[str]) -> None:
    told = list(parts(market_ids))
    assert [one for part in told for one in part] == market_ids
    assert told
    assert all(len(orjson.dumps(part)) <= PAYLOAD_BYTES + 100 for part in told)
