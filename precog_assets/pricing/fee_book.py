"""Which fees a market has at an instant: by venue, series, event and date, from configuration and from the venue.

Belongs here: choosing among what is configured, scheduled and seen. Does not: formulas (`fees.py`), reading or
storing what venues say. A replay gives `as_of`, and what was learnt later is not looked at.

What holds at an instant, of one series or event: the statement with the latest word on it. A row of configuration
and a scheduled change speak of the instant they take effect; terms seen speak of every instant from when they were
first seen to when they were last confirmed. So a scheduled change that was taken back gives way to the next reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from precog_assets.config.fees import DatedTerms, FeeRules, Period, VenueFees
from precog_assets.domain.fees import FeeFact, FeeScope
from precog_assets.pricing.fees import FeeSchedule, UnknownFeeError

_LAST = datetime.max.replace(tzinfo=UTC)
_Key = tuple[str, FeeScope, str]


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement that holds at the instant asked about."""

    at: datetime
    """The latest instant it speaks of."""
    rank: int
    """Of equals: configured, scheduled, seen."""
    since: datetime
    fee_type: str | None
    multiplier: Decimal | None


@dataclass(frozen=True, slots=True)
class FeeBook:
    """Everything known about fees. Make it with `FeeBook.of`."""

    rules: FeeRules
    facts: Mapping[_Key, tuple[FeeFact, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: FeeRules, facts: Iterable[FeeFact] = ()) -> FeeBook:
        """The configuration, and the stored statements of venues (`store.fees.read_fee_facts`)."""
        gathered: dict[_Key, list[FeeFact]] = {}
        for fact in facts:
            gathered.setdefault((fact.terms.venue, fact.terms.scope, fact.terms.ticker), []).append(fact)
        return cls(rules, {key: tuple(listed) for key, listed in gathered.items()})

    def changes(self) -> list[datetime]:
        """Every instant from which a schedule may be another one, in order: between two, none changes."""
        instants: set[datetime] = set()
        for venue in self.rules.venues.values():
            instants.update(period.start for period in venue.periods)
            for dated in (*venue.series.values(), *venue.events.values()):
                instants.update(terms.start for terms in dated)
        for fact in (fact for facts in self.facts.values() for fact in facts):
            instants.update((fact.known_at, fact.observed_at, fact.confirmed_at))
            if fact.terms.effective_at is not None:
                instants.add(fact.terms.effective_at)
        return sorted(instants)

    def events(self) -> frozenset[str]:
        """Events of which anything was ever said: all others are charged as their series."""
        said = {ticker for _, scope, ticker in self.facts if scope is FeeScope.EVENT}
        return frozenset(said.union(*(venue.events for venue in self.rules.venues.values())))

    def schedule_at(
        self, venue: str, series: str, event: str | None, at: datetime, *, as_of: datetime | None = None
    ) -> FeeSchedule:
        """What the markets of an event charge at `at`, from what was known at `as_of` (default: all that is known).

        Raises UnknownFeeError, naming venue, series and event: for a venue that is not configured, an instant before
        its first period, terms nobody knows, and a fee type without a published formula.
        """
        where = f"{venue} series {series}" + (f", event {event}" if event else "")
        fees = self.rules.venues.get(venue)
        if fees is None:
            raise UnknownFeeError(
                f"{where}: no fees are configured of {venue!r}; known: {', '.join(self.rules.venues)}"
            )
        known_until = as_of or _LAST
        own = self._said((venue, FeeScope.EVENT, event), fees.events, at, known_until) if event else None
        base = self._said((venue, FeeScope.SERIES, series), fees.series, at, known_until)
        fee_type, source = own.fee_type if own else None, "event"
        if fee_type is None:
            fee_type, source = (base.fee_type, "series") if base else (None, "default")
        multiplier = own.multiplier if own and own.multiplier is not None else base.multiplier if base else None
        since = own.since if own and source == "event" else base.since if base else None
        if fee_type is None or multiplier is None:
            if fees.default is None:
                raise UnknownFeeError(f"{where}: nobody has said what it charges at {at.isoformat()}")
            fee_type = fee_type or fees.default.fee_type
            multiplier = fees.default.multiplier if multiplier is None else multiplier
        period = _period(fees, at, where)
        rates = period.fee_types.get(fee_type)
        if rates is None:
            raise UnknownFeeError(
                f"{where}: fee type {fee_type!r} has no published formula; known: {', '.join(period.fee_types)}"
            )
        return FeeSchedule(
            venue=venue,
            fee_type=fee_type,
            multiplier=multiplier,
            taker_rate=rates.taker * multiplier,
            maker_rate=rates.maker * multiplier,
            round_up_to=period.round_up_to,
            balance_precision=fees.balance_precision[fees.member],
            rebate_step=fees.rebate_step,
            source=source,
            since=since,
        )

    def _said(
        self, key: _Key, configured: Mapping[str, tuple[DatedTerms, ...]], at: datetime, known_until: datetime
    ) -> _Said | None:
        said = [
            _Said(terms.start, 0, terms.start, terms.fee_type, terms.multiplier)
            for terms in configured.get(key[2], ())
            if terms.start <= at
        ]
        facts = [fact for fact in self.facts.get(key, ()) if fact.known_at <= known_until]
        # Of a scheduled change only its last version counts: it may have been moved.
        latest = {fact.terms.change_id: fact for fact in sorted(facts, key=lambda fact: fact.observed_at)}
        for fact in facts:
            terms = fact.terms
            if terms.effective_at is None and fact.observed_at <= at:
                spoken = min(fact.confirmed_at, known_until, at)
                said.append(_Said(spoken, 2, fact.observed_at, terms.fee_type, terms.multiplier))
            elif terms.effective_at is not None and terms.effective_at <= at and latest[terms.change_id] is fact:
                said.append(_Said(terms.effective_at, 1, terms.effective_at, terms.fee_type, terms.multiplier))
        return max(said, key=lambda one: (one.at, one.rank), default=None)


def _period(fees: VenueFees, at: datetime, where: str) -> Period:
    begun = [period for period in fees.periods if period.start <= at]
    if not begun:
        raise UnknownFeeError(
            f"{where}: no fees are configured before {fees.periods[0].start.isoformat()}; asked for {at.isoformat()}"
        )
    return begun[-1]
