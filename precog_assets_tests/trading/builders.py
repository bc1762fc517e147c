"""Snapshots, strategies and limits to test with: a market that is taken, and one thing about it changed.

`snapshot()` passes every gate of `strategy()` under `limits()`: YES costs 0.50 and is believed to pay at 0.56. Keyword
arguments replace fields of its parts (`market=dict(status="closed")`), or a whole part (`quote=None`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from precog_assets.config import load_trading_rules
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.play import PlayFacts
from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.domain.trading import (
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

AS_OF = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
START = AS_OF + timedelta(hours=3)
Levels = tuple[tuple[str, str], ...]


def book(yes: Levels = (("0.48", "500"),), no: Levels = (("0.50", "500"),)) -> Book:
    """A book of (price, contracts), best first; by default YES is bid 0.48 and offered at 0.50."""
    return Book(*(tuple(Level(Decimal(price), Decimal(count)) for price, count in side) for side in (yes, no)))


def snapshot(outcome: Outcome = Outcome.HOME, game_number: int = 1, **changes: Any) -> Snapshot:
    """A snapshot of which everything is fine, with `changes` to its parts."""
    game_id = f"nfl:{game_number}"
    event = f"KXNFLGAME-26NOV21G{game_number}"
    whole = Snapshot(
        as_of=AS_OF,
        market=MarketFacts(
            market_id=f"kalshi:{event}-{outcome.value.upper()}",
            venue="kalshi",
            ticker=f"{event}-{outcome.value.upper()}",
            event_ticker=event,
            series_ticker="KXNFLGAME",
            league="nfl",
            status="active",
            close_time=START + timedelta(days=2),
            price_ranges=((Decimal("0"), Decimal("1"), Decimal("0.01")),),
        ),
        link=LinkFacts("matched", game_id, outcome),
        game=GameFacts(
            game_id=game_id,
            league="nfl",
            season=2026,
            game_kind="regular",
            phase="scheduled",
            start_time=START,
            start_time_valid=True,
            observed_at=AS_OF - timedelta(seconds=30),
        ),
        quote=QuoteFacts(
            observed_at=AS_OF - timedelta(seconds=90),
            confirmed_at=AS_OF - timedelta(seconds=5),
            origin="live",
            book=book(),
        ),
        forecast=ForecastFacts(
            model_version="nfl:elo:1",
            p_model=0.58,
            games_home=11,
            games_away=10,
            rated_at=AS_OF - timedelta(days=6),
            as_of=AS_OF - timedelta(hours=1),
            computed_at=AS_OF - timedelta(hours=1),
        ),
        price=PriceFacts(p_market=0.49, p_trading=0.56, model_weight=0.1, divergence=0.09),
        skill=SkillFacts(
            rung=Rung.PAPER,
            graded=400,
            skill=0.02,
            skill_low=0.01,
            closing_line_value=0.008,
            closing_line_value_low=0.002,
        ),
        exposure=ExposureFacts(equity=Decimal("10000"), cash=Decimal("9000"), peak_equity=Decimal("10000")),
    )
    return change(whole, **changes)


def play(**changes: Any) -> PlayFacts:
    """A game in its third quarter, of which the model makes 0.7; with fields replaced."""
    facts: dict[str, Any] = {
        "observed_at": AS_OF - timedelta(seconds=30),
        "home_score": 17,
        "away_score": 14,
        "period": 3,
        "clock": "7:05",
        "detail": "7:05 - 3rd",
        "p_in_play": 0.7,
        "p_before": 0.58,
        "before_from": "forecast",
    }
    return PlayFacts(**(facts | changes))


def change(whole: Any, **changes: Any) -> Any:
    """`whole` with fields replaced; a dict replaces fields of the part of that name."""
    return replace(
        whole,
        **{
            name: change(getattr(whole, name), **given) if isinstance(given, dict) else given
            for name, given in changes.items()
        },
    )


def strategy(
    name: str = "value", *, gates: Any = None, sizing: Any = None, climb: Any = None, **fields: Any
) -> Strategy:
    """A configured strategy with fields changed; `gates`, `sizing` and `climb` are dicts of what changes in them."""
    base = load_trading_rules().strategies[name].model_dump()
    for part, given in (("gates", gates), ("sizing", sizing), ("climb", climb)):
        base[part] |= given or {}
    return Strategy.model_validate(base | fields)


def limits(**fields: Any) -> Limits:
    """The configured limits with fields changed."""
    return Limits.model_validate(load_trading_rules().limits.model_dump() | fields)
