"""What truly happened against what the tables say, row by row, for a span of the world.

What counts, by kind:

- games: the newest state shown by the table was the ledger's at some instant of the last `LATE_S` seconds.
- states: every stored state was the ledger's, in the ledger's order; one that stood longer than `visible_s` is there.
  Those that came and went between two polls may be missing.
- quotes: each side of every quote stored from the stream was the venue's best of that side at some instant of
  the `LATE_S` before it; the newest is the venue's of the last `UNDER_WAY_S`. A change of several levels is several
  frames: what stood between two of them passes if the market truly changed before and the next quote came within
  `TORN_S`, or a gap was noticed meanwhile.
- trades: exactly the ledger's, of markets that are followed, each with its price, count and side; of a game that ended
  meanwhile, those until a board said so.
- decisions: none for a market, strategy and instant twice; none that passed on facts older than its strategy's limits
  or observed after it.
- orders: one for a decision at most; as much filled as there are fills; the ledger's transactions sum to zero; the
  simulated exchange got none, since the book is a paper one.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

import httpx
import polars as pl

from precog_assets.config import load_trading_rules
from precog_assets.store.snapshots import from_json
from precog_assets_tests.pipeline.live.collecting import LiveWorld

LATE_S = 25.0
"""A board is polled every few seconds, and one that failed is asked again a little later."""
UNDER_WAY_S = 3.0
TORN_S = 0.25
NOTICED_S = 2.0
"""Frames of order books come many times a second, so that a lost one shows soon."""
QUOTED_BEFORE = timedelta(hours=1)
"""How far back a side is looked up; one that did not change since is held against the venue's book of now."""
FOLLOWED = """
SELECT m.ticker, NULL AS ended_at
FROM market.markets m JOIN market.market_games l USING (market_id) JOIN core.games g USING (game_id)
WHERE l.verdict = 'matched' AND m.status IN ('active', 'inactive')
  AND (g.phase = 'in_play' OR (g.phase = 'scheduled' AND g.start_time < :ahead))
UNION ALL
SELECT m.ticker, min(s.observed_at) AS ended_at
FROM market.markets m JOIN market.market_games l USING (market_id) JOIN core.games g USING (game_id)
JOIN core.game_states s USING (game_id)
WHERE l.verdict = 'matched' AND g.phase = 'final' AND s.state = 'post'
GROUP BY 1 HAVING min(s.observed_at) > :since
"""
"""Markets, and until when where it was not until now. An hour less than the collector's own window, so that no market
entered it meanwhile; of a game that ended, until a board said so."""
NEWEST = """
SELECT DISTINCT ON (m.ticker) m.ticker, q.yes_bid, q.yes_bid_size, q.yes_ask, q.yes_ask_size FROM market.quotes q
JOIN market.markets m USING (market_key) WHERE m.ticker = ANY(:tickers) AND q.observed_at <= :now
ORDER BY m.ticker, q.observed_at DESC
"""
KINDS = ("games", "states", "quotes", "trades", "decisions", "orders")
Shown = tuple[str, int, int, int]
Span = tuple[datetime, datetime]
Side = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Row:
    """One kind: how many the ledger has and the tables have, and which of them the other has not."""

    ledger: int
    tables: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        return not self.missing and not self.extra

    def __str__(self) -> str:
        return f"{self.ledger}/{self.tables}" + ("" if self.sound else f" -{len(self.missing)} +{len(self.extra)}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows by kind."""

    rows: dict[str, Row] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        return all(row.sound for row in self.rows.values())

    def wrong(self) -> str:
        """What differs, with the first few of each; empty where nothing does."""
        lines = []
        for kind, row in self.rows.items():
            for what, some in (("missing", row.missing), ("extra", row.extra)):
                if some:
                    lines.append(f"{kind}: {len(some)} {what}: {'; '.join(some[:5])}")
        return "\n".join(lines)


def compare(
    world: LiveWorld, since: datetime, *, visible_s: float = LATE_S, told: Mapping[str, Span] | None = None
) -> Comparison:
    """Everything since an instant. `visible_s` is the longest, in our seconds, that a state may have stood unseen: as
    long as the fault kept everybody from the boards, and a poll. `told` names games of which a board said what never
    was, and when: what is stored of them in that span is not held against the ledger.
    """
    now = world.services.clock.now()
    return Comparison(
        {
            **of_scores(world, since, now, visible_s * world.speed, told or {}),
            "quotes": of_quotes(world, since, now),
            "trades": of_trades(world, since, now - timedelta(seconds=UNDER_WAY_S * world.speed)),
            "decisions": of_decisions(world, since),
            "orders": of_orders(world, since),
        }
    )


def of_scores(
    world: LiveWorld, since: datetime, now: datetime, visible_s: float, told: Mapping[str, Span]
) -> dict[str, Row]:
    """Games and their states; `visible_s` by the world's clock."""
    histories: dict[str, list[tuple[datetime, Shown]]] = {}
    for one in truly(world, "score", since - timedelta(hours=12), now):
        shown = (one["status"], one["period"], one["home_score"], one["away_score"])
        histories.setdefault(one["event_id"], []).append((one["world_time"], shown))
    stored = world.rows(
        "SELECT g.espn_event_id AS event_id, s.observed_at, s.status, s.period, s.home_score, s.away_score "
        "FROM core.game_states s JOIN core.games g USING (game_id) "
        "WHERE s.observed_at > :since AND g.league = ANY(:leagues) ORDER BY s.observed_at",
        since=since,
        leagues=[league.key for league in world.services.leagues],
    )
    newest = {
        row.event_id: (row.status, row.period or 0, row.home_score or 0, row.away_score or 0)
        for row in world.rows(
            "SELECT DISTINCT ON (g.game_id) g.espn_event_id AS event_id, s.status, s.period, s.home_score, "
            "s.away_score FROM core.game_states s JOIN core.games g USING (game_id) ORDER BY g.game_id, "
            "s.observed_at DESC"
        )
    }
    told_of = {row.event_id for row in stored}
    moved = {event: history for event, history in histories.items() if history[-1][0] > since or event in told_of}
    late = now - timedelta(seconds=LATE_S * world.speed)
    missing_games = []
    for event, history in moved.items():
        standing = bisect_right([at for at, _ in history], late) - 1
        if newest.get(event) not in [shown for _, shown in history[max(standing, 0) :]]:
            missing_games.append(f"{event}: {newest.get(event)}, truly {history[-1][1]}")
    missing, extra, truly_, ours = [], [], 0, 0
    for event, history in moved.items():
        seen = [
            (row.observed_at, (row.status, row.period or 0, row.home_score or 0, row.away_score or 0))
            for row in stored
            if row.event_id == event and not within(told.get(event), row.observed_at)
        ]
        ours += len(seen)
        extra += [f"{event} {told_}" for told_ in strangers(history, seen)]
        shown_to_us = {shown for _, shown in seen}
        for number, (at, shown) in enumerate(history):
            ended = history[number + 1][0] if number + 1 < len(history) else now
            truly_ += at > since
            stood_s = (ended - at).total_seconds()
            hidden = within(told.get(event), at) or within(told.get(event), ended)
            if at > since and stood_s > visible_s and shown not in shown_to_us and not hidden:
                missing.append(f"{event} {shown} from {at:%H:%M:%S} for {stood_s:.0f} s")
    return {
        "games": Row(len(moved), len(moved.keys() & newest.keys()), tuple(missing_games)),
        "states": Row(truly_, ours, tuple(missing), tuple(extra)),
    }


def within(span: Span | None, at: datetime) -> bool:
    """Whether an instant lies in a span that may be none."""
    return span is not None and span[0] <= at <= span[1]


def strangers(history: Sequence[tuple[datetime, Shown]], seen: Iterable[tuple[datetime, Shown]]) -> list[str]:
    """Stored states that the ledger does not know, or knows only before one that was stored earlier, or later."""
    place, found = 0, []
    for observed_at, shown in seen:
        if shown[0] == "STATUS_SCHEDULED" and place == 0:
            continue
        after = next((number for number in range(place, len(history)) if history[number][1] == shown), None)
        if after is None or history[after][0] > observed_at:
            found.append(f"{shown} at {observed_at:%H:%M:%S}")
        else:
            place = after
    return found


def of_quotes(world: LiveWorld, since: datetime, now: datetime) -> Row:
    """Quotes of followed markets that came by the stream."""
    followed = set(world.watched())
    told = [one for one in truly(world, "quote", since - QUOTED_BEFORE, now) if one["ticker"] in followed]
    sides: dict[tuple[str, str], list[tuple[datetime, Side]]] = {}
    for one in told:
        bid, ask = float(one["yes_bid"]), float(one["yes_ask"])
        yes = None if bid <= 0 else (bid, float(one["bid_size"]))
        no = None if ask >= 1 else (ask, float(one["ask_size"]))
        sides.setdefault((one["ticker"], "bid"), []).append((one["world_time"], yes))
        sides.setdefault((one["ticker"], "ask"), []).append((one["world_time"], no))
    stored = world.rows(
        "SELECT m.ticker, q.observed_at, q.yes_bid, q.yes_bid_size, q.yes_ask, q.yes_ask_size FROM market.quotes q "
        "JOIN market.markets m USING (market_key) "
        "WHERE q.observed_at > :since AND q.observed_at <= :now AND q.response_offset IS NOT NULL "
        "AND m.ticker = ANY(:tickers) ORDER BY 1, 2",
        since=since,
        now=now,
        tickers=sorted(followed),
    )
    gaps = [
        row.began_at for row in world.rows("SELECT began_at FROM ops.stream_gaps WHERE began_at > :since", since=since)
    ]
    extra, unknown, torn = [], 0, 0
    for row, following in zip_longest(stored, stored[1:]):
        changed = [at for at, _ in sides.get((row.ticker, "bid"), [])]
        for side, price, size in (
            ("bid", row.yes_bid, row.yes_bid_size),
            ("ask", row.yes_ask, row.yes_ask_size),
        ):
            said: Side = None if price is None else (float(price), float(size or 0))
            history = sides.get((row.ticker, side), [])
            unknown += not history or history[0][0] > row.observed_at - timedelta(seconds=LATE_S * world.speed)
            if stood(history, said, row.observed_at, LATE_S * world.speed):
                continue
            if following is None or following.ticker != row.ticker:
                # The newest of a market is asked for below.
                continue
            if is_torn(changed, row.observed_at, following.observed_at, gaps, world.speed):
                torn += 1
            else:
                extra.append(f"{row.ticker} {side} {said} at {row.observed_at:%H:%M:%S.%f}")
    print(f"quotes: {2 * len(stored)} sides, {unknown} of them with nothing known to hold them against, {torn} torn")
    differ = []
    for row in world.rows(NEWEST, tickers=sorted(followed), now=now):
        for side, price, size in (
            ("bid", row.yes_bid, row.yes_bid_size),
            ("ask", row.yes_ask, row.yes_ask_size),
        ):
            said = None if price is None else (float(price), float(size or 0))
            if not stood(sides.get((row.ticker, side), []), said, now, UNDER_WAY_S * world.speed):
                differ.append(f"{row.ticker} {side} {said}, no more so at {now:%H:%M:%S.%f}")
    return Row(sum(one["world_time"] > since for one in told), len(stored), tuple(differ), tuple(extra))


def stood(history: Sequence[tuple[datetime, Side]], said: Side, at: datetime, late_s: float = LATE_S) -> bool:
    """Whether a side was so at some instant of the `late_s` until then. Before the first change that is known, no
    side is: such a quote is not refuted.
    """
    times = [time for time, _ in history]
    last = bisect_right(times, at + timedelta(seconds=late_s / 500.0))
    first = bisect_right(times, at - timedelta(seconds=late_s)) - 1
    if first < 0:
        return True
    return any(side == said for _, side in history[first:last])


def is_torn(
    changed: Sequence[datetime],
    at: datetime,
    followed_at: datetime,
    gaps: Sequence[datetime] = (),
    speed: float = 1.0,
) -> bool:
    """Whether a quote stood between two frames of one change: right after a true one, and superseded at once, or as
    soon as the gap was mended in which the second frame was lost.
    """
    last = bisect_right(changed, at) - 1
    if last < 0 or (at - changed[last]).total_seconds() > LATE_S * speed:
        return False
    if (followed_at - at).total_seconds() <= TORN_S * speed:
        return True
    noticed = [gap for gap in gaps if at <= gap <= followed_at]
    return bool(noticed) and (noticed[0] - at).total_seconds() <= NOTICED_S * speed


def of_trades(world: LiveWorld, since: datetime, until: datetime) -> Row:
    """Trades of followed markets: exactly."""
    under_way = timedelta(seconds=UNDER_WAY_S * world.speed)
    followed = {
        row.ticker: until if row.ended_at is None else min(until, row.ended_at - under_way)
        for row in world.rows(FOLLOWED, since=since, ahead=until + timedelta(hours=23))
    }
    told = {
        one["trade_id"]: (one["ticker"], float(one["price"]), float(one["count"]), one["taker_side"])
        for one in truly(world, "trade", since, until)
        if one["ticker"] in followed and one["world_time"] <= followed[one["ticker"]]
    }
    stored = {
        row.trade_id: (row.ticker, float(row.yes_price), float(row.count), row.taker_side)
        for row in world.rows(
            "SELECT t.trade_id, t.traded_at, m.ticker, t.yes_price, t.count AS count, t.taker_side "
            "FROM market.trades t "
            "JOIN market.markets m USING (market_id) "
            "WHERE t.traded_at > :since AND t.traded_at <= :until AND m.ticker = ANY(:tickers)",
            since=since,
            until=until,
            tickers=sorted(followed),
        )
        if row.traded_at <= followed[row.ticker]
    }
    return Row(len(told), len(stored), *differences(told.items(), stored.items()))


def differences(told: Collection[Any], stored: Collection[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the first has and the second has not, and the other way round."""
    ours, theirs = set(stored), set(told)
    return tuple(map(str, sorted(theirs - ours))), tuple(map(str, sorted(ours - theirs)))


def of_decisions(world: LiveWorld, since: datetime) -> Row:
    """Decisions on the facts they were taken on; the ledger knows none."""
    rows = world.rows(
        "SELECT decision_id, market_id, strategy, as_of, action, snapshot, gates FROM book.decisions "
        "WHERE as_of > :since",
        since=since,
    )
    once = {(row.market_id, row.strategy, row.as_of) for row in rows}
    extra = [] if len(once) == len(rows) else [f"{len(rows) - len(once)} of the same market, strategy and instant"]
    for row in rows:
        gates = {gate["name"]: gate["passed"] for gate in row.gates}
        extra += [f"{row.decision_id}: {why}" for why in too_old(row.snapshot, row.strategy, gates)]
    return Row(len(rows), len(rows), (), tuple(extra))


def too_old(snapshot: Any, strategy: str, gates: dict[str, bool | None]) -> list[str]:
    """Age gates that let through what was older than the strategy's limit, or from after the decision."""
    read = from_json(snapshot)
    limits = load_trading_rules().strategies[strategy].gates
    found = []
    if read.quote is not None and gates.get("quote_age"):
        age_s = (read.as_of - max(read.quote.observed_at, read.quote.confirmed_at)).total_seconds()
        if age_s > limits.max_quote_age_s or read.quote.observed_at > read.as_of:
            found.append(f"decided on a quote {age_s:.1f} s old")
    if read.game is not None and gates.get("game_state_age"):
        age_s = (read.as_of - read.game.observed_at).total_seconds()
        if not 0 <= age_s <= limits.max_game_state_age_s:
            found.append(f"decided on a state {age_s:.1f} s old")
    return found


def of_orders(world: LiveWorld, since: datetime) -> Row:
    """Orders of the paper book."""
    orders = world.one("SELECT count(*) FROM book.orders WHERE created_at > :since", since=since)
    wrong = [
        f"decision {row.decision_id} has {row.count} orders"
        for row in world.rows(
            "SELECT decision_id, count(*) AS count FROM book.orders WHERE decision_id IS NOT NULL "
            "GROUP BY 1 HAVING count(*) > 1"
        )
    ]
    wrong += [
        f"order {row.client_id} says {row.filled} filled, its fills {row.fills}"
        for row in world.rows(
            "SELECT o.client_id, o.filled, coalesce(sum(f.contracts), 0) AS fills FROM book.orders o "
            "LEFT JOIN book.fills f USING (client_id) GROUP BY 1, 2 HAVING o.filled <> coalesce(sum(f.contracts), 0)"
        )
    ]
    wrong += [
        f"transaction {row.transaction_id} sums to {row.sum}"
        for row in world.rows("SELECT transaction_id, sum(amount) FROM book.ledger GROUP BY 1 HAVING sum(amount) <> 0")
    ]
    wrong += [
        f"decision {row.decision_id} was taken and has no order"
        for row in world.rows(
            "SELECT d.decision_id FROM book.decisions d LEFT JOIN book.orders o USING (decision_id) "
            "WHERE d.action = 'take' AND d.rung = 'paper' AND o.decision_id IS NULL"
        )
    ]
    wrong += [f"order {one['order_id']} at the exchange" for one in truly(world, "order", since)]
    return Row(orders, orders, (), tuple(wrong))


def truly(world: LiveWorld, kind: str, since: datetime, until: datetime | None = None) -> list[dict[str, Any]]:
    """Happenings of a kind in a span of the world, in order."""
    end = until or world.services.clock.now()
    if end <= since:
        return []
    base = f"http://127.0.0.1:{world.environment.settings.sim_port}/simulator/ledger"
    found: list[dict[str, Any]] = []
    leagues = [league.key for league in world.services.leagues] if kind in ("score", "quote", "trade") else [""]
    for league in leagues:
        asked = {"kinds": kind, "from": since.isoformat(), "to": end.isoformat(), "format": "parquet"}
        answer = httpx.get(base, params={**asked, **({"league": league} if league else {})}, timeout=60)
        assert answer.status_code == 200, answer.text
        found += pl.read_parquet(io.BytesIO(answer.content)).to_dicts()
    return sorted(found, key=lambda one: one["world_time"])
