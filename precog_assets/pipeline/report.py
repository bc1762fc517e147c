"""What a step did, in rows: the same report feeds the terminal, ops.steps, metadata and checks."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.domain.errors import CODES, ErrorClass
from precog_assets.domain.facts import OUT_OF_SCOPE, ContractCounts, Parsed, Rejection
from precog_assets.store import ops
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.error_counts import OURS, count_errors

if TYPE_CHECKING:
    from precog_assets.sources.outcome import Fetch


WHOLE_BODY = ("body", "payload")
"""Keys of a rejection that is of the payload as a whole."""


def new_correlation_id() -> str:
    """Names one tick or run in every row and log line it causes."""
    return uuid.uuid4().hex[:16]


@dataclass(slots=True)
class StepReport:
    """Rows and outcomes of one run of a step. `rows_in` counts what the source showed, once a step."""

    step: str
    correlation_id: str
    started_at: datetime
    rows_in: int = 0
    inserted: int = 0
    changed: int = 0
    unchanged: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """Fetches by error code."""
    by_source: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Outcomes by source and code, where a source answered, or did not."""
    rejections: Counter[str] = field(default_factory=Counter)
    """Rejected rows by reason."""
    out_of_scope: Counter[str] = field(default_factory=Counter)
    """Rows that were read and are not ours (doubles, combos), by reason."""
    refused: list[tuple[Rejection, int | None]] = field(default_factory=list)
    contracts: list[ContractCounts] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Payload types whose required keys vanished."""
    failures: list[str] = field(default_factory=list)
    """One line each, for people."""
    http_ms: float = 0.0
    elapsed_ms: float = 0.0
    notes: dict[str, int | float | str] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    @property
    def rejected(self) -> int:
        return sum(self.rejections.values())

    @property
    def written(self) -> int:
        return self.inserted + self.changed

    @property
    def failed(self) -> bool:
        """Any fetch that ended neither ok nor unchanged, or a broken contract."""
        fine = (ErrorClass.OK, ErrorClass.NOT_MODIFIED)
        return bool(self.broken) or any(CODES[code].error_class not in fine for code in self.outcomes)

    def fetched(self, fetch: Fetch) -> None:
        self._came_to(fetch, fetch.code)
        if not fetch.ok:
            self.failures.append(f"{fetch.feed}: {fetch.code} {fetch.detail}".strip())

    def _came_to(self, fetch: Fetch, code: str) -> None:
        self.outcomes[code] += 1
        self.by_source[fetch.feed.partition(":")[0], code] += 1

    def errors(self) -> Counter[tuple[str, str]]:
        """Outcomes by source and code; those that no source is to blame for are of `OURS`."""
        known = Counter[str]()
        for (_, code), count in self.by_source.items():
            known[code] += count
        return self.by_source + Counter({(OURS, code): count for code, count in (self.outcomes - known).items()})

    def wrote(self, counts: WriteCounts) -> None:
        self.inserted += counts.inserted
        self.changed += counts.changed
        self.unchanged += counts.unchanged

    def read(self, fetch: Fetch, parsed: Parsed[Any]) -> None:
        """Count what a parser made of an answer, before anything is written."""
        self.rows_in += parsed.seen
        self.contracts.extend(parsed.contracts)
        for rejection in parsed.rejections:
            if rejection.reason in OUT_OF_SCOPE:
                self.out_of_scope[rejection.reason] += 1
                continue
            self.rejections[rejection.reason] += 1
            self.refused.append((rejection, fetch.response_id))

    def stands_still(self, fetch: Fetch, parsed: Parsed[Any]) -> bool:
        """Whether nothing of this answer may be written: it is not the payload it should be. Says so."""
        vanished = sorted({key for tally in parsed.contracts for key in tally.vanished})
        whole = [one for one in parsed.rejections if one.key in WHOLE_BODY]
        if not vanished and not whole:
            return False
        code = "contract.not_json" if any(one.reason == "not_json" for one in whole) else "contract.vanished"
        self._came_to(fetch, code)
        what = f"required keys gone: {', '.join(vanished)}" if vanished else whole[0].detail
        self.failures.append(f"{fetch.feed}: {code}; {what}; nothing of it was written")
        return True

    def keep_refused(self, connection: sa.Connection, at: datetime) -> None:
        """Keep rejections and contract counts, in the facts' own transaction."""
        ops.record_rejections(connection, self.refused, at)
        self.broken = ops.record_contracts(connection, self.contracts, at)

    def finish(self) -> StepReport:
        self.elapsed_ms = (time.monotonic() - self._began) * 1000
        return self

    @property
    def own_ms(self) -> float:
        """Our own time: the step's minus waiting for sources."""
        return max(0.0, self.elapsed_ms - self.http_ms)

    def sentence(self) -> str:
        """One line for a tick: `games: 14 in, 3 changed, 0 rejected, 41 ms`."""
        parts = [f"{self.rows_in} in", f"{self.written} changed"]
        if self.rejected:
            parts.append(f"{self.rejected} rejected")
        bad = {code: n for code, n in self.outcomes.items() if code not in ("ok", "http.unchanged")}
        parts.extend(f"{n} {code}" for code, n in sorted(bad.items()))
        parts.append(f"{self.elapsed_ms:.0f} ms")
        return f"{self.step}: {', '.join(parts)}"

    def record(self, connection: sa.Connection) -> None:
        """Keep the report as a row of ops.steps, and its failures among those of the hour."""
        count_errors(connection, self.errors(), self.started_at)
        ops.record_step(
            connection,
            {
                "step": self.step,
                "correlation_id": self.correlation_id,
                "started_at": self.started_at,
                "elapsed_ms": self.elapsed_ms,
                "http_ms": self.http_ms,
                "rows_in": self.rows_in,
                "inserted": self.inserted,
                "changed": self.changed,
                "unchanged": self.unchanged,
                "rejected": self.rejected,
                "outcomes": dict(self.outcomes),
                "rejections": {**self.rejections, **self.out_of_scope},
            },
        )
