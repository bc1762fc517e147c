"""A game, its markets, ratings and raw answers, and decisions made on them by the product's own functions.

Kansas City is at home to Jacksonville two hours after START; both had a game a week before. Facts are seen at START,
decisions are made later, every one through the functions of the live steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from typer.testing import CliRunner, Result

from precog_assets.cli.main import app
from precog_assets.config import load_fees, load_leagues, load_trading_rules
from precog_assets.domain.facts import GameSeen, Observation, OrderBookSeen, Origin, QuoteSeen
from precog_assets.domain.fees import FeeScope, seen_terms
from precog_assets.domain.ports import RawResponse
from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.domain.times import FixedClock
from precog_assets.domain.trading import Action, Decision, Fill, Order, Snapshot
from precog_assets.environment import Settings
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.ratings.versions import described, model_version
from precog_assets.store import tables
from precog_assets.store.archive import FolderArchive
from precog_assets.store.book import next_instant, take_turn, update_orders, write_fills, write_ledger, write_orders
from precog_assets.store.decisions import limits_hash, write_decisions, write_rules
from precog_assets.store.evaluations import write_blends
from precog_assets.store.fees import read_fee_facts, write_fee_terms
from precog_assets.store.forecasts import COLUMNS, write_forecasts, write_version
from precog_assets.store.games import write_games
from precog_assets.store.markets import write_markets, write_order_books
from precog_assets.store.ratings import write_ratings
from precog_assets.store.response_log import DatabaseResponseLog
from precog_assets.store.snapshots import read_for, snapshot_of
from precog_assets.trading.decide import Decider
from precog_assets.trading.identity import order_client_id
from precog_assets.trading.ledger import Ledger
from precog_assets_tests.store.rows import at, final, game, market, quote

HOUR, DAY = 3600.0, 86_400.0
SERIES, EVENT = "KXNFLGAME", "KXNFLGAME-26NOV22JACKC"
KC, JAC = f"kalshi:{EVENT}-KC", f"kalshi:{EVENT}-JAC"
GAME = "nfl:401"
PAPER = "paper"
CASH = Decimal(10_000)
SCHEDULED = {"status": "STATUS_SCHEDULED", "state": "pre", "home_score": None, "away_score": None, "period": None}
LIMITS = load_trading_rules().limits


def strategy(name: str = "value", **fields: Any) -> Strategy:
    """On paper from the first day, believing the model whatever it says; fields of it changed."""
    base: dict[str, Any] = load_trading_rules().strategies["value"].model_dump()
    gates = {**base["gates"], "max_net_value": "0.5", **fields.pop("gates", {})}
    given = {"name": name, "start_rung": "paper", "probability": "model", "gates": gates}
    return Strategy.model_validate({**base, **given, **fields})


def version() -> str:
    return model_version(load_leagues()["nfl"])


@dataclass(frozen=True, slots=True)
class World:
    """A database and the folder of its raw archive."""

    engine: sa.Engine
    folder: Path

    def answered(self, feed: str, body: bytes, second: float, origin: Origin = Origin.LIVE) -> Observation:
        """A raw answer kept as the pipeline keeps them, and the stamp of facts read from it."""
        captured = DatabaseResponseLog(self.engine, FolderArchive(self.folder, fsync=False)).capture(
            RawResponse(
                source=feed.partition(":")[0],
                feed=feed,
                url=f"https://venue.test/{feed}",
                observed_at=at(second),
                status_code=200,
                content_type="application/json",
                body=body,
                elapsed_ms=1.0,
                outcome="ok",
                code="ok",
                correlation_id="c",
                origin=origin,
            )
        )
        return Observation(at(second), origin, captured.response_id)

    def fill(self, p_home: float = 0.60, *, linked: bool = True, blend: float = 0.25) -> None:
        """Everything that a decision reads, an account with its deposit included."""
        self.rated()
        self.games(game(start_time=at(2 * HOUR), **SCHEDULED))
        self.markets({"KC": quote("0.40", "0.42"), "JAC": quote("0.58", "0.60")})
        if linked:
            self.link(KC, outcome="home")
            self.link(JAC, outcome="away")
        self.forecast(p_home, blend=blend)
        self.deposit()

    def rated(self, second: float = -6 * DAY, rating: float = 1550.0) -> None:
        """Last week's games of both, and the ratings after them as they stand from `second` on."""
        seen = self.answered("espn:scoreboard:nfl:20261115", b'{"week": 11}', -6 * DAY)
        last = [
            final("398", home_team_id="nfl:12", away_team_id="nfl:1", start_time=at(-7 * DAY)),
            final("399", home_team_id="nfl:2", away_team_id="nfl:30", start_time=at(-7 * DAY)),
        ]
        rows = [
            ("nfl", "nfl:398", "nfl:12", version(), 2026, at(-7 * DAY), 1540.0, rating, 0.6, 9, None, None),
            ("nfl", "nfl:399", "nfl:30", version(), 2026, at(-7 * DAY), 1455.0, 1450.0, 0.4, 8, None, None),
        ]
        described_as = described(load_leagues()["nfl"], "default")
        with self.engine.begin() as connection:
            write_games(connection, [(one, seen) for one in last], load_leagues())
            write_version(connection, version(), "nfl", "default", described_as, at(-6 * DAY))
            write_ratings(connection, "nfl", version(), rows, at(second))

    def games(self, one: GameSeen, second: float = 0) -> None:
        """A board that shows the game so."""
        seen = self.answered("espn:scoreboard:nfl:20261122", b'{"week": 12, "at": %d}' % second, second)
        with self.engine.begin() as connection:
            write_games(connection, [(one, seen)], load_leagues())

    def markets(
        self,
        quotes: Mapping[str, QuoteSeen | None],
        second: float = 0,
        *,
        origin: Origin = Origin.LIVE,
        **given: Any,
    ) -> None:
        """A listing that shows markets of the event so, by code."""
        seen = self.answered(f"kalshi:markets:{SERIES}:open:1", b'{"markets": [], "at": %d}' % second, second, origin)
        rows = [(market(code, EVENT, quote=one, **given), seen) for code, one in quotes.items()]
        with self.engine.begin() as connection:
            write_markets(connection, rows, {SERIES: "nfl"})

    def book(self, yes: Sequence[tuple[str, str]], no: Sequence[tuple[str, str]], second: float = 0) -> None:
        """Kansas City's order book, (price, contracts) of bids, best last."""
        seen = self.answered("kalshi:orderbooks:open", b'{"orderbooks": [], "at": %d}' % second, second)
        sides = [tuple((Decimal(price), Decimal(size)) for price, size in one) for one in (yes, no)]
        with self.engine.begin() as connection:
            write_order_books(connection, [(OrderBookSeen(KC, sides[0], sides[1]), seen)])

    def link(self, market_id: str, *, verdict: str = "matched", **given: Any) -> None:
        row = {
            "market_id": market_id,
            "verdict": verdict,
            "game_id": GAME if verdict == "matched" else None,
            "outcome": None,
            "rule": "only_game_of_pair" if verdict == "matched" else None,
            "detail": "",
            "evidence": {"day": "2026-11-22"},
            "first_decided_at": at(0),
            "last_changed_at": at(0),
            **given,
        }
        changed = {name: row[name] for name in ("verdict", "game_id", "outcome", "detail", "last_changed_at")}
        with self.engine.begin() as connection:
            new = insert(tables.market_games).values(row)
            connection.execute(new.on_conflict_do_update(index_elements=["market_id"], set_=changed))

    def forecast(self, p_home: float, second: float = -5 * DAY, *, blend: float | None = None) -> None:
        """The model's word on the game from `second` on, and the blend of its season."""
        row = {
            "game_id": GAME,
            "season": 2026,
            "start_time": at(2 * HOUR),
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
            "as_of": at(-5 * DAY),
        }
        with self.engine.begin() as connection:
            write_forecasts(connection, "nfl", version(), [tuple(row[name] for name in COLUMNS)], at(second))
            if blend is not None:
                weights = {"season": 2026, "model_weight": blend, "fitted_games": 250}
                write_blends(connection, "nfl", version(), [weights], at(second))

    def deposit(self, dollars: Decimal = CASH, second: float = -DAY) -> None:
        with self.engine.begin() as connection:
            now = take_turn(connection, PAPER, lambda: at(second))
            legs = Ledger().deposit(f"deposit:{second}", dollars, at=now)
            write_ledger(connection, legs, PAPER, now)

    def fees(self, fee_type: str, multiplier: str, second: float, *, effective: float | None = None) -> None:
        """The venue names what the series is charged: seen now, or scheduled to hold from `effective` on."""
        seen = self.answered("kalshi:series:sports", b'{"series": [], "at": %d}' % second, second)
        terms = seen_terms("kalshi", FeeScope.SERIES, SERIES, SERIES, fee_type, Decimal(multiplier))
        if effective is not None:
            terms = replace(terms, change_id=f"change-{effective}", effective_at=at(effective))
        with self.engine.begin() as connection:
            write_fee_terms(connection, [(terms, seen)])

    def decide(
        self,
        second: float = 60,
        *,
        by: Sequence[Strategy] | None = None,
        markets: Sequence[str] = (KC, JAC),
        limits: Limits = LIMITS,
        orders: bool = False,
    ) -> list[Decision]:
        """Decide as the platform does, and record it; with `orders`, those of new takes are written too."""
        strategies = by or (strategy(),)
        made: list[Decision] = []
        with self.engine.begin() as connection:
            now = take_turn(connection, PAPER, lambda: at(second))
            write_rules(connection, strategies, limits, now)
            fees = FeeBook.of(load_fees(), read_fee_facts(connection, as_of=now))
            known, exposure = read_for(connection, markets, strategies, now)
            for number, one in enumerate(strategies):
                as_of = next_instant(connection, PAPER, now) if number else now
                read: list[Snapshot] = [
                    snapshot_of(known, exposure, market_id, one, as_of)
                    for market_id in markets
                    if market_id in known.markets
                ]
                decided = Decider(one, limits, fees=fees).slate(read)
                pairs = list(zip(decided, read, strict=True))
                new = write_decisions(connection, pairs, limits_hash(limits), as_of).new
                taken = [made for made in decided if made.action is Action.TAKE and made.decision_id in new]
                for order in write_orders(connection, [order_of(made) for made in taken]) if orders else ():
                    exposure.add(order)
                made.extend(decided)
        return made

    def one(self, market_id: str = KC, second: float = 60, **given: Any) -> Decision:
        """The decision on one market, decided with both."""
        return next(made for made in self.decide(second, **given) if made.market_id == market_id)

    def ordered(self, made: Decision, filled: int = 0) -> Order:
        """A taken decision's order, and `filled` contracts of it at its limit."""
        order = order_of(made)
        with self.engine.begin() as connection:
            write_orders(connection, [order])
            if filled:
                now = take_turn(connection, PAPER, lambda made=made: made.as_of)
                bought = Fill(
                    f"fill of {order.client_id}",
                    order.client_id,
                    order.market_id,
                    order.side,
                    order.limit_price,
                    Decimal(filled),
                    Decimal("0.09"),
                    is_maker=False,
                    filled_at=now,
                )
                ledger = Ledger()
                ledger.deposit("before", CASH, at=now)
                write_fills(connection, [bought], now)
                write_ledger(connection, ledger.fill(bought, order.strategy), PAPER, now)
                update_orders(connection, [replace(order, filled=Decimal(filled))], now)
        return order


def order_of(made: Decision) -> Order:
    """The order that follows from a decision to take."""
    assert made.action is Action.TAKE
    assert made.side is not None
    assert made.limit_price is not None
    return Order(
        client_id=order_client_id(made.decision_id),
        venue=PAPER,
        market_id=made.market_id,
        ticker=made.market_id.partition(":")[2],
        side=made.side,
        limit_price=made.limit_price,
        contracts=made.contracts,
        post_only=False,
        created_at=made.as_of,
        expires_at=None,
        strategy=made.strategy,
        decision_id=made.decision_id,
    )


@contextmanager
def commands(url: str, folder: Path, second: float = 120) -> Iterator[Callable[..., Result]]:
    """The `precog` command in this process, on the database at `url`, at a second after START."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            # Set first, so that what a command exports is undone too.
            patch.setenv(name.upper(), "")
            patch.delenv(name.upper())
        given = {
            "PRECOG_ENV": "test",
            "PRECOG_HOME": str(folder),
            "DATABASE_URL": url,
            "RAW_ARCHIVE_URL": str(folder),
            "ESPN_BASE_URL": "http://127.0.0.1:9",
            "KALSHI_BASE_URL": "http://127.0.0.1:9/trade-api/v2",
            "COLUMNS": "160",
        }
        for name, value in given.items():
            patch.setenv(name, value)
        patch.setattr("precog_assets.services.clock_of", lambda _environment: FixedClock(at(second)))
        patch.setattr("precog_assets.cli.asking._now", lambda _environment: at(second))
        runner = CliRunner()
        yield lambda *arguments: runner.invoke(app, arguments)
