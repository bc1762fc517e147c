"""Strategies graded from the store: what counts as evidence, what a market closed at, and how rungs move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.facts import GameSeen, MarketSeen, Observation, Origin
from precog_assets.domain.trading import Side
from precog_assets.pipeline.ladder import climb, graded_decisions
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.games import write_games
from precog_assets.store.markets import write_markets, write_quotes
from precog_assets.trading.ladder import GradedDecision
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.book_world import decision, put
from precog_assets_tests.pipeline.book_world import settlement as paid
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.store.rows import START, final, game, market, quote, settled

RULES = load_trading_rules()
VALUE = RULES.strategies["value"]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class History:
    """Games, their markets and decisions, written to a database."""

    services: Services

    def games(self, *seen: tuple[GameSeen, Any]) -> None:
        with self.services.engine.begin() as connection:
            write_games(connection, [(one, Observation(when, Origin.LIVE)) for one, when in seen], load_leagues())

    def markets(self, *seen: tuple[MarketSeen, Any]) -> None:
        with self.services.engine.begin() as connection:
            listed = [(one, Observation(when, Origin.LIVE)) for one, when in seen]
            write_markets(connection, listed, {"KXNFLGAME": "nfl"})

    def quoted(self, market_id: str, *mids: tuple[str, Any]) -> None:
        """Two-sided quotes of a cent to either side of the mid."""
        cent = Decimal("0.01")
        rows = [
            (market_id, quote(str(Decimal(mid) - cent), str(Decimal(mid) + cent)), Observation(when, Origin.LIVE))
            for mid, when in mids
        ]
        with self.services.engine.begin() as connection:
            write_quotes(connection, rows)

    def decide(self, market_id: str, game_id: str, **given: Any) -> None:
        """A would-take of `value` in shadow, an hour before START unless said otherwise."""
        put(self.services.engine, tables.decisions, evidence(market_id, game_id, **given))

    def play(self, first: int, games: int, *, wins: float, closes: str, seed: int = 3) -> None:
        """Games from START back in time, eight a day: bought at 0.52, believed 0.62, the market says 0.50."""
        rng = np.random.default_rng(seed)
        seen_games, seen_markets, quoted, decisions = [], [], [], []
        for number in range(first, first + games):
            start = START - timedelta(days=80) + timedelta(days=number // 8)
            won = bool(rng.random() < wins)
            before = {"start_time": start, "status": "STATUS_SCHEDULED", "state": "pre"}
            seen_games.append((game(str(number), **before), start - HOUR))
            score = (20, 10) if won else (10, 20)
            seen_games.append((final(str(number), score, start_time=start), start + 4 * HOUR))
            one = settled(f"G{number}", result="yes" if won else "no")
            seen_markets.append((replace(one, settlement_time=start + 4 * HOUR), start + 4 * HOUR))
            quoted.append((one.market_id, start))
            decisions.append(evidence(one.market_id, f"nfl:{number}", as_of=start - 2 * HOUR))
        self.games(*seen_games)
        self.markets(*seen_markets)
        for market_id, start in quoted:
            self.quoted(market_id, ("0.50", start - 3 * HOUR), (closes, start - MINUTE))
        put(self.services.engine, tables.decisions, *decisions)

    def graded(self) -> list[GradedDecision]:
        with self.services.engine.connect() as connection:
            found = graded_decisions(connection, RULES.strategies)
        return found["value", "nfl"]

    def rungs(self) -> list[tuple[str, int, str]]:
        """Rung, games graded and reason of `value` in the NFL, oldest first."""
        table = tables.rungs
        chosen = sa.select(table.c.rung, table.c.graded, table.c.reason).where(
            table.c.strategy == "value", table.c.league == "nfl"
        )
        with self.services.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(chosen.order_by(table.c.decided_at))]


def evidence(market_id: str, game_id: str, **given: Any) -> dict[str, Any]:
    terms: dict[str, Any] = {
        "strategy_hash": VALUE.hash,
        "game_id": game_id,
        "reason": "skill",
        "action": "pass",
        "side": "yes",
        "limit_price": Decimal("0.52"),
        "p_market": 0.50,
        "p_trading": 0.62,
        "as_of": START - HOUR,
        **given,
    }
    return decision(market_id, **terms)


@pytest.fixture
def history(services: Services, clock: TestClock) -> History:
    clock.instant = START + timedelta(days=30)
    return History(services)


def one_game(history: History, *states: tuple[GameSeen, Any], mids: Sequence[tuple[str, Any]], **given: Any) -> None:
    """A game that KC won at home, with its market's quotes and a decision."""
    history.games(*states, (final(**given), START + 4 * HOUR))
    history.markets((market(quote=None), START - 20 * HOUR))
    history.quoted(market().market_id, *mids)
    history.markets((settled(), START + 4 * HOUR))
    history.decide(market().market_id, "nfl:401")


def waiting(**given: Any) -> GameSeen:
    return game(status="STATUS_SCHEDULED", state="pre", **given)


def test_a_strategy_starts_at_the_foot_in_every_league_and_says_what_it_lacks(history: History) -> None:
    report = climb(history.services, correlation_id="test")
    pairs = sum(len(strategy.leagues) for strategy in RULES.strategies.values())
    assert (report.rows_in, report.inserted) == (pairs, pairs)
    assert history.rungs() == [("shadow", 0, "starts: 0 of 200 games graded")]
    again = climb(history.services, correlation_id="test")
    assert (again.inserted, again.unchanged, count(history.services.engine, tables.rungs)) == (0, pairs, pairs)


def test_it_rises_with_skill_and_closing_line_value_and_falls_by_itself(history: History) -> None:
    climb(history.services, correlation_id="test")
    history.play(0, 240, wins=0.68, closes="0.56")
    report = climb(history.services, correlation_id="test")
    assert report.notes["value nfl"] == "shadow to paper"
    rung, graded, reason = history.rungs()[-1]
    assert (rung, graded) == ("paper", 240)
    assert reason.startswith("rises: 240 of 200 games graded, skill at least +")
    assert climb(history.services, correlation_id="test").inserted == 0
    history.play(240, 400, wins=0.35, closes="0.46")
    assert climb(history.services, correlation_id="test").notes["value nfl"] == "paper to shadow"
    rung, graded, reason = history.rungs()[-1]
    assert (rung, graded) == ("shadow", 640)
    assert reason.startswith("falls: 640 of 200 games graded, skill at least -")


def test_without_closing_line_value_skill_is_not_enough(history: History) -> None:
    history.play(0, 240, wins=0.68, closes="0.52")
    for _ in range(2):
        climb(history.services, correlation_id="test")
    assert history.rungs()[-1][0] == "shadow"


def test_another_version_of_the_strategy_begins_anew(history: History) -> None:
    one_game(history, (waiting(), START - HOUR), mids=[("0.55", START - MINUTE)])
    assert len(history.graded()) == 1
    with history.services.engine.begin() as connection:
        connection.execute(sa.update(tables.decisions).values(strategy_hash="f" * 12))
    assert history.graded() == []


def test_a_decision_is_graded_with_what_it_believed_and_what_was_paid(history: History) -> None:
    one_game(history, (waiting(), START - HOUR), mids=[("0.55", START - MINUTE)])
    (found,) = history.graded()
    assert (found.side, found.price, found.probability, found.p_market) == (Side.YES, 0.52, 0.62, 0.50)
    assert (found.yes_value, found.closing_mid, found.day) == (1.0, 0.55, START.date())
    assert found.closing_line_value == pytest.approx(0.03)


def test_only_the_first_decision_of_a_game_counts_and_only_would_takes(history: History) -> None:
    one_game(history, (waiting(), START - HOUR), mids=[("0.55", START - MINUTE)])
    other = "kalshi:KXNFLGAME-26NOV22JACKC-JAC"
    history.markets((settled("JAC", result="no"), START + 4 * HOUR))
    history.decide(other, "nfl:401", as_of=START - 3 * HOUR, side="no", limit_price=Decimal("0.40"))
    early = START - 5 * HOUR
    history.decide(other, "nfl:401", as_of=early, reason="spread", details={"would_take": False})
    (found,) = history.graded()
    assert (found.market_id, found.side, found.yes_value) == (other, Side.NO, 0.0)


def test_what_was_booked_counts_before_what_the_listing_says_and_a_void_counts_not_at_all(history: History) -> None:
    one_game(history, (waiting(), START - HOUR), mids=[("0.55", START - MINUTE)])
    engine = history.services.engine
    put(engine, tables.settlements, paid(market().market_id))
    put(engine, tables.settlements, paid(market().market_id, "no", amends=1))
    assert [one.yes_value for one in history.graded()] == [0.0]
    put(engine, tables.settlements, paid(market().market_id, "void", amends=2))
    assert history.graded() == []


def test_a_game_that_was_not_played_to_an_end_is_no_evidence(history: History) -> None:
    history.games((game(status="STATUS_CANCELED", state="post"), START))
    history.markets((settled(result="scalar", settlement_value=Decimal("0.4")), START + HOUR))
    history.decide(market().market_id, "nfl:401")
    assert history.graded() == []


def test_the_close_is_the_last_quote_before_the_true_start_of_a_game_that_began_late(history: History) -> None:
    one_game(
        history,
        (waiting(), START - HOUR),
        (waiting(), START + 9 * MINUTE),
        (game(), START + 11 * MINUTE),
        mids=[("0.50", START - MINUTE), ("0.58", START + 8 * MINUTE), ("0.90", START + 10 * MINUTE)],
    )
    assert [one.closing_mid for one in history.graded()] == [0.58]


def test_what_was_quoted_after_the_game_was_seen_in_play_is_no_close_even_before_its_time(history: History) -> None:
    one_game(
        history,
        (waiting(), START - HOUR),
        (game(), START - 5 * MINUTE),
        mids=[("0.50", START - 6 * MINUTE), ("0.70", START - MINUTE)],
    )
    assert [one.closing_mid for one in history.graded()] == [0.50]


def test_a_start_nobody_knew_has_a_close_only_where_the_board_was_watched(history: History) -> None:
    unknown = {"start_time_valid": False}
    one_game(history, mids=[("0.50", START - 6 * MINUTE)], **unknown)
    assert [one.closing_mid for one in history.graded()] == [None]
    history.games((waiting(**unknown), START - HOUR), (waiting(**unknown), START - 4 * MINUTE))
    assert [one.closing_mid for one in history.graded()] == [0.50]


def test_a_quote_without_two_sides_or_not_seen_for_a_day_is_no_close(history: History) -> None:
    one_game(history, (waiting(), START - HOUR), mids=[("0.55", START - 30 * HOUR)])
    assert [one.closing_mid for one in history.graded()] == [None]
    one_sided = (market().market_id, quote("0.50", None), Observation(START - MINUTE, Origin.LIVE))
    with history.services.engine.begin() as connection:
        write_quotes(connection, [one_sided])
    assert [one.closing_mid for one in history.graded()] == [None]
