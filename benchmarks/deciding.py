"""Decisions a second: a slate of 500 full snapshots through a `Decider`, as a pass holds one; one core, no database.

Belongs here: the time of gates, values and sizes. Does not: building snapshots, pricing, writing decisions. Every
snapshot is whole (book, forecast, price, figures, exposure), and every gate of it is asked. The slate is one of a busy
evening: most markets are worth nothing after the fee, one in ten is taken.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from benchmarks.measure import Figure, Samples, Scale, Target, interleaved
from precog_assets.config import load_trading_rules
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import (
    Action,
    Book,
    ExposureFacts,
    ForecastFacts,
    GameFacts,
    Level,
    LinkFacts,
    MarketFacts,
    PriceFacts,
    QuoteFacts,
    Rung,
    SkillFacts,
    Snapshot,
)
from precog_assets.trading.decide import Decider

MARKETS = 500
TAKEN_EVERY = 10
AS_OF = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
SKILL = SkillFacts(Rung.PAPER, 400, 0.02, 0.01, 0.008, 0.002)
WORTHLESS, WORTH_IT = 0.505, 0.56


def measure(scale: Scale) -> list[Figure]:
    """Decisions a second of the slate, of markets that are all taken, stopped early, and of the slate in one call."""
    rules = load_trading_rules()
    strategy, limits = rules.strategies["value"], rules.limits
    slate = [_snapshot(at, WORTHLESS if at % TAKEN_EVERY else WORTH_IT, age_s=5) for at in range(MARKETS)]
    taken = [_snapshot(at, WORTH_IT, age_s=5) for at in range(MARKETS)]
    stale = [_snapshot(at, WORTH_IT, age_s=3600) for at in range(MARKETS)]

    decider = Decider(strategy, limits)

    def each(snapshots: Sequence[Snapshot], *, complete: bool = True) -> list[Action]:
        return [decider.decide(one, complete=complete).action for one in snapshots]

    wanted = MARKETS // TAKEN_EVERY
    if each(slate).count(Action.TAKE) != wanted or each(taken).count(Action.TAKE) != MARKETS:
        raise RuntimeError("the slate is not the one described: other markets are taken than should be")
    samples = interleaved(
        {
            "slate": lambda: each(slate),
            "taken": lambda: each(taken),
            "stale": lambda: each(stale, complete=False),
            "together": lambda: decider.slate(slate),
        },
        rounds=scale.of(41, 5),
        warm_up=2,
    )
    return [
        _rate(samples, "slate", "Decisions, slate of 500", Target(">=", 20_000), "every gate asked, one in ten taken"),
        Figure(
            "... by processor time",
            MARKETS / _processor_s(lambda: each(slate), scale.of(41, 5)),
            "1/s",
            None,
            "what one core does while nobody else has it",
        ),
        _rate(samples, "taken", "Decisions, all taken", None, "each sized under limits, fees exact"),
        _rate(samples, "stale", "Refusals, stopping at the first gate", None, "stale quotes, as a backtest asks"),
        Figure(
            "Slate of 500 sized together",
            samples.median("together") * 1000,
            "ms",
            None,
            f"Decider.slate, {wanted} bets of {wanted} games in one optimisation",
            samples.detail("together"),
        ),
    ]


def _processor_s(work: Callable[[], object], rounds: int) -> float:
    """The median of the seconds of processor time that a call takes."""
    took: list[float] = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return statistics.median(took)


def _rate(samples: Samples, side: str, name: str, target: Target | None, note: str) -> Figure:
    return Figure(name, MARKETS / samples.median(side), "1/s", target, note, samples.detail(side))


def _snapshot(number: int, p_trading: float, *, age_s: float) -> Snapshot:
    game_id, event = f"nfl:{number}", f"KXNFLGAME-26NOV21G{number}"
    ladder = tuple(Decimal(step) / 100 for step in range(5))
    seen = AS_OF - timedelta(seconds=age_s)
    return Snapshot(
        as_of=AS_OF,
        market=MarketFacts(
            f"kalshi:{event}-A",
            "kalshi",
            f"{event}-A",
            event,
            "KXNFLGAME",
            "nfl",
            "active",
            AS_OF + timedelta(days=2),
            ((Decimal(0), Decimal(1), Decimal("0.01")),),
        ),
        link=LinkFacts("matched", game_id, Outcome.HOME),
        game=GameFacts(game_id, "nfl", 2026, "regular", "scheduled", AS_OF + timedelta(hours=3), True, seen),
        quote=QuoteFacts(
            seen,
            seen,
            "live",
            Book(
                tuple(Level(Decimal("0.48") - step, Decimal(500)) for step in ladder),
                tuple(Level(Decimal("0.50") - step, Decimal(500)) for step in ladder),
            ),
        ),
        forecast=ForecastFacts("nfl:elo:1", 0.58, 11, 10, AS_OF - timedelta(days=6), seen, seen),
        price=PriceFacts(0.49, p_trading, 0.1, 0.09),
        skill=SKILL,
        exposure=ExposureFacts(Decimal(10_000), Decimal(9_000), Decimal(10_000)),
    )
