"""Market to game: the one entry, and its explanation in words.

Pure: tickers, codes and games come in, a match or a refusal goes out. Nothing is guessed: where not
exactly one game is certain, the market stays unmatched, with the reason and, if there is one, a hint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from precog_assets.domain.leagues import League
from precog_assets.domain.tickers import TickerParts, TickerRefusal, parse_ticker
from precog_assets.matching.games import GameIndex
from precog_assets.matching.ids import NOTHING, VenueIds, match_ids
from precog_assets.matching.players import match_players
from precog_assets.matching.registry import AliasRegistry
from precog_assets.matching.results import READ, Match, Reason, Refusal
from precog_assets.matching.teams import match_teams
from precog_assets.matching.trace import Refused, Trace


def match_market(
    parsed: TickerParts | TickerRefusal,
    games: GameIndex,
    registry: AliasRegistry,
    leagues: Mapping[str, League],
    *,
    event_codes: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    ids: VenueIds = NOTHING,
    text: str = "",
) -> Match | Refusal:
    """Tie a market (or event) ticker to exactly one game, or refuse.

    Evidence counts in this order: the venue's own ids, the ticker, nearness of starts, sub-titles.

    `event_codes`: the YES codes of all markets of the event, where known; they fix how the teams are cut.
    `names`: YES code to `yes_sub_title`; read in tennis, and where a code is unknown. `ids`: what the venue says
    of the event by id. `text`: title and rules, which name a tennis tournament.
    Raises KeyError when the ticker's league is not among `leagues`.
    """
    trace = Trace()
    if isinstance(parsed, TickerRefusal):
        return trace.refuse(Reason(parsed.reason.value), parsed.detail).refusal
    league = leagues[parsed.league]
    trace.say(_read(parsed))
    trace.reach(READ)
    try:
        by_ids = match_ids(parsed, league, registry, games, ids, trace)
        if by_ids is not None:
            return by_ids
        if league.is_individual:
            return match_players(parsed, league, games, event_codes, names or {}, trace, text=text)
        return match_teams(parsed, league, registry, games, event_codes, trace, names=names or {}, start=ids.start)
    except Refused as refused:
        return refused.refusal


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was done with a ticker and what came of it, for people."""

    ticker: str
    result: Match | Refusal

    @property
    def lines(self) -> list[str]:
        """Ticker, steps, verdict and, where there are some, evidence and suggestion: one line each."""
        result = self.result
        lines = [self.ticker, *(f"  {number}. {step}" for number, step in enumerate(result.steps, start=1))]
        if isinstance(result, Match):
            side = result.outcome or "no side, it is an event"
            lines.append(f"  matched: {result.game_id}, YES = {side} (rule {result.rule}, score {result.score:.1f})")
            lines.extend(f"    {name}: {value}" for name, value in result.evidence.items())
            return lines
        lines.append(f"  unmatched: {result.reason}: {result.detail} (score {result.score:.2f})")
        if result.candidates:
            lines.append(f"    considered: {', '.join(result.candidates)}")
        if result.suggestion:
            lines.append(f"    perhaps: {result.suggestion}")
        if result.alias:
            alias = result.alias
            lines.append(f"    to accept: precog match accept {alias.league} {alias.code} {alias.team_id}")
        return lines


def explain(
    ticker: str,
    games: GameIndex,
    registry: AliasRegistry,
    leagues: Mapping[str, League],
    *,
    event_codes: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    ids: VenueIds = NOTHING,
    text: str = "",
) -> Explanation:
    """Take a ticker (as typed: case and outer spaces do not matter) through `match_market`."""
    clean = ticker.strip().upper()
    series = {name: league.key for league in leagues.values() for name in (league.kalshi.series, *league.kalshi.also)}
    parsed = parse_ticker(clean, series)
    result = match_market(parsed, games, registry, leagues, event_codes=event_codes, names=names, ids=ids, text=text)
    return Explanation(clean, result)


def _read(parts: TickerParts) -> str:
    said = [f"league {parts.league}", f"Eastern day {parts.eastern_date}", f"teams {parts.teams}"]
    if parts.eastern_start is not None:
        said.append(f"start {parts.eastern_start:%H:%M} Eastern")
    if parts.game_number is not None:
        said.append(f"game {parts.game_number}")
    said.append(f"YES is {parts.yes_code}" if parts.yes_code else "no YES side (event)")
    return f"{parts.series}: {', '.join(said)}"
