"""Kalshi's definitions as rows: markets with their quotes, events, series, milestones.

Pure functions of bytes that never raise: each element is a row or a named rejection.
When a price is not a price:
- Outside the quoted statuses (`domain.statuses.QUOTED`) bid and ask are placeholders: no quote at all. (Their
  sizes were seen below zero on determined markets, whose result must not be lost for it.)
- A side with size 0 whose price stands at 0 or 1 is empty: price and size are None. (Kalshi sends an empty
  bid as 0.0000, an empty ask as 1.0000 or, on a market nobody has quoted yet, 0.0000.)
- A last price of 0 with volume 0 means that nothing has traded: None.
Any other 0 is a 0.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import orjson

from precog_assets.domain.facts import EventSeen, MarketSeen, Parsed, QuoteSeen, SeriesSeen
from precog_assets.domain.statuses import QUOTED
from precog_assets.domain.tickers import series_of
from precog_assets.sources.kalshi import payloads
from precog_assets.sources.kalshi.reading import Reader, Reading, RowError, refuse_combo
from precog_assets.sources.kalshi.rows import MilestoneSeen
from precog_assets.sources.kalshi.values import ONE, ZERO

VENUE = "kalshi"
_Bound = Literal["floor_strike", "cap_strike", "functional_strike"]
_BOUNDS: tuple[_Bound, ...] = ("floor_strike", "cap_strike", "functional_strike")


def market_id_of(ticker: str) -> str:
    """The platform's id of a Kalshi market, e.g. `kalshi:KXNFLGAME-26JAN18HOUNE-NE`."""
    return f"{VENUE}:{ticker}"


def parse_markets(body: bytes) -> Parsed[MarketSeen]:
    """Markets of a page, of a single market, or nested in events or one event, with quotes where quoted.

    Events that are no objects are left to `parse_events` to reject; only markets are counted here.
    """
    reading = Reading(_MARKET)
    document = reading.open(body)
    if document is None:
        return reading.done()
    if "events" in document:
        reading.page(payloads.PAGES["events"], document)
        events = document["events"]
        for index, event in enumerate(events if isinstance(events, list) else ()):
            if isinstance(event, dict):
                reading.add_all(event.get("markets"), f"events[{index}].markets")
    elif "event" in document:
        event = document["event"]
        if isinstance(event, dict):
            reading.add_all(event.get("markets"), "event.markets")
        reading.add_all(document.get("markets"), "markets")
    elif "market" in document:
        reading.add(document["market"], "market")
    elif "markets" in document:
        reading.page(payloads.PAGES["markets"], document)
        reading.add_all(document["markets"], "markets")
    else:
        reading.vanished(payloads.PAGES["markets"], document)
    return reading.done()


def parse_events(body: bytes) -> Parsed[EventSeen]:
    """Events of a page, or a single one; their nested markets are read by `parse_markets`."""
    return _list_or_one(Reading(_EVENT), body, "events", "event")


def parse_series(body: bytes) -> Parsed[SeriesSeen]:
    """Series of the list, or the single one; both come under `series`."""
    reading = Reading(_SERIES)
    document = reading.open(body)
    if document is None:
        return reading.done()
    if "series" not in document:
        reading.vanished(payloads.PAGES["series"], document)
    elif isinstance(document["series"], dict):
        reading.add(document["series"], "series")
    else:
        reading.page(payloads.PAGES["series"], document)
        reading.add_all(document["series"], "series")
    return reading.done()


def parse_milestones(body: bytes) -> Parsed[MilestoneSeen]:
    """Milestones of a page, a single one, or those sent alongside events (`with_milestones`)."""
    return _list_or_one(Reading(_MILESTONE), body, "milestones", "milestone")


def _list_or_one(reading: Reading[Any, Any], body: bytes, many: str, one: str) -> Parsed[Any]:
    document = reading.open(body)
    if document is None:
        return reading.done()
    if many in document:
        page = "events" if many == "milestones" and "events" in document else many
        reading.page(payloads.PAGES[page], document)
        reading.add_all(document[many], many)
    elif one in document:
        reading.add(document[one], one)
    else:
        reading.vanished(payloads.PAGES[many], document)
    return reading.done()


def _market(market: payloads.Market) -> MarketSeen:
    ticker, status, optional = market["ticker"], market["status"], market.get
    return MarketSeen(
        market_id=market_id_of(ticker),
        venue=VENUE,
        ticker=ticker,
        event_ticker=market["event_ticker"],
        series_ticker=series_of(ticker),
        title=optional("title") or "",
        yes_sub_title=market["yes_sub_title"],
        market_type=market["market_type"],
        status=status,
        result=market["result"],
        open_time=market["open_time"],
        close_time=market["close_time"],
        expected_expiration_time=optional("expected_expiration_time"),
        occurrence_time=optional("occurrence_datetime"),
        settlement_value=optional("settlement_value_dollars"),
        settlement_time=optional("settlement_ts"),
        expiration_value=optional("expiration_value") or "",
        strike_type=optional("strike_type") or None,
        strike=_strike(market),
        price_level_structure=market["price_level_structure"],
        price_ranges=market["price_ranges"],
        rules_primary=optional("rules_primary") or "",
        quote=_quote(market) if status in QUOTED else None,
        created_time=optional("created_time"),
        updated_time=optional("updated_time"),
    )


def _quote(market: payloads.Market) -> QuoteSeen:
    bid, bid_size = _side(market["yes_bid_dollars"], market["yes_bid_size_fp"])
    ask, ask_size = _side(market["yes_ask_dollars"], market["yes_ask_size_fp"])
    if (bid_size is not None and bid_size < 0) or (ask_size is not None and ask_size < 0):
        raise RowError("bad_count", f"sizes at bid and ask are {bid_size} and {ask_size}; none is below 0 when quoted")
    last, volume = market["last_price_dollars"], market["volume_fp"]
    return QuoteSeen(
        yes_bid=bid,
        yes_ask=ask,
        yes_bid_size=bid_size,
        yes_ask_size=ask_size,
        last_price=last if last or volume else None,
        volume=volume,
        volume_24h=market.get("volume_24h_fp"),
        open_interest=market["open_interest_fp"],
    )


def _side(at: Decimal, size: Decimal) -> tuple[Decimal | None, Decimal | None]:
    if not size and at in (ZERO, ONE):
        return None, None
    return at, size


def _strike(market: payloads.Market) -> dict[str, Any] | None:
    """What decides YES, in one mapping: the structured target's id by its kind, or the bounds under their names."""
    strike: dict[str, Any] = dict(market.get("custom_strike") or {})
    for key in _BOUNDS:
        value = market.get(key)
        if value is not None and value != "":
            strike[key] = value
    if any(isinstance(value, (dict, list)) for value in strike.values()):
        try:
            orjson.dumps(strike)
        except orjson.JSONEncodeError as error:
            raise RowError("too_deep", f"custom_strike cannot be written again as JSON: {error}") from error
    return strike or None


def _event(event: payloads.Event) -> EventSeen:
    metadata = event.product_metadata or {}
    return EventSeen(
        event_ticker=event.event_ticker,
        series_ticker=event.series_ticker,
        title=event.title,
        sub_title=event.sub_title or "",
        mutually_exclusive=event.mutually_exclusive,
        strike_date=event.strike_date,
        competition=_text_or_none(metadata.get("competition")),
        competition_scope=_text_or_none(metadata.get("competition_scope")),
        fee_type_override=event.fee_type_override or None,
        fee_multiplier_override=event.fee_multiplier_override,
    )


def _series(series: payloads.Series) -> SeriesSeen:
    return SeriesSeen(
        ticker=series.ticker,
        title=series.title,
        category=series.category,
        frequency=series.frequency,
        fee_type=series.fee_type,
        fee_multiplier=series.fee_multiplier,
        tags=tuple(series.tags or ()),
    )


def _milestone(milestone: payloads.Milestone) -> MilestoneSeen:
    details = milestone.details or {}
    return MilestoneSeen(
        milestone_id=milestone.id,
        type=milestone.type,
        title=milestone.title,
        start_time=milestone.start_date,
        event_tickers=tuple(milestone.primary_event_tickers),
        related_event_tickers=tuple(milestone.related_event_tickers or ()),
        league=_text_or_none(details.get("league")),
        status=_text_or_none(details.get("status")),
        home_team=_text_or_none(details.get("home_team_id")),
        away_team=_text_or_none(details.get("away_team_id")),
        source_ids=milestone.source_ids or {},
        updated_time=milestone.last_updated_ts,
    )


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


_MARKET = Reader(payloads.MARKET, payloads.validate_market, _market, refuse=refuse_combo)
_EVENT = Reader(payloads.EVENT, payloads.Event.model_validate, _event, key="event_ticker", refuse=refuse_combo)
_SERIES = Reader(payloads.SERIES, payloads.Series.model_validate, _series, refuse=refuse_combo)
_MILESTONE = Reader(payloads.MILESTONE, payloads.Milestone.model_validate, _milestone, key="id")
