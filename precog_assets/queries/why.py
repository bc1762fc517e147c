"""Why there is no trade in a market, or why this one: the market as it stands, its decisions, what would change them.

Belongs here: gathering and saying it. Does not: tables on a terminal (`cli.why`), the chain behind a number
(`explain`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa

from precog_assets.config import load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.statuses import PLAYING, GamePhase, MarketStatus
from precog_assets.domain.trading import GateResult
from precog_assets.queries.connection import aware
from precog_assets.queries.decisions import RecordedDecision, latest_decisions
from precog_assets.queries.state_text import state_text

MATCHED = "matched"
_MARKETS = sa.text(
    """
    SELECT m.market_id, m.ticker, m.title, m.yes_sub_title, m.league, m.status, m.result, m.close_time,
           l.verdict, l.game_id, l.outcome, l.detail AS link_detail, l.evidence, l.candidates,
           g.phase, g.start_time, g.game_kind, h.display_name AS home, a.display_name AS away,
           q.observed_at AS quoted_at, q.confirmed_at, q.yes_bid, q.yes_ask
    FROM market.markets m LEFT JOIN market.market_games l USING (market_id) LEFT JOIN core.games g USING (game_id)
    LEFT JOIN core.teams h ON h.team_id = g.home_team_id LEFT JOIN core.teams a ON a.team_id = g.away_team_id
    LEFT JOIN LATERAL (
        SELECT * FROM market.quotes q WHERE q.market_key = m.market_key AND q.observed_at <= :now
        ORDER BY q.observed_at DESC LIMIT 1
    ) q ON true
    WHERE m.market_id = ANY(:names) OR m.ticker = ANY(:names) OR m.event_ticker = ANY(:names)
    ORDER BY m.ticker
    """
)
_NEAR = sa.text(
    """
    SELECT ticker, event_ticker FROM market.markets
    WHERE starts_with(ticker, :begin) OR position(lower(:words) IN lower(title || ' ' || yes_sub_title)) > 0
    ORDER BY last_observed_at DESC, ticker LIMIT 2000
    """
)
_NEWEST = sa.text("SELECT ticker, event_ticker FROM market.markets ORDER BY last_observed_at DESC, ticker LIMIT 5000")
_RUNGS = {"shadow": "in shadow", "paper": "on paper", "live": "live"}
NEAR_NAMES = 3
_LIKENESS = 0.6
"""Of names that begin differently, 0 to 1 by difflib: a letter or two of a ticker mistaken."""
_ORDERS = sa.text(
    "SELECT decision_id, client_id, venue, side, limit_price, contracts, filled, status, reason FROM book.orders "
    "WHERE decision_id = ANY(:decisions) ORDER BY created_at, client_id"
)
_PLAYABLE = (GamePhase.SCHEDULED.value, GamePhase.IN_PLAY.value, GamePhase.DELAYED.value)
_NEEDED = {
    "matched": "the market would have to be tied to one game; it is {value}",
    "league": "the strategy would have to trade {value}; it trades {threshold}",
    "rated": "both sides would need {threshold} rated games; the fewer has {value}",
    "rating_age": "a side would have to play: the last rated game is {value} days ago, at most {threshold} are allowed",
    "not_exhibition": "the game would have to count ({threshold}); it is {value}",
    "quote_age": "a fresh quote would have to come: last seen {value} s before, at most {threshold} s are allowed",
    "game_state_age": "the game would have to be seen again: last {value} s before, at most {threshold} s are allowed",
    "market_open": "the venue would have to take orders; the market is {value}",
    "game_phase": "the game would have to be yet to play; it is {value}",
    "no_in_play_model": "the model of games in play would have to say something of this one: {detail}",
    "time_to_start": "the start would have to be {threshold} hours away; it is {value}",
    "spread": "bid and ask would have to come within ${threshold}; they are ${value} apart",
    "depth": "at least {threshold} contracts would have to be offered at the best price; {value} are",
    "price_bounds": "the price would have to lie in {threshold}; it is {value}",
    "min_net_value": "a contract would have to be worth ${threshold} after fee and spread; it is worth ${value}",
    "max_net_value": "the value would have to be credible: ${value} is above ${threshold} and taken for an error",
    "skill": "the strategy would have to leave shadow in this league: {threshold}; it has {detail}",
    "drawdown": "equity would have to recover: it is {value} below its highest, the stop is at {threshold}",
    "order_rate": "a minute would have to pass: {value} orders went out in the last one, {threshold} may",
    "clock": "our clock would have to be set right: {detail}",
    "venue": "the venue would have to be back: {detail}",
    "kill_switch": "somebody would have to release the kill switch",
    "size": "the size would have to reach one contract after every limit; it was {value}",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One strategy's last decision on the market, and what follows from it."""

    decision: RecordedDecision
    sentence: str
    """What was decided, when, how often."""
    needed: str
    """What would have to change; empty where it was taken."""
    orders: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """A market, and why it is or is not traded. Prices are dollars a YES contract."""

    market_id: str
    ticker: str
    title: str
    status: str
    league: str | None
    verdict: str | None
    """`matched`, the reason of the refusal, or None where matching has not looked yet."""
    game_id: str | None
    outcome: str | None
    yes_bid: Decimal | None
    yes_ask: Decimal | None
    quote_seen_at: datetime | None
    standing: tuple[str, ...]
    """The market, its game and its quote, in sentences."""
    answers: tuple[Answer, ...] = ()
    undecided: str = ""
    """Why nothing was ever decided; empty where something was."""
    candidates: tuple[str, ...] = field(default=())
    suggestion: str = ""


def why(engine: sa.Engine, ticker: str, *, now: datetime, strategy: str | None = None) -> list[Why]:
    """Of a market by ticker or id, or of every market of an event: what was decided last and why, in words and values.

    `now` is what "before" is counted from. Raises ConfigurationError for a ticker or strategy nobody knows.
    """
    given = ticker.strip()
    names = list(dict.fromkeys((given, given.upper())))
    known = load_trading_rules().strategies
    with engine.connect() as connection:
        rows = connection.execute(_MARKETS, {"names": names, "now": aware("now", now)}).all()
        if not rows:
            near = _near(connection, given)
            hint = f"; near it: {', '.join(near)}" if near else "; `precog once` reads the venue's markets"
            raise ConfigurationError(f"no market or event {ticker!r} is stored{hint}.")
    found = [_why(engine, row, now, strategy) for row in rows]
    if strategy is not None and strategy not in known and not any(one.answers for one in found):
        raise ConfigurationError(f"no strategy {strategy!r}; known: {', '.join(known)}.")
    return found


def _near(connection: sa.Connection, given: str) -> list[str]:
    """Tickers that may have been meant: of the same series, with the words in their title, or spelt alike."""
    if not given:
        return []
    name = given.upper()
    rows = connection.execute(_NEAR, {"begin": name.split("-")[0], "words": given}).all()
    among = rows or connection.execute(_NEWEST).all()
    names = list(dict.fromkeys(name for row in among for name in (row.event_ticker, row.ticker)))
    close = get_close_matches(name, names, NEAR_NAMES, _LIKENESS)
    return close or [row.ticker for row in rows[:NEAR_NAMES]]


def _why(engine: sa.Engine, row: Any, now: datetime, strategy: str | None) -> Why:
    recorded = latest_decisions(engine, row.market_id, strategy=strategy)
    orders: dict[str, list[dict[str, Any]]] = {}
    if any(one.taken for one in recorded):
        with engine.connect() as connection:
            for order in connection.execute(_ORDERS, {"decisions": [one.decision_id for one in recorded]}):
                orders.setdefault(order.decision_id, []).append(order._asdict())
    evidence = row.evidence or {}
    in_play = [one for one in recorded if one.snapshot.get("play")]
    newest = max(in_play, key=lambda one: one.last_repeated_at or one.as_of, default=None)
    standing = _standing(row, now)
    if newest is not None and row.phase in PLAYING:
        standing.append(f"in play when last decided, {state_text(newest.snapshot['play'])}")
    return Why(
        market_id=row.market_id,
        ticker=row.ticker,
        title=row.title,
        status=row.status,
        league=row.league,
        verdict=row.verdict,
        game_id=row.game_id,
        outcome=row.outcome,
        yes_bid=row.yes_bid,
        yes_ask=row.yes_ask,
        quote_seen_at=row.confirmed_at,
        standing=tuple(standing),
        answers=tuple(
            Answer(one, _sentence(one, now), _needed(one), tuple(orders.get(one.decision_id, ()))) for one in recorded
        ),
        undecided="" if recorded else _undecided(row, strategy),
        candidates=tuple(row.candidates or ()),
        suggestion=evidence.get("suggestion") or "",
    )


def _standing(row: Any, now: datetime) -> list[str]:
    said = [f"{row.title} (YES: {row.yes_sub_title}); {row.status}" + (f", {row.result}" if row.result else "")]
    if row.verdict == MATCHED:
        said.append(
            f"YES pays for {row.outcome} of {row.game_id}: {row.away} at {row.home}, {row.phase}, "
            f"starts {row.start_time:%Y-%m-%d %H:%M} UTC"
        )
    elif row.verdict is not None:
        said.append(f"tied to no game: {row.verdict}; {row.link_detail}")
    else:
        said.append("matching has not looked at it yet")
    if row.quoted_at is None:
        said.append("never quoted here")
    else:
        bid, ask = (price_text(price) for price in (row.yes_bid, row.yes_ask))
        said.append(f"bid {bid}, ask {ask}, last seen {ago(now, row.confirmed_at)}")
    return said


def _undecided(row: Any, strategy: str | None) -> str:
    who = f"strategy {strategy}" if strategy else "any strategy"
    if row.verdict is None:
        why_not = "matching has not tied it to a game yet"
    elif row.verdict != MATCHED:
        why_not = f"it is tied to no game ({row.verdict}): {row.link_detail}"
    elif row.status != MarketStatus.ACTIVE.value:
        why_not = f"the market is {row.status}, and it was never open while decisions were made"
    elif row.phase not in _PLAYABLE:
        why_not = f"its game is {row.phase}"
    elif row.quoted_at is None:
        why_not = "it was never quoted, so that there is no price to decide on"
    else:
        why_not = "no decision has been made since it was first quoted; is the decide step running?"
    return f"never decided by {who}: {why_not}"


def _sentence(one: RecordedDecision, now: datetime) -> str:
    if one.taken:
        said = (
            f"took {count_text(one.contracts)} {(one.side or '?').upper()} at {price_text(one.limit_price)} or better"
        )
    else:
        gate = one.stopped_by
        said = f"no trade, stopped by {one.reason}" + (f" ({gate.detail})" if gate is not None and gate.detail else "")
    said = f"{one.strategy}: {said}; decided {ago(now, one.as_of)}, {_RUNGS.get(one.rung, one.rung)}"
    if one.repeats:
        times = "once" if one.repeats == 1 else f"{one.repeats:,} times"
        said += f"; the same again {times}, last {ago(now, one.last_repeated_at or one.as_of)}"
    return said


def _needed(one: RecordedDecision) -> str:
    gate = one.stopped_by
    if one.taken:
        return ""
    return needed(gate) if gate is not None else f"{one.reason} would have to end"


def needed(gate: GateResult) -> str:
    """What would have to change for a gate that failed, in words with its value and threshold."""
    if gate.name.startswith("exposure_"):
        what = gate.name.removeprefix("exposure_")
        return (
            f"less would have to be at stake in the {what}: ${value_text(gate.value)} of ${value_text(gate.threshold)}"
        )
    if gate.value is None:
        return (
            f"{gate.name} would have to read {value_text(gate.threshold)}; {gate.detail or 'there is nothing to read'}"
        )
    pattern = _NEEDED.get(gate.name, "{name} would have to read {threshold}; it reads {value}")
    return pattern.format(
        name=gate.name, value=value_text(gate.value), threshold=value_text(gate.threshold), detail=gate.detail or "none"
    )


def later_failures(gates: Sequence[GateResult], reason: str) -> list[str]:
    """The gates after the first failing one that failed too: they would stop it next."""
    names = [gate.name for gate in gates]
    after = names.index(reason) + 1 if reason in names else 0
    return [gate.name for gate in gates[after:] if gate.passed is False]


def value_text(value: str | float | None) -> str:
    """A gate's value for people; four significant digits after the point at most."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return value
    return f"{value:,.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def price_text(price: Decimal | None) -> str:
    """Dollars to the cent, further only where the price goes further; a dash where nobody is there."""
    if price is None:
        return "-"
    short = price.normalize()
    exponent = short.as_tuple().exponent
    return f"{short:f}" if isinstance(exponent, int) and exponent < -2 else f"{price:.2f}"


def count_text(contracts: Decimal) -> str:
    """Contracts without the decimals that say nothing: `143`, `0.5`."""
    return f"{contracts.normalize():f}"


def ago(now: datetime, at: datetime) -> str:
    """How long before `now`, with one unit: `12 s ago`."""
    seconds = (now - at).total_seconds()
    if seconds < 0:
        return f"at {at:%Y-%m-%d %H:%M:%S} UTC"
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
