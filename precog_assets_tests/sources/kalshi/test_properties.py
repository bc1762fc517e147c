"""Whatever arrives, parsers return: each element is a row or a named rejection, and good rows are exact."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.facts import Parsed
from precog_assets.sources.kalshi import parse
from precog_assets_tests.sources.kalshi.payload_files import element, market_page, page

TICKER = "KXNBAGAME-26DEC25AAABBB-BBB"
PARSERS: dict[str, Callable[[bytes], Parsed[Any]]] = {
    "markets": parse.parse_markets,
    "events": parse.parse_events,
    "series": parse.parse_series,
    "milestones": parse.parse_milestones,
    "trades": parse.parse_trades,
    "orderbook": lambda body: parse.parse_orderbook(body, TICKER),
    "orderbooks": parse.parse_orderbooks,
    "candlesticks": lambda body: parse.parse_candlesticks(body, TICKER, 60),
    "exchange_status": parse.parse_exchange_status,
    "cutoff": parse.parse_cutoff,
    "balance": parse.parse_balance,
    "positions": parse.parse_positions,
}
REASON = re.compile(r"[a-z_]+(:[\w., ]+)?")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.sampled_from(["0.5000", "1.0000", "-0.0100", "9" * 5000, "2026-12-25T20:00:00Z", "0001-01-01T00:00:00+05:00"])
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))


def accounted(parsed: Parsed[Any]) -> None:
    assert len(parsed.rows) + len(parsed.rejections) == parsed.seen
    for rejection in parsed.rejections:
        assert REASON.fullmatch(rejection.reason), rejection.reason
        assert rejection.key
        assert len(rejection.detail) <= 300
        assert len(rejection.sample) <= 2000


@st.composite
def mutations(draw: st.DrawFn, row: dict[str, Any]) -> dict[str, Any]:
    """A row with some values replaced, some keys gone and some new ones."""
    keys = sorted(row)
    changed = dict(row)
    for key in draw(st.lists(st.sampled_from(keys), max_size=3)):
        changed[key] = draw(values)
    for key in draw(st.lists(st.sampled_from(keys), max_size=2)):
        changed.pop(key, None)
    return changed | draw(st.dictionaries(texts, values, max_size=1))


@given(st.lists(mutations(element("markets")) | values, max_size=4))
def test_mutated_markets_are_rows_or_rejections(rows: list[Any]) -> None:
    parsed = parse.parse_markets(page("markets", *rows))
    accounted(parsed)
    assert parsed.seen == len(rows)
    for market in parsed.rows:
        prices = () if market.quote is None else (market.quote.yes_bid, market.quote.yes_ask, market.quote.last_price)
        assert all(price is None or 0 <= price <= 1 for price in prices)
        assert "\0" not in market.ticker + market.title + market.yes_sub_title


@given(st.lists(mutations(element("trades")) | values, max_size=4))
def test_mutated_trades_are_rows_or_rejections(rows: list[Any]) -> None:
    parsed = parse.parse_trades(page("trades", *rows))
    accounted(parsed)
    assert parsed.seen == len(rows)
    assert all(0 <= trade.yes_price <= 1 and trade.count > 0 for trade in parsed.rows)


@given(st.lists(mutations(element("candlesticks")) | values, max_size=4))
def test_mutated_candles_are_rows_or_rejections(rows: list[Any]) -> None:
    parsed = parse.parse_candlesticks(page("candlesticks", *rows), TICKER, 60)
    accounted(parsed)
    assert parsed.seen == len(rows)


@given(st.lists(st.lists(st.sampled_from(["0.5000", "0.0100", "1.0000"]) | scalars, max_size=3) | values, max_size=5))
def test_mutated_books_are_rows_or_rejections(levels: list[Any]) -> None:
    parsed = parse.parse_orderbook(orjson.dumps({"orderbook_fp": {"yes_dollars": levels, "no_dollars": []}}), TICKER)
    accounted(parsed)
    for book in parsed.rows:
        assert list(book.yes) == sorted(book.yes)
        assert len({price for price, _ in book.yes}) == len(levels)


@pytest.mark.parametrize("name", sorted(PARSERS))
@given(body=st.binary(max_size=60) | values.map(orjson.dumps))
def test_any_bytes_are_rows_or_rejections(name: str, body: bytes) -> None:
    accounted(PARSERS[name](body))
    parse.parse_any(body, ticker=TICKER)
    parse.parse_error(body)


KEYS = [
    *("markets", "market", "events", "event", "series", "trades", "orderbook", "orderbook_fp", "orderbooks"),
    *("candlesticks", "market_candlesticks", "market_tickers", "milestones", "market_positions"),
    *("balance", "portfolio_value", "error", "msg", "cursor"),
]


@pytest.mark.parametrize("name", sorted(PARSERS))
@pytest.mark.parametrize("key", KEYS)
def test_nesting_to_the_depth_that_json_allows_is_no_crash(name: str, key: str) -> None:
    for opened, closed in ((b"[", b"]"), (b'{"a":', b"}")):
        body = b'{"%b":%b1%b}' % (key.encode(), opened * 1000, closed * 1000)
        accounted(PARSERS[name](body))
        parse.parse_any(body, ticker=TICKER)


@given(st.dictionaries(st.sampled_from(KEYS), values | st.lists(values, max_size=3), max_size=3))
def test_any_object_under_any_envelope_is_accounted_for(document: dict[str, Any]) -> None:
    body = orjson.dumps(document)
    for parser in PARSERS.values():
        accounted(parser(body))
    for parsed in parse.parse_any(body, ticker=TICKER).parts.values():
        accounted(parsed)


@given(st.integers(1, 9999), st.integers(0, 10**8))
def test_prices_and_counts_come_through_exactly(price_steps: int, hundredths: int) -> None:
    price, count = f"0.{price_steps:04d}", f"{hundredths // 100}.{hundredths % 100:02d}"
    change = {"yes_bid_dollars": price, "volume_fp": count}
    (market,) = parse.parse_markets(market_page(change)).rows
    assert market.quote is not None
    assert market.quote.yes_bid == Decimal(price_steps).scaleb(-4)
    assert market.quote.volume == Decimal(hundredths).scaleb(-2)
    assert (str(market.quote.yes_bid), str(market.quote.volume)) == (price, count)
