"""Checks of the book: rows as they must be, nothing without its cause, money that adds up, markets paid in time.

Belongs here: what is read, and when it is wrong. Does not: what decisions, fills and settlements do (`trading`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.book import DECISIONS, FILLS, LEDGER, ORDERS, RUNGS, SETTLEMENTS
from precog_assets.checks.findings import Finding, told
from precog_assets.resources import PrecogServices

DAY = timedelta(days=1)
AHEAD = timedelta(hours=36)
DECIDED_WITHIN = timedelta(minutes=10)
SETTLED_WITHIN = timedelta(hours=6)
NAMED = 5
LISTED = 50

_UNDECIDED = sa.text(
    """
    SELECT m.league, m.ticker FROM market.market_games l JOIN market.markets m USING (market_id)
    JOIN core.games g USING (game_id)
    WHERE l.verdict = 'matched' AND m.status = 'active' AND m.league = ANY(:leagues) AND l.last_changed_at < :before
      AND g.phase = 'scheduled' AND g.start_time > :now AND g.start_time < :until
      AND EXISTS (SELECT 1 FROM market.quotes q WHERE q.market_key = m.market_key AND q.observed_at < :before)
      AND NOT EXISTS (SELECT 1 FROM book.decisions d WHERE d.market_id = m.market_id
                      AND coalesce(d.last_repeated_at, d.as_of) > :since)
    ORDER BY m.league, m.ticker
    """
)
_DECIDED = sa.text("SELECT count(*) FROM book.decisions WHERE coalesce(last_repeated_at, as_of) > :since")
_NO_QUOTE = sa.text(
    """
    WITH read AS (
        SELECT d.decision_id, d.market_id, CAST(d.snapshot -> 'quote' ->> 'observed_at' AS timestamptz) AS observed_at
        FROM book.decisions d WHERE d.as_of > :since
        ORDER BY d.as_of DESC LIMIT :newest
    )
    SELECT r.decision_id, r.observed_at, found.is_there FROM read r
    LEFT JOIN market.markets m USING (market_id)
    CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT 1 FROM market.quotes q WHERE q.market_key = m.market_key AND q.observed_at = r.observed_at
    ) OR EXISTS (
        SELECT 1 FROM market.order_books b WHERE b.market_key = m.market_key AND b.observed_at = r.observed_at
    ) AS is_there) found
    WHERE r.observed_at IS NOT NULL ORDER BY r.decision_id
    """
)
_ORDERS_WITHOUT_DECISION = sa.text(
    "SELECT o.client_id FROM book.orders o LEFT JOIN book.decisions d USING (decision_id) "
    "WHERE d.decision_id IS NULL ORDER BY o.client_id"
)
_FILLED_OTHERWISE = sa.text(
    "SELECT o.client_id FROM book.orders o LEFT JOIN book.fills f USING (client_id) GROUP BY o.client_id, o.filled "
    "HAVING o.filled <> coalesce(sum(f.contracts), 0) ORDER BY o.client_id"
)
_FILLS_WITHOUT_ORDER = sa.text(
    "SELECT f.fill_id FROM book.fills f LEFT JOIN book.orders o USING (client_id) WHERE o.client_id IS NULL "
    "OR o.market_id <> f.market_id OR o.side <> f.side OR f.price > o.limit_price ORDER BY f.fill_id"
)
_FILLS_NOT_BOOKED = sa.text(
    "SELECT f.fill_id FROM book.fills f WHERE NOT EXISTS (SELECT 1 FROM book.ledger l "
    "WHERE l.transaction_id = 'fill:' || f.fill_id) ORDER BY f.fill_id"
)
_UNBALANCED = sa.text(
    "SELECT transaction_id, sum(amount) AS rest FROM book.ledger GROUP BY transaction_id HAVING sum(amount) <> 0 "
    "ORDER BY transaction_id"
)
_BALANCES = sa.text(
    "SELECT venue, sum(amount) AS rest, coalesce(sum(amount) FILTER (WHERE account = 'cash'), 0) AS cash "
    "FROM book.ledger GROUP BY venue ORDER BY venue"
)
_UNPAID = sa.text(
    """
    WITH held AS (
        SELECT venue, regexp_replace(account, '^position:(.+):(yes|no)$', '\\1') AS market_id FROM book.ledger
        WHERE account LIKE 'position:%' GROUP BY venue, account HAVING sum(amount) <> 0
    )
    SELECT h.venue, m.ticker FROM held h JOIN market.markets m USING (market_id)
    WHERE m.status = 'finalized' AND m.last_changed_at < :before ORDER BY h.venue, m.ticker
    """
)
_DISAGREEING = sa.text(
    """
    SELECT m.ticker, s.result, l.game_id, g.winner, g.home_score, g.away_score FROM (
        SELECT DISTINCT ON (market_id) * FROM book.settlements ORDER BY market_id, amends DESC
    ) s LEFT JOIN market.markets m USING (market_id) LEFT JOIN market.market_games l USING (market_id)
    LEFT JOIN core.games g ON g.game_id = l.game_id WHERE NOT s.game_agrees ORDER BY m.ticker
    """
)
NEWEST = 2_000
"""Decisions of the last day whose quotes are looked for."""


def _schema(asset: dg.AssetKey, *, blocking: bool = False) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec("schema", asset=asset, blocking=blocking, description="Rows satisfy their Pandera schema")


@dg.multi_asset_check(
    name="decisions_checks",
    specs=[
        _schema(DECISIONS, blocking=True),
        dg.AssetCheckSpec("not_empty", asset=DECISIONS, description="Quoted markets of coming games are decided on"),
        dg.AssetCheckSpec("lineage", asset=DECISIONS, description="The quote that each decision read is stored"),
    ],
)
def decisions_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, markets that nobody decided on, and decisions whose quote is nowhere."""
    from precog_assets.config import load_trading_rules
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    now = opened.clock.now()
    traded = {league for strategy in load_trading_rules().strategies.values() for league in strategy.leagues}
    leagues = [league.key for league in opened.leagues if league.key in traded]
    with in_database(opened.engine) as connection:
        yield told(DECISIONS, "schema", _checked(connection, "book.decisions", now))
        yield told(DECISIONS, "not_empty", not_empty(connection, leagues, now))
        yield told(DECISIONS, "lineage", lineage(connection, now))


@dg.multi_asset_check(
    name="trades_checks",
    specs=[
        _schema(ORDERS),
        dg.AssetCheckSpec("orphans", asset=ORDERS, description="Every order carries out a decision"),
        dg.AssetCheckSpec("filled", asset=ORDERS, description="Orders are filled by their fills, no more and no less"),
        _schema(FILLS),
        dg.AssetCheckSpec("orphans", asset=FILLS, description="Every fill is of an order, within its limit"),
        _schema(LEDGER),
        dg.AssetCheckSpec("sums_to_zero", asset=LEDGER, blocking=True, description="Every transaction sums to zero"),
        dg.AssetCheckSpec("fills_booked", asset=LEDGER, description="Every fill is a transaction"),
    ],
)
def trades_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """Orders, fills and ledger: schemas, what has no cause, and whether money adds up."""
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    now = opened.clock.now()
    with in_database(opened.engine) as connection:
        for key, table in ((ORDERS, "book.orders"), (FILLS, "book.fills"), (LEDGER, "book.ledger")):
            yield told(key, "schema", _checked(connection, table, now))
        yield told(ORDERS, "orphans", orders_without_decision(connection))
        yield told(ORDERS, "filled", filled_otherwise(connection))
        yield told(FILLS, "orphans", fills_without_order(connection))
        yield told(LEDGER, "sums_to_zero", sums_to_zero(connection))
        yield told(LEDGER, "fills_booked", fills_not_booked(connection))


@dg.multi_asset_check(
    name="settlements_checks",
    specs=[
        _schema(SETTLEMENTS),
        dg.AssetCheckSpec("paid_in_time", asset=SETTLEMENTS, description="Positions are paid out soon after a result"),
        dg.AssetCheckSpec("game_agrees", asset=SETTLEMENTS, description="The venue's result is that of the game"),
    ],
)
def settlements_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, positions that wait for their money, and results that disagree with the game."""
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    now = opened.clock.now()
    with in_database(opened.engine) as connection:
        yield told(SETTLEMENTS, "schema", _checked(connection, "book.settlements", now))
        yield told(SETTLEMENTS, "paid_in_time", paid_in_time(connection, now))
        yield told(SETTLEMENTS, "game_agrees", game_agrees(connection))


@dg.multi_asset_check(name="rungs_checks", specs=[_schema(RUNGS)])
def rungs_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema."""
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    with in_database(opened.engine) as connection:
        yield told(RUNGS, "schema", _checked(connection, "book.rungs", opened.clock.now()))


def not_empty(connection: sa.Connection, leagues: Sequence[str], now: datetime) -> Finding:
    """Markets tied to games of the next 36 hours, quoted for ten minutes, on which nothing was decided for a day."""
    given = {"now": now, "until": now + AHEAD, "before": now - DECIDED_WITHIN, "since": now - DAY}
    rows = list(connection.execute(_UNDECIDED, {**given, "leagues": list(leagues)}))
    missing: dict[str, list[str]] = {}
    for row in rows:
        missing.setdefault(row.league, []).append(row.ticker)
    decided = connection.scalar(_DECIDED, {"since": now - DAY}) or 0
    said = "; ".join(f"{league} {len(of)}, e.g. {', '.join(of[:2])}" for league, of in missing.items())
    return Finding(
        not rows,
        f"quoted markets of coming games without a decision: {said}: does trading_live run?"
        if rows
        else f"every quoted market of a coming game was decided on; {decided:,} verdicts of the last day",
        facts={"missing": {league: of[:LISTED] for league, of in missing.items()}, "decisions": decided},
    )


def lineage(connection: sa.Connection, now: datetime) -> Finding:
    """The decisions of the last day, newest first, whose quote stands neither in quotes nor in order books."""
    rows = list(connection.execute(_NO_QUOTE, {"since": now - DAY, "newest": NEWEST}))
    lost = [row for row in rows if not row.is_there]
    said = ", ".join(f"{row.decision_id} read {row.observed_at:%Y-%m-%dT%H:%M:%S.%fZ}" for row in lost[:NAMED])
    return Finding(
        not lost,
        f"{len(lost)} decisions read a quote that is not stored: {said}"
        if lost
        else f"the quotes of {len(rows):,} decisions of the last day are stored",
        facts={"decisions": len(rows), "lost": [row.decision_id for row in lost[:LISTED]]},
    )


def orders_without_decision(connection: sa.Connection) -> Finding:
    """Orders that name no decision, or one that is not there."""
    return _none_of(connection, _ORDERS_WITHOUT_DECISION, "orders without a decision")


def filled_otherwise(connection: sa.Connection) -> Finding:
    """Orders that are not filled by as much as their fills add up to."""
    return _none_of(connection, _FILLED_OTHERWISE, "orders whose fills do not add up to what they say")


def fills_without_order(connection: sa.Connection) -> Finding:
    """Fills of no order, of another market or side than their order's, or beyond its limit."""
    return _none_of(connection, _FILLS_WITHOUT_ORDER, "fills of no order, or not as it was ordered")


def fills_not_booked(connection: sa.Connection) -> Finding:
    """Fills that the ledger does not know."""
    return _none_of(connection, _FILLS_NOT_BOOKED, "fills that are not in the ledger")


def sums_to_zero(connection: sa.Connection) -> Finding:
    """Transactions whose legs do not sum to zero, and accounts with less than no cash."""
    rows = [(row.transaction_id, row.rest) for row in connection.execute(_UNBALANCED)]
    balances = list(connection.execute(_BALANCES))
    overdrawn = [f"{row.venue} has {row.cash:f} dollars of cash" for row in balances if row.cash < 0]
    said = [f"{transaction} leaves {rest:f} dollars" for transaction, rest in rows[:NAMED]] + overdrawn
    return Finding(
        not said,
        f"{len(rows)} transactions do not sum to zero: " * bool(rows) + "; ".join(said)
        if said
        else "every transaction sums to zero",
        facts={
            "transactions": [transaction for transaction, _ in rows[:LISTED]],
            "cash": {row.venue: float(row.cash) for row in balances},
        },
    )


def paid_in_time(connection: sa.Connection, now: datetime) -> Finding:
    """Positions in markets that have been final for six hours, still held."""
    rows = list(connection.execute(_UNPAID, {"before": now - SETTLED_WITHIN}))
    held = [f"{row.venue}: {row.ticker}" for row in rows]
    return Finding(
        not held,
        f"{len(held)} positions in markets that were final {SETTLED_WITHIN.total_seconds() / 3600:g} hours ago are "
        f"still held: {', '.join(held[:NAMED])}"
        if held
        else "no position waits for its money",
        facts={"positions": held[:LISTED]},
    )


def game_agrees(connection: sa.Connection) -> Finding:
    """Settlements that say something else than the game: a wrong link, or a venue that is wrong."""
    rows = list(connection.execute(_DISAGREEING))
    said = [
        f"{row.ticker} paid {row.result}, {row.game_id} ended {row.home_score}:{row.away_score} ({row.winner})"
        for row in rows
    ]
    return Finding(
        not rows,
        f"{len(rows)} markets settled against their game: {'; '.join(said[:NAMED])}; ask `precog match TICKER`"
        if rows
        else "no market settled against its game",
        facts={"markets": [row.ticker for row in rows[:LISTED]]},
    )


def _none_of(connection: sa.Connection, query: sa.TextClause, what: str) -> Finding:
    found = list(connection.scalars(query))
    return Finding(
        not found,
        f"{len(found)} {what}: {', '.join(found[:NAMED])}" if found else f"no {what}",
        facts={"count": len(found), "ids": found[:LISTED]},
    )


def _checked(connection: sa.Connection, table: str, now: datetime) -> Finding:
    from precog_assets.checks.bridge import checked

    return checked(connection, table, now)
