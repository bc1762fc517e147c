"""Refused markets as a person reviews them, and the aliases a person accepts.

Belongs here: what to show, what may be accepted, linking again. Does not: matching (`matching`), words (`cli.match`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.config import league_of_series, load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.tickers import TickerParts, parse_ticker
from precog_assets.matching.ids import TIE
from precog_assets.matching.results import OURS_TO_MEND, Reason
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.report import StepReport
from precog_assets.seeds import kalshi_guests
from precog_assets.store import links as store
from precog_assets.store.games import FIRST_DAY

if TYPE_CHECKING:
    from precog_assets.services import Services

ALWAYS = datetime.min.replace(tzinfo=UTC)
_CODE = re.compile(r"[A-Z0-9]{2,16}")


@dataclass(frozen=True, slots=True)
class ToReview:
    """Refused markets of one event, with what a person needs to decide."""

    event_ticker: str
    league: str
    reason: str
    detail: str
    score: float
    """How far matching got, 0 to 1: `matching.results.Refusal.score`."""
    tickers: tuple[str, ...]
    candidates: dict[str, str]
    """Game id -> the game in words, best first."""
    suggestion: str
    command: str
    """Ready to be run where one command may mend it, else empty."""
    changed_at: datetime

    def as_json(self) -> dict[str, Any]:
        """For `--json`: the fields by name, times in ISO 8601."""
        return {
            "event_ticker": self.event_ticker,
            "league": self.league,
            "reason": self.reason,
            "detail": self.detail,
            "score": self.score,
            "tickers": list(self.tickers),
            "candidates": [{"game_id": game, "game": said} for game, said in self.candidates.items()],
            "suggestion": self.suggestion,
            "command": self.command,
            "changed_at": self.changed_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """A market whose link is another one now."""

    ticker: str
    before: str
    """Verdict: matched or a reason."""
    after: str
    game_id: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """An alias as it was written, and what linking made of it."""

    league: str
    code: str
    team_id: str
    team: str
    valid_from: date | None
    valid_to: date | None
    author: str
    changes: tuple[Change, ...]
    links: StepReport


def review(
    services: Services,
    *,
    league: str | None = None,
    since: datetime = ALWAYS,
    reasons: Sequence[Reason] = OURS_TO_MEND,
    most: int = 50,
) -> list[ToReview]:
    """Events with markets refused for these reasons, the most promising first.

    Raises PrecogError(system.database).
    """
    with in_database(services.engine) as connection:
        rows = store.refused_events(
            connection, league=league, since=since, reasons=[reason.value for reason in reasons], most=most
        )
        games = store.games_in_words(connection, [game for row in rows for game in row.candidates or ()])
    return [
        ToReview(
            event_ticker=row.event_ticker,
            league=row.league,
            reason=row.verdict,
            detail=row.detail,
            score=row.score or 0.0,
            tickers=tuple(row.tickers),
            candidates={game: games.get(game, "no longer stored") for game in row.candidates or ()},
            suggestion=(row.evidence or {}).get("suggestion") or "",
            command=_command(row),
            changed_at=row.last_changed_at,
        )
        for row in rows
    ]


def accept(
    services: Services,
    league: str,
    code: str,
    team: str,
    *,
    author: str,
    valid_from: date | None = None,
    valid_to: date | None = None,
    correlation_id: str,
) -> Accepted:
    """Let the venue's code stand for a team (its id, abbreviation, name or city) from now on, and link again.

    `valid_from`, `valid_to`: first and last Eastern day, both included; None is open. Raises ConfigurationError for
    what cannot be right: an unknown league, code or team, a code that stands for another team on one of these days.
    Raises PrecogError(system.database).
    """
    code = _checked(league, code, author, valid_from, valid_to)
    with in_database(services.engine) as connection:
        team_id, name = _the_team(connection, league, team)
        _refuse_overlap(connection, league, code, team_id, valid_from, valid_to)
        before = store.verdicts_of(connection, league)
        store.accept_alias(
            connection,
            league=league,
            code=code,
            team_id=team_id,
            valid_from=valid_from,
            valid_to=valid_to,
            author=author.strip(),
            at=services.clock.now(),
        )
    report = link_markets(services, correlation_id=correlation_id)
    with in_database(services.engine) as connection:
        after = store.verdicts_of(connection, league)
    changes = tuple(
        Change(ticker, before.get(ticker, ("undecided",))[0], *now)
        for ticker, now in after.items()
        if before.get(ticker) != now
    )
    return Accepted(league, code, team_id, name, valid_from, valid_to, author.strip(), changes, report)


def _command(row: Any) -> str:
    """The one command that may turn the refusal into a link."""
    alias = (row.evidence or {}).get("alias")
    if alias:
        return f"precog match accept {alias['league']} {alias['code']} {alias['team_id']}"
    parts = parse_ticker(row.event_ticker, league_of_series())
    if row.verdict == Reason.NO_GAME and isinstance(parts, TickerParts):
        day = parts.eastern_date
        return f"precog backfill games --league {parts.league} --from {day} --to {day}"
    return ""


def _checked(league: str, code: str, author: str, valid_from: date | None, valid_to: date | None) -> str:
    leagues = load_leagues()
    if league not in leagues:
        raise ConfigurationError(f"league {league}: unknown; known: {', '.join(leagues)}.")
    if leagues[league].is_individual:
        raise ConfigurationError(f"league {league}: players are compared by name, a code is never looked up there.")
    upper = code.strip().upper()
    if not _CODE.fullmatch(upper) or upper == TIE:
        raise ConfigurationError(f"code {code}: expected 2 to 16 letters and digits as in tickers, and not {TIE}.")
    guests = {guest.code: guest.name for guest in kalshi_guests() if guest.league == league}
    if upper in guests:
        raise ConfigurationError(f"code {upper}: it is {guests[upper]}, a guest outside {league} that is not rated.")
    if valid_from and valid_to and valid_to < valid_from:
        raise ConfigurationError(f"--to {valid_to}: it lies before --from {valid_from}.")
    if not author.strip():
        raise ConfigurationError("--author: expected a name, so that one can ask who accepted the alias.")
    return upper


def _the_team(connection: sa.Connection, league: str, text: str) -> tuple[str, str]:
    teams = store.teams_meant(connection, league, text)
    meant = [row for row in teams if row.meant]
    if len(meant) == 1:
        return meant[0].team_id, meant[0].display_name
    if meant:
        said = ", ".join(f"{row.team_id} {row.display_name}" for row in meant)
        raise ConfigurationError(f"team {text}: {len(meant)} teams of {league} are called so: {said}; give the id.")
    ids = {row.display_name: row.team_id for row in teams}
    near = get_close_matches(text, ids, n=3, cutoff=0.4)
    hint = f"; near: {', '.join(f'{ids[name]} {name}' for name in near)}" if near else ""
    raise ConfigurationError(f"team {text}: no team of {league} has this id, abbreviation, name or city{hint}.")


def _refuse_overlap(
    connection: sa.Connection, league: str, code: str, team_id: str, valid_from: date | None, valid_to: date | None
) -> None:
    first, last = valid_from or FIRST_DAY, valid_to or date.max
    for row in store.aliases_of(connection, league, code):
        if row.valid_from > last or (row.valid_to or date.max) < first:
            continue
        days = f"from {row.valid_from} to {row.valid_to or 'now on'}"
        if row.team_id != team_id:
            raise ConfigurationError(
                f"code {code}: it stands for {row.team_id} in {league} {days}; give other days with --from and --to."
            )
        if row.valid_from <= first and (row.valid_to or date.max) >= last:
            raise ConfigurationError(f"code {code}: it stands for {team_id} already, {days}.")
