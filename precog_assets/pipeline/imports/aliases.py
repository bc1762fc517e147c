"""What a source's codes stand for, as a CSV: suggestions written for a person to check, checked rows read back."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.imports.mapping import DIRECT, Stray
from precog_assets.pipeline.imports.suggestions import Suggestion
from precog_assets.pipeline.report import StepReport
from precog_assets.store import imports as store
from precog_assets.store.games import FIRST_DAY

if TYPE_CHECKING:
    from precog_assets.services import Services

NEEDED = ("league", "code", "team_id")
WRITTEN = (*NEEDED, "valid_from", "valid_to", "suggested_name", "score", "name_in_file")
PACKAGED = "kalshi"
"""Its codes come with the package: others would be taken away again with the next version."""
SHOWN = 10
LAST_DAY = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class AliasRow:
    """A code stands for a team from `valid_from` to `valid_to`, both included; None: without end."""

    row: int
    league: str
    code: str
    team_id: str
    valid_from: date | None
    valid_to: date | None

    def overlaps(self, first: date | None, last: date | None) -> bool:
        return (self.valid_from or FIRST_DAY) <= (last or LAST_DAY) and (first or FIRST_DAY) <= (
            self.valid_to or LAST_DAY
        )


def write_suggestions(
    path: Path, league: str, strays: Sequence[Stray], suggestions: Mapping[str, Sequence[Suggestion]]
) -> None:
    """The best suggestion of each id as a row to check; without one, team_id is left for a person to fill."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(WRITTEN)
        for stray in strays:
            best = next(iter(suggestions.get(stray.code, ())), None)
            told = (best.team_id, "", "", best.name, best.score) if best else ("", "", "", "", "")
            writer.writerow((league, stray.code, *told, stray.name or ""))


def read_aliases(path: Path) -> list[AliasRow]:
    """The rows of a CSV (league, code, team_id, optional valid_from, valid_to; other columns are ignored).

    Raises ConfigurationError naming every faulty row; the first data row is row 1.
    """
    if not path.is_file():
        raise ConfigurationError(f"{path}: no such file.")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                has = ", ".join(reader.fieldnames or ()) or "nothing"
                raise ConfigurationError(f"{path}: missing columns {', '.join(missing)}; it has {has}.")
            given = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: cannot be read as CSV: {error}") from error
    faults: list[str] = []
    rows = [one for number, row in enumerate(given, 1) if (one := _row(number, row, faults)) is not None]
    if not given:
        faults.append("no rows")
    _raise(path, faults)
    return rows


def _row(number: int, given: dict[str, str | None], faults: list[str]) -> AliasRow | None:
    values = {name: (given.get(name) or "").strip() for name in WRITTEN}
    wrong = [f"row {number}: no {name}" for name in NEEDED if not values[name]]
    days: dict[str, date | None] = {}
    for name in ("valid_from", "valid_to"):
        try:
            days[name] = date.fromisoformat(values[name]) if values[name] else None
        except ValueError:
            wrong.append(f"row {number}: {name} {values[name]!r} is no date; expected YYYY-MM-DD")
    if not wrong and (days["valid_from"] or FIRST_DAY) > (days["valid_to"] or LAST_DAY):
        wrong.append(f"row {number}: valid_to is before valid_from")
    faults.extend(wrong)
    if wrong:
        return None
    league, code, team_id = (values[name] for name in NEEDED)
    return AliasRow(number, league, code, team_id, days["valid_from"], days["valid_to"])


def import_aliases(
    services: Services, path: Path, source: str, *, correlation_id: str, replace: bool = False
) -> StepReport:
    """Write the codes of a file; with `replace` those it names lose what they stood for before.

    All or nothing. Raises ConfigurationError naming the rows with an unknown league or team, and those where
    a code stands for two teams on one day, here or together with what is stored.
    """
    if source in (PACKAGED, DIRECT):
        why = "come with the package" if source == PACKAGED else "are those of core.teams"
        raise ConfigurationError(f"--source {source}: its codes {why}; name the source of your file.")
    report = StepReport("import aliases", correlation_id, services.clock.now())
    rows = read_aliases(path)
    report.rows_in = len(rows)
    leagues = sorted({one.league for one in rows})
    with in_database(services.engine) as connection:
        teams = {team.team_id for league in leagues for team in store.league_teams(connection, league)}
        _raise(path, _unknown(rows, teams))
        stored = {league: store.aliases(connection, source, league) for league in leagues}
        _raise(path, _contradictions(rows, {} if replace else stored, source))
        if replace:
            report.notes["removed"] = _drop(connection, source, rows, stored)
        given = [(one.league, one.code, one.team_id, one.valid_from, one.valid_to) for one in rows]
        report.wrote(store.write_aliases(connection, source, given))
        report.finish()
        report.record(connection)
    return report


def _drop(connection: Any, source: str, rows: Sequence[AliasRow], stored: Mapping[str, Sequence[Any]]) -> int:
    """Forget what the named codes stood for where the file does not say it again; how many rows went."""
    named = {(one.league, one.code) for one in rows}
    kept = {(one.league, one.code, one.team_id, one.valid_from or FIRST_DAY) for one in rows}
    gone = [
        (league, row.code, row.team_id, row.valid_from)
        for league, there in stored.items()
        for row in there
        if (league, row.code) in named and (league, row.code, row.team_id, row.valid_from) not in kept
    ]
    return store.drop_aliases(connection, source, gone)


def _unknown(rows: Sequence[AliasRow], teams: set[str]) -> list[str]:
    known = load_leagues()
    faults = []
    for one in rows:
        if one.league not in known:
            faults.append(f"row {one.row}: no league {one.league!r}; known: {', '.join(known)}")
        elif one.team_id not in teams:
            faults.append(f"row {one.row}: no team {one.team_id!r} in {one.league}; team ids are like {one.league}:12")
    return faults


def _contradictions(rows: Sequence[AliasRow], stored: Mapping[str, Sequence[Any]], source: str) -> list[str]:
    """Where a code stands for two teams on one day."""
    faults = []
    earlier: defaultdict[tuple[str, str], list[AliasRow]] = defaultdict(list)
    updated = {(one.league, one.code, one.team_id, one.valid_from or FIRST_DAY) for one in rows}
    before: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for league, there in stored.items():
        for row in there:
            if (league, row.code, row.team_id, row.valid_from) not in updated:
                before[league, row.code].append(row)
    for one in rows:
        code = f"row {one.row}: {one.code} of {one.league} is {one.team_id}"
        for other in earlier[one.league, one.code]:
            if other.team_id != one.team_id and one.overlaps(other.valid_from, other.valid_to):
                faults.append(f"{code}, in row {other.row} {other.team_id}, on the same days")
        for row in before[one.league, one.code]:
            if row.team_id != one.team_id and one.overlaps(row.valid_from, row.valid_to):
                faults.append(f"{code}, for {source} already {row.team_id}, on the same days; --replace forgets that")
        earlier[one.league, one.code].append(one)
    return faults


def _raise(path: Path, faults: Sequence[str]) -> None:
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise ConfigurationError(f"{path}: {'; '.join(faults[:SHOWN])}{more}. Nothing was written.")
