"""Payouts: what a venue settled is paid in every account, once, amended when the venue amends, held against the game.

Belongs here: which markets are to be paid, and what disagrees. Does not: what a result pays (`trading.settlement`),
reading results from a venue (`markets.py`), who won (`matching.settlement` compares).

A market is paid when it is final; while its game is postponed or in dispute it stays open. What the venue says is
paid, also where the game says otherwise: that is an alarm, named in the report. Paid markets are looked at again: a
result that changed is taken back and paid anew, and a game that ended later says whether it agrees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.facts import Rejection
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import LedgerEntry
from precog_assets.matching.settlement import Agreement, compare
from precog_assets.pipeline.equity import keep_equity
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.store import book as store
from precog_assets.store.account import load_account
from precog_assets.trading.settlement import Settled, Settlements, VenueResult, yes_value_of

if TYPE_CHECKING:
    from precog_assets.services import Services

LOOKED_AT_AGAIN = timedelta(days=30)
"""How long after its last change a game may still tell that a paid market disagrees with it."""
IMPOSSIBLE = "impossible_result"
DISAGREES = "game_disagrees"
_ACCOUNTS = sa.text("SELECT venue FROM book.accounts ORDER BY venue")
_TO_PAY = sa.text(
    """
    WITH held AS (
        SELECT DISTINCT regexp_replace(account, '^position:(.+):(yes|no)$', '\\1') AS market_id
        FROM (SELECT account FROM book.ledger WHERE account LIKE 'position:%' GROUP BY venue, account
              HAVING sum(amount) <> 0) AS positions
    ), paid AS (
        SELECT DISTINCT ON (market_id) * FROM book.settlements ORDER BY market_id, amends DESC
    )
    SELECT m.market_id, m.ticker, m.result, m.settlement_value,
           coalesce(m.settlement_time, m.last_changed_at) AS settled_at, m.league, l.outcome, l.game_id, g.phase,
           g.winner, g.home_score, g.away_score
    FROM market.markets m
    LEFT JOIN market.market_games l ON l.market_id = m.market_id AND l.verdict = 'matched'
    LEFT JOIN core.games g ON g.game_id = l.game_id
    LEFT JOIN paid ON paid.market_id = m.market_id
    WHERE m.status = 'finalized' AND (
        m.market_id IN (SELECT market_id FROM held) OR (paid.market_id IS NOT NULL
        AND (paid.result, paid.venue_value) IS DISTINCT FROM (m.result, m.settlement_value)))
    ORDER BY m.market_id
    """
)
_PAID_LATELY = sa.text(
    """
    WITH paid AS (
        SELECT DISTINCT ON (market_id) * FROM book.settlements ORDER BY market_id, amends DESC
    )
    SELECT paid.market_id, paid.amends, paid.game_agrees, paid.result, paid.venue_value AS settlement_value, m.ticker,
           m.league, l.outcome, l.game_id, g.phase, g.winner, g.home_score, g.away_score
    FROM paid JOIN market.markets m ON m.market_id = paid.market_id
    LEFT JOIN market.market_games l ON l.market_id = m.market_id AND l.verdict = 'matched'
    LEFT JOIN core.games g ON g.game_id = l.game_id
    WHERE greatest(g.last_changed_at, l.last_changed_at, paid.recorded_at) >= :since
    ORDER BY paid.market_id
    """
)
_POSITIONS = sa.text(
    "SELECT count(*) FROM (SELECT account FROM book.ledger WHERE account LIKE 'position:%' GROUP BY venue, account "
    "HAVING sum(amount) <> 0) AS positions"
)


def settle_markets(services: Services, *, correlation_id: str) -> StepReport:
    """Pay every position of a market that its venue settled, and what an amended result changes.

    `rows_in` counts markets with a result, `inserted` settlements, `changed` settlements whose game came to say
    something else. Disagreements of venue and game, and results that cannot be, are lines of `failures`. Raises
    PrecogError(system.database) when the server is away.
    """
    now = services.clock.now()
    report = StepReport("settlements", correlation_id, now)
    with in_database(services.engine) as connection:
        # One order of turns for all processes, so that none waits for the other.
        venues = connection.scalars(_ACCOUNTS).all()
        instants = {venue: store.take_turn(connection, venue, services.clock.now) for venue in venues}
        rows = connection.execute(_TO_PAY).all()
        report.rows_in = len(rows)
        if rows and instants:
            _pay(connection, rows, instants, report)
        _look_again(connection, now, report)
        report.notes["positions_open"] = connection.execute(_POSITIONS).scalar_one()
        report.keep_refused(connection, now)
        report.finish()
        report.record(connection)
    return report


def _pay(connection: sa.Connection, rows: Sequence[Any], instants: Mapping[str, datetime], report: StepReport) -> None:
    # All accounts are read before anything is written: what one writes is no past of the other.
    accounts = {venue: load_account(connection, venue, [row.market_id for row in rows]) for venue in instants}
    recorded_at = max(instants.values())
    entries: dict[str, list[LedgerEntry]] = {venue: [] for venue in instants}
    for row in rows:
        result = VenueResult(row.market_id, row.result, row.settlement_value, row.settled_at)
        try:
            yes_value_of(result)
        except ValueError as error:
            report.rejections[IMPOSSIBLE] += 1
            report.refused.append((Rejection("kalshi.settlement", row.ticker, IMPOSSIBLE, str(error)), None))
            report.failures.append(f"{error}; nothing was paid")
            continue
        new = _settle(result, accounts, entries)
        if new is None:
            continue
        settlement = replace(new.settlement, game_agrees=_agrees(row))
        report.inserted += store.write_settlements(connection, [(settlement, row.settlement_value)], recorded_at)
        if settlement.amends:
            report.failures.append(f"{row.ticker} was amended to {row.result}: what had been paid was taken back")
        if settlement.game_agrees is False:
            report.failures.append(_disagreement(row))
    for venue, legs in entries.items():
        if store.write_ledger(connection, legs, venue, instants[venue]):
            keep_equity(connection, venue, instants[venue])
    transactions = {(venue, leg.transaction_id) for venue, legs in entries.items() for leg in legs}
    report.notes["payouts_and_reversals"] = len(transactions)


def _settle(
    result: VenueResult, accounts: Mapping[str, Settlements], entries: Mapping[str, list[LedgerEntry]]
) -> Settled | None:
    """Settle in every account; the settlement where the venue said something new."""
    new = None
    for venue, account in accounts.items():
        settled = account.settle(result)
        entries[venue].extend(settled.entries)
        if settled.is_new:
            new = settled
    return new


def _look_again(connection: sa.Connection, now: datetime, report: StepReport) -> None:
    """Whether games say the same by now as what was paid; alarms for those that came to say otherwise."""
    disagreeing = 0
    for row in connection.execute(_PAID_LATELY, {"since": now - LOOKED_AT_AGAIN}).all():
        agrees = _agrees(row)
        disagreeing += agrees is False
        if agrees == row.game_agrees:
            continue
        report.changed += store.note_agreement(connection, row.market_id, row.amends, agrees)
        if agrees is False:
            report.failures.append(_disagreement(row))
    if disagreeing:
        report.notes[DISAGREES] = disagreeing


def _agrees(row: Any) -> bool | None:
    """Whether the market's game says what its venue paid; None where it cannot be said."""
    league = load_leagues().get(row.league or "")
    if league is None or row.outcome is None or row.phase is None:
        return None
    found = compare(
        league,
        Outcome(row.outcome),
        result=row.result,
        settlement_value=row.settlement_value,
        phase=row.phase,
        winner=row.winner,
    )
    return None if found in (None, Agreement.VOID) else found is Agreement.AGREES


def _disagreement(row: Any) -> str:
    return (
        f"{row.ticker} paid {row.result} for {row.outcome}, but {row.game_id} is {row.phase}, won by {row.winner} "
        f"({row.away_score}-{row.home_score} away-home): see `precog match explain {row.ticker}`"
    )
