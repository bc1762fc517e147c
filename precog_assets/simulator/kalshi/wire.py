"""The JSON of Kalshi's objects as spec 3.34.0 has them, from listings, quotes and trades."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from precog_assets.config import load_leagues
from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.depth import Depth
from precog_assets.simulator.kalshi.exchange.view import Book, Overlay
from precog_assets.simulator.kalshi.flow import Flow
from precog_assets.simulator.kalshi.instants import DAY_US, HOUR_US, instant_of, microseconds
from precog_assets.simulator.kalshi.lifecycle import Ending, Lifecycle
from precog_assets.simulator.kalshi.listing import EXPECTED_DURATION, Event, Listed
from precog_assets.simulator.kalshi.prices import EMPTY, Quote
from precog_assets.simulator.kalshi.prints import Deal, Prints
from precog_assets.simulator.kalshi.sports import PRICE_RANGES, SPORTS, SeriesTerms

Json = dict[str, Any]

DOLLARS: tuple[str, ...] = tuple(f"{price / 10_000:.4f}" for price in range(10_001))
"""Price text by 1/10,000 dollars."""

_SCOPE = "Game"


def count_text(hundredths: int) -> str:
    """Contracts from hundredths, e.g. 1418 -> `14.18`."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def time_text(instant: datetime) -> str:
    """RFC 3339 in UTC, with as many decimals as are needed."""
    text = instant.astimezone(UTC).isoformat()
    body = text.removesuffix("+00:00")
    return (body.rstrip("0") if "." in body else body) + "Z"


class Wire:
    """Objects of one world as JSON, accounts' doings laid over it; what does not change with time is kept."""

    def __init__(self, lifecycle: Lifecycle, depth: Depth, flow: Flow, overlay: Overlay) -> None:
        self._lifecycle = lifecycle
        self._depth = depth
        self._flow = flow
        self._prints = Prints(flow, overlay)
        self._overlay = overlay
        self._static = lru_cache(maxsize=6_000)(_static_market)
        self._day_ago = lru_cache(maxsize=6_000)(self._previous)

    def market(self, event: Event, market: Listed, now: datetime) -> Json:
        """A Market object at `now`."""
        now_us = microseconds(now)
        status = self._lifecycle.status_at(event, now_us)
        if status is None:
            raise ValueError(f"{market.ticker} is not created at {now.isoformat()}; it will be at {event.created}")
        quote = self.quote(event, market, now_us)
        volume = self._prints.volume(event, market, now_us)
        before = self._prints.volume(event, market, now_us - DAY_US)
        last = self._prints.last(event, market, now_us)
        settled = status is MarketStatus.FINALIZED
        previous = self._day_ago(event, market, now_us // HOUR_US * HOUR_US - DAY_US, self._depth.version)
        row = {
            **self._static(event, market),
            "status": status.value,
            "yes_bid_dollars": DOLLARS[quote.yes_bid],
            "yes_ask_dollars": DOLLARS[quote.yes_ask],
            "no_bid_dollars": DOLLARS[10_000 - quote.yes_ask],
            "no_ask_dollars": DOLLARS[10_000 - quote.yes_bid],
            "yes_bid_size_fp": count_text(quote.bid_size),
            "yes_ask_size_fp": count_text(quote.ask_size),
            "last_price_dollars": DOLLARS[last.price if last else 0],
            "previous_yes_bid_dollars": DOLLARS[previous[0]],
            "previous_yes_ask_dollars": DOLLARS[previous[1]],
            "previous_price_dollars": DOLLARS[previous[2]],
            "volume_fp": count_text(volume),
            "volume_24h_fp": count_text(volume - before),
            "open_interest_fp": "0.00" if settled else count_text(self._held(event, market, now_us)),
        }
        ending = self._lifecycle.over(event, now)
        if ending is not None:
            row.update(_ended(market, ending, now))
        elif now_us >= event.deadline_us - HOUR_US:
            row["close_time"] = time_text(self._lifecycle.close_shown(event, now))
        return row

    def volume(self, event: Event, market: Listed, time_us: int) -> int:
        """Contracts traded in all, accounts' included, in hundredths."""
        return self._prints.volume(event, market, time_us)

    def _held(self, event: Event, market: Listed, now_us: int) -> int:
        """Open interest now, accounts' part included."""
        held = self.open_interest(event, market, now_us)
        return held + self._overlay.open_interest(market.ticker) if self._overlay.touched(market.ticker) else held

    def open_interest(self, event: Event, market: Listed, time_us: int) -> int:
        """Contracts the world holds, in hundredths: the market's own share of what was traded."""
        return self._flow.open_interest(market, self._flow.volume(event, market, time_us))

    def _previous(self, event: Event, market: Listed, time_us: int, version: int) -> tuple[int, int, int]:  # noqa: ARG002
        """Bid, ask and last price a day before the current hour; zeros where the market was not open.

        `version` is that of the exchange's hours: closures change what was printed.
        """
        if time_us < event.opened_us:
            return (0, 0, 0)
        quote = self._depth.quote(event, market, time_us)
        last = self._flow.last(event, market, time_us)
        return (quote.yes_bid, quote.yes_ask, self._flow.price_of(event, market, last) if last else 0)

    def trade(self, market: Listed, deal: Deal) -> Json:
        """A Trade object."""
        side = "yes" if deal.taker_yes else "no"
        return {
            "trade_id": self._prints.trade_id(market, deal),
            "ticker": market.ticker,
            "count_fp": count_text(deal.size),
            "yes_price_dollars": DOLLARS[deal.price],
            "no_price_dollars": DOLLARS[10_000 - deal.price],
            "taker_side": side,
            "taker_outcome_side": side,
            "taker_book_side": "bid" if deal.taker_yes else "ask",
            "created_time": time_text(instant_of(deal.time_us)),
            "is_block_trade": False,
        }

    def quote(self, event: Event, market: Listed, now_us: int) -> Quote:
        """The best bid and ask of the book that everyone sees; placeholders where a side is empty."""
        if not self._overlay.touched(market.ticker):
            return self._depth.quote(event, market, now_us)
        yes, no = self._whole_book(event, market, now_us)
        bid, bid_size = yes[-1] if yes else (EMPTY.yes_bid, 0)
        no_bid, ask_size = no[-1] if no else (10_000 - EMPTY.yes_ask, 0)
        return Quote(bid, 10_000 - no_bid, bid_size, ask_size)

    def _whole_book(self, event: Event, market: Listed, now_us: int) -> Book:
        book = self._depth.book(event, market, now_us)
        return self._overlay.laid_over(market.ticker, book) if self._overlay.touched(market.ticker) else book

    def book(self, event: Event, market: Listed, now: datetime, depth: int) -> Json:
        """An orderbook_fp object; empty unless the market trades. `depth` 0 means all levels."""
        yes, no = self._whole_book(event, market, microseconds(now))
        if depth > 0:
            yes, no = yes[-depth:], no[-depth:]
        return {
            "yes_dollars": [[DOLLARS[price], count_text(size)] for price, size in yes],
            "no_dollars": [[DOLLARS[price], count_text(size)] for price, size in no],
        }

    def event(self, event: Event) -> Json:
        """An EventData object without markets."""
        return {
            "event_ticker": event.ticker,
            "series_ticker": event.series.ticker,
            "title": event.title,
            "sub_title": event.sub_title,
            "category": "Sports",
            "collateral_return_type": "MECNET",
            "mutually_exclusive": True,
            "strike_period": "",
            "product_metadata": {"competition": event.series.competition, "competition_scope": _SCOPE},
            "settlement_sources": _sources(event.series),
            "last_updated_ts": time_text(event.created + timedelta(seconds=85)),
            "exchange_index": 0,
        }


def series_json(series: SeriesTerms, *, updated: datetime) -> Json:
    """A Series object."""
    sport = SPORTS[load_leagues()[series.league].sport]
    return {
        "ticker": series.ticker,
        "title": series.title,
        "frequency": "custom",
        "category": "Sports",
        "categories": ["Sports"],
        "tags": [sport.tag],
        "settlement_sources": _sources(series),
        "contract_url": f"https://assets.kalshi.com/regulatory/product-certifications/{sport.terms_file}.pdf",
        "contract_terms_url": f"https://assets.kalshi.com/contract_terms/{sport.terms_file}.pdf",
        "product_metadata": {"scope": "Game"},
        "fee_type": series.fee_type,
        "fee_multiplier": 1,
        "additional_prohibitions": ["Paid employees of the league and league participants"],
        "last_updated_ts": time_text(updated),
        "exchange_index": 0,
    }


def metadata_json(event: Event) -> Json:
    """A GetEventMetadataResponse object."""
    image = f"https://kalshi-public-docs.s3.amazonaws.com/series-images-webp/{event.series.ticker}.webp"
    details = [
        {"market_ticker": market.ticker, "image_url": "", "color_code": f"#{market.key & 0xFFFFFF:06X}"}
        for market in event.markets
    ]
    return {
        "image_url": image,
        "featured_image_url": "",
        "market_details": details,
        "settlement_sources": _sources(event.series),
        "competition": event.series.competition,
        "competition_scope": _SCOPE,
    }


def _sources(series: SeriesTerms) -> list[Json]:
    name, url = series.source
    return [{"name": name, "url": url}]


def _static_market(event: Event, market: Listed) -> Json:
    """What does not move before the market closes, with the placeholders of an open one."""
    expected = time_text(event.first_start + EXPECTED_DURATION)
    deadline = time_text(event.deadline)
    structure = event.series.price_level_structure
    return {
        "ticker": market.ticker,
        "event_ticker": event.ticker,
        "market_type": "binary",
        "title": market.title,
        "yes_sub_title": market.name,
        "no_sub_title": market.name,
        "created_time": time_text(event.created),
        "updated_time": time_text(event.opened + timedelta(microseconds=889_551)),
        "open_time": time_text(event.opened),
        "close_time": deadline,
        "expected_expiration_time": expected,
        "expiration_time": deadline,
        "latest_expiration_time": deadline,
        "occurrence_datetime": expected,
        "settlement_timer_seconds": SPORTS[event.sport].settlement_timer_s,
        "settlement_bounds_type": "default",
        "result": "",
        "expiration_value": "",
        "can_close_early": True,
        "early_close_condition": "This market will close and expire after a winner is declared.",
        "notional_value_dollars": "1.0000",
        "liquidity_dollars": "0.0000",
        "strike_type": "structured",
        "custom_strike": {SPORTS[event.sport].strike_key: market.target},
        "rules_primary": market.rules_primary,
        "rules_secondary": market.rules_secondary,
        "price_level_structure": structure,
        "price_ranges": PRICE_RANGES[structure],
        "exchange_index": 0,
    }


def _ended(market: Listed, ending: Ending, now: datetime) -> Json:
    """What the end changes: close time at once, result when determined, settlement time when finalized."""
    changes: Json = {"close_time": time_text(ending.close), "updated_time": time_text(ending.close)}
    if now >= ending.determined:
        winner, name, values = ending.shown(now)
        changes["result"] = "scalar" if winner is None else "yes" if winner == market.side else "no"
        changes["settlement_value_dollars"] = DOLLARS[values[market.side]]
        changes["expiration_value"] = name
        changes["updated_time"] = time_text(ending.determined)
    if ending.amended is not None and now >= ending.amended:
        changes["updated_time"] = time_text(ending.amended)
    if now >= ending.finalized:
        changes["settlement_ts"] = changes["updated_time"] = time_text(ending.finalized)
    return changes
