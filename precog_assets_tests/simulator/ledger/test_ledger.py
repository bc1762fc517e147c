"""The ledger tells what the venues showed, whole, in order, page by page and as Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import parse_instant
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.ledger import KINDS
from precog_assets.simulator.ledger import recorded as recorded_module
from precog_assets.simulator.ledger.recorded import Recorded
from precog_assets.simulator.ledger.rows import schema
from precog_assets_tests.simulator.serving import ANCHOR, Running, running

REAL = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def one() -> Iterator[Running]:
    """Twenty minutes into an evening that hardly moves any more."""
    with running(speed=0.001) as simulator:
        simulator.control("/clock", {"jump_s": 1200})
        yield simulator


def pages(one: Running, **query: Any) -> list[dict[str, Any]]:
    """Every happening of a question, page by page."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = one.client.get("/simulator/ledger", params={**query, **({"cursor": cursor} if cursor else {})}).json()
        rows += page["happenings"]
        cursor = page["cursor"]
        if not cursor:
            return rows


def span(minutes: int = 20) -> dict[str, str]:
    return {"from": ANCHOR.isoformat(), "to": (ANCHOR + timedelta(minutes=minutes)).isoformat()}


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_of_any_size_add_up_to_the_same_happenings(one: Running, limit: int) -> None:
    ticker = one.control("/games")["games"][0]["event_ticker"]
    query = {"ticker": ticker, "kinds": "score,quote,trade", **span(3)}
    rows = pages(one, limit=limit, **query)
    assert rows == pages(one, limit=500, **query)
    assert len(rows) > 5
    assert [row["world_time"] for row in rows] == sorted(row["world_time"] for row in rows)


def test_scores_are_the_ones_a_board_would_have_shown(one: Running) -> None:
    for row in pages(one, kinds="score", league="nba", limit=1000, **span()):
        at = parse_instant(row["world_time"])
        games = one.simulation.world.games_on("nba", ANCHOR.date() - timedelta(days=1))
        (game,) = [game for game in games if game.event_id == row["event_id"]]
        truth, before = one.simulation.world.truth(game, at), one.simulation.world.truth(game, at - SECOND / 1000)
        assert (truth.home_score, truth.away_score, truth.status) == (
            row["home_score"],
            row["away_score"],
            row["status"],
        )
        assert (before.home_score, before.away_score, before.status, before.period) != (
            truth.home_score,
            truth.away_score,
            truth.status,
            truth.period,
        )
        assert row["home_win"] + row["draw"] + row["away_win"] == pytest.approx(1)


def test_every_score_change_is_told(one: Running) -> None:
    rows = pages(one, kinds="score", league="nba", limit=1000, **span())
    changes = 0
    for game in one.simulation.world.games_on("nba", ANCHOR.date() - timedelta(days=1)):
        seen = [t for t in one.simulation.world.timeline(game) if ANCHOR < t.at <= ANCHOR + timedelta(minutes=20)]
        first = one.simulation.world.truth(game, ANCHOR)
        for before, after in zip([first, *seen], seen, strict=False):
            changes += (before.home_score, before.away_score) != (after.home_score, after.away_score)
    scored = {(row["event_id"], row["home_score"], row["away_score"]) for row in rows}
    assert changes > 50
    assert len(scored) >= changes


def test_a_quote_told_is_the_book_the_venue_served(one: Running) -> None:
    ticker = one.control("/games")["games"][0]["tickers"][0]
    rows = pages(one, kinds="quote", ticker=ticker, limit=1000, **span())
    assert len(rows) > 20
    now = microseconds(one.simulation.clock.now())
    market = one.simulation.kalshi.market
    event, listed = market.catalog.market(ticker) or pytest.fail(ticker)
    for row in rows[:: len(rows) // 10]:
        quote = market.depth.quote(event, listed, microseconds(parse_instant(row["world_time"])))
        assert Decimal(row["yes_bid"]) == Decimal(quote.yes_bid) / 10_000
        assert Decimal(row["ask_size"]) == Decimal(quote.ask_size) / 100
    served = one.get(f"/trade-api/v2/markets/{ticker}").json()["market"]
    assert microseconds(parse_instant(rows[-1]["world_time"])) <= now
    assert Decimal(served["yes_bid_dollars"]) == Decimal(rows[-1]["yes_bid"])
    assert Decimal(served["yes_ask_dollars"]) == Decimal(rows[-1]["yes_ask"])


def test_trades_told_are_the_ones_the_venue_lists(one: Running) -> None:
    ticker = one.control("/games")["games"][0]["tickers"][0]
    bounds = {"min_ts": int(ANCHOR.timestamp()) + 1, "max_ts": int(ANCHOR.timestamp()) + 1_200}
    listed = one.get("/trade-api/v2/markets/trades", ticker=ticker, limit=1000, **bounds).json()["trades"]
    query = {"from": (ANCHOR + SECOND).isoformat(), "to": (ANCHOR + 1200 * SECOND).isoformat()}
    told = pages(one, kinds="trade", ticker=ticker, limit=1000, **query)
    assert {row["trade_id"]: (row["count"], row["price"], row["taker_side"]) for row in told} == {
        row["trade_id"]: (row["count_fp"], row["yes_price_dollars"], row["taker_outcome_side"]) for row in listed
    }
    assert len(told) > 5


def test_nothing_that_has_still_to_happen_is_told(one: Running) -> None:
    now = one.simulation.clock.now()
    later = {"from": now.isoformat(), "to": (now + timedelta(days=1)).isoformat()}
    rows = pages(one, kinds="score,quote,trade", league="nfl", limit=1000, **later)
    assert all(parse_instant(row["world_time"]) <= one.simulation.clock.now() for row in rows)


def test_parquet_has_the_same_rows_in_one_schema(one: Running) -> None:
    one.control("/faults", {"kind": "gone", "id": "brief", "count": 1})
    assert one.get("/trade-api/v2/exchange/status").status_code == 404
    query = {"from": ANCHOR.isoformat(), "league": "", "kinds": "score,fault,clock"}
    rows = pages(one, limit=1000, **query)
    answer = one.client.get("/simulator/ledger", params={**query, "format": "parquet"})
    frame = pl.read_parquet(io.BytesIO(answer.content))
    assert answer.headers["x-rows"] == str(len(rows)) == str(frame.height)
    assert frame.columns == schema().names
    assert frame["kind"].to_list() == [row["kind"] for row in rows]
    assert frame["home_score"].to_list() == [row.get("home_score") for row in rows]
    assert frame.schema["world_time"] == pl.Datetime("us", "UTC")
    fault = frame.filter(pl.col("kind") == "fault").to_dicts()[-1]
    assert (fault["rule_id"], fault["effect"]) == ("brief", "answered 404")
    assert '"path":"/trade-api/v2/exchange/status"' in fault["facts"]


def test_a_span_without_happenings_is_a_parquet_file_without_rows(one: Running) -> None:
    query = {"kinds": "settlement", "format": "parquet"}
    frame = pl.read_parquet(io.BytesIO(one.client.get("/simulator/ledger", params=query).content))
    assert (frame.height, frame.columns) == (0, schema().names)


def test_wall_time_is_when_the_clock_showed_it() -> None:
    with running(speed=600.0) as one:
        one.control("/clock", {"jump_s": 3600})
        while one.simulation.clock.now() < ANCHOR + timedelta(hours=1, minutes=15):
            one.control("/health")
        rows = pages(one, kinds="score", **{"from": ANCHOR.isoformat()}, limit=1000)
    jumped = [row for row in rows if parse_instant(row["world_time"]) < ANCHOR + timedelta(minutes=59)]
    shown = [row for row in rows if parse_instant(row["world_time"]) > ANCHOR + timedelta(minutes=61)]
    assert any(row["wall_time"] is None for row in jumped)
    assert shown
    walls = [parse_instant(row["wall_time"]) for row in shown]
    worlds = [parse_instant(row["world_time"]) for row in shown]
    assert walls == sorted(walls)
    assert (worlds[-1] - worlds[0]) / max(walls[-1] - walls[0], timedelta(microseconds=1)) == pytest.approx(
        600, rel=0.01
    )


def test_an_order_and_its_fill_are_told_as_the_account_has_them() -> None:
    from precog_assets.simulator.kalshi.exchange.trading import Ticket

    with running(speed=0.001) as one:
        exchange = one.simulation.kalshi.exchange
        account = exchange.open_account(Decimal(100)).account_id
        ticker = one.control("/games")["games"][0]["tickers"][0]
        ask = Decimal(one.get(f"/trade-api/v2/markets/{ticker}").json()["market"]["yes_ask_dollars"])
        ticket = Ticket(
            ticker=ticker,
            client_order_id="mine",
            side="bid",
            price=int(ask * 10_000),
            count=100,
            time_in_force="immediate_or_cancel",
            self_trade="taker_at_cross",
        )
        exchange.place(microseconds(one.simulation.clock.now()), account, ticket)
        rows = pages(one, kinds="order,fill", ticker=ticker)
        trades = pages(one, kinds="trade", ticker=ticker, limit=1000)
        (fill,) = [row for row in rows if row["kind"] == "fill"]
        assert (fill["account_id"], fill["count"], Decimal(fill["price"])) == (account, "1.00", ask)
        assert fill["effect"] == "taker"
        assert Decimal(fill["fee"]) > 0
        assert {row["client_order_id"] for row in rows} == {"mine"}
        assert {row["league"] for row in rows} == {one.control("/games")["games"][0]["league"]}
        assert fill["trade_id"] in {trade["trade_id"] for trade in trades}, "the public tape has it too"


def recorder(path: Path | None) -> Recorded:
    return Recorded(path, lambda: REAL, lambda ticker: "nfl" if ticker.startswith("KXNFL") else None)


def everything(ledger: Recorded) -> list[tuple[str, Any]]:
    rows = ledger.between(0, microseconds(ANCHOR + timedelta(days=999)), frozenset(KINDS))
    return [(row.kind, row.columns["facts"]) for row in rows]


def test_what_was_recorded_is_there_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "world.ledger.jsonl"
    first = recorder(file)
    for number in range(5):
        first.record("fault", ANCHOR + number * SECOND, {"rule_id": f"r{number}"})
    first.close()
    second = recorder(file)
    second.record("clock", ANCHOR + 2 * SECOND, {"effect": "jumped"})
    facts = [facts.get("rule_id") or facts["effect"] for _, facts in everything(second)]
    second.close()
    assert facts == ["r0", "r1", "r2", "jumped", "r3", "r4"]


def test_a_line_that_a_killed_process_left_unfinished_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "world.ledger.jsonl"
    first = recorder(file)
    first.record("fault", ANCHOR, {"rule_id": "whole"})
    first.close()
    with file.open("ab") as stream:
        stream.write(b'{"kind":"fault","world_us":17')
    second = recorder(file)
    second.record("fault", ANCHOR + SECOND, {"rule_id": "next"})
    assert [facts["rule_id"] for _, facts in everything(second)] == ["whole", "next"]
    second.close()


def test_a_file_that_is_no_ledger_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "world.ledger.jsonl"
    file.write_bytes(b'{"kind":"fault","world_us":5,"wall_us":5,"facts":{}}\n[]\n')
    with pytest.raises(ConfigurationError, match=r"world\.ledger\.jsonl, line 2: not a happening of a ledger"):
        recorder(file)


def test_of_very_many_happenings_the_oldest_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_module, "HAPPENINGS_KEPT", 10)
    ledger = recorder(None)
    for number in range(25):
        ledger.record("fault", ANCHOR + number * SECOND, {"rule_id": str(number)})
    kept = [int(facts["rule_id"]) for _, facts in everything(ledger)]
    ledger.close()
    assert kept == list(range(25 - len(kept), 25))
    assert 5 <= len(kept) <= 10


def test_happenings_are_told_by_kind_span_and_league(tmp_path: Path) -> None:
    ledger = recorder(None)
    ledger.record("fault", ANCHOR, {"ticker": "KXNFLGAME-A-B"})
    ledger.record("clock", ANCHOR + SECOND, {})
    rows = list(ledger.between(microseconds(ANCHOR) - 1, microseconds(ANCHOR + SECOND), frozenset({"fault"})))
    assert [row.columns["league"] for row in rows] == ["nfl"]
    assert list(ledger.between(microseconds(ANCHOR), microseconds(ANCHOR + SECOND), frozenset({"fault"}))) == []
    ledger.close()
