"""Facts written by hand: games, markets, quotes and responses with the values a test cares about."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from precog_assets.domain.facts import GameKind, GameSeen, MarketSeen, Observation, Origin, QuoteSeen
from precog_assets.domain.statuses import game_phase
from precog_assets_tests.store.conftest import START


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def seen(second: float, origin: Origin = Origin.LIVE, response_id: int = 1) -> Observation:
    return Observation(at(second), origin, response_id)


def game(event_id: str = "401", **given: Any) -> GameSeen:
    """Kansas City at home to Jacksonville, in play from START on."""
    values: dict[str, Any] = {
        "game_id": f"nfl:{event_id}",
        "league": "nfl",
        "espn_event_id": event_id,
        "season": 2026,
        "season_type": "regular",
        "game_kind": GameKind.REGULAR,
        "start_time": START,
        "start_time_valid": True,
        "home_team_id": "nfl:12",
        "away_team_id": "nfl:30",
        "neutral_site": False,
        "status": "STATUS_IN_PROGRESS",
        "state": "in",
        "completed": False,
        "period": 1,
        "clock": 600.0,
        "display_clock": "10:00",
        "home_score": 0,
        "away_score": 0,
        "winner": None,
        "detail": None,
        **given,
    }
    values["phase"] = game_phase(values["status"], values["state"], completed=values["completed"]).value
    return GameSeen(**values)


def final(event_id: str = "401", score: tuple[int, int] = (20, 10), **given: Any) -> GameSeen:
    winner = "home" if score[0] > score[1] else "away" if score[1] > score[0] else "draw"
    over = {"status": "STATUS_FINAL", "state": "post", "completed": True, "winner": winner, "period": 4, "clock": 0.0}
    return game(event_id, **{**over, "home_score": score[0], "away_score": score[1], **given})


def quote(bid: str | None = "0.40", ask: str | None = "0.42", **given: Any) -> QuoteSeen:
    values: dict[str, Any] = {
        "yes_bid": None if bid is None else Decimal(bid),
        "yes_ask": None if ask is None else Decimal(ask),
        "yes_bid_size": Decimal("10.00"),
        "yes_ask_size": Decimal("20.50"),
        "last_price": Decimal("0.41"),
        "volume": Decimal("1200.00"),
        "volume_24h": Decimal("300.00"),
        "open_interest": Decimal("900.75"),
        **given,
    }
    return QuoteSeen(**values)


def market(code: str = "KC", event: str = "KXNFLGAME-26NOV22JACKC", **given: Any) -> MarketSeen:
    values: dict[str, Any] = {
        "market_id": f"kalshi:{event}-{code}",
        "venue": "kalshi",
        "ticker": f"{event}-{code}",
        "event_ticker": event,
        "series_ticker": event.partition("-")[0],
        "title": "Jacksonville at Kansas City Winner?",
        "yes_sub_title": code,
        "market_type": "binary",
        "status": "active",
        "result": "",
        "open_time": at(-86_400),
        "close_time": at(14 * 86_400),
        "expected_expiration_time": at(3 * 3600),
        "occurrence_time": None,
        "settlement_value": None,
        "settlement_time": None,
        "expiration_value": "",
        "strike_type": "structured",
        "strike": {"football_team": "x"},
        "price_level_structure": "linear_cent",
        "price_ranges": ((Decimal(0), Decimal(1), Decimal("0.01")),),
        "rules_primary": "If KC win, then Yes.",
        "quote": quote(),
        **given,
    }
    return MarketSeen(**values)


def settled(code: str = "KC", *, result: str = "yes", second: float = 4 * 3600, **given: Any) -> MarketSeen:
    """A market whose zeros and ones are placeholders: no quote."""
    over = {
        "status": "finalized",
        "result": result,
        "close_time": at(second - 60),
        "settlement_value": Decimal(1 if result == "yes" else 0),
        "settlement_time": at(second),
        "expiration_value": "Kansas City",
        "quote": None,
    }
    return market(code, **{**over, **given})
