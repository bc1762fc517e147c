"""Codes that the registry does not know: what else may tell, and what a person could accept.

Belongs here: guests, sub-titles that name exactly one club, hints. Does not: choosing a game.
"""

from __future__ import annotations

from collections.abc import Mapping

from precog_assets.domain.tickers import TickerParts
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.registry import AliasRegistry, halves
from precog_assets.matching.results import HALF, Alias, Reason
from precog_assets.matching.trace import Refused, Trace
from precog_assets.seeds import CodeSeed


def by_sub_title(
    parts: TickerParts, registry: AliasRegistry, names: Mapping[str, str], trace: Trace
) -> CodeSeed | None:
    """The unknown one of two codes as its sub-title tells it, where the other code is known.

    The text must be the city, nickname or name of exactly one club of the league, and not of the known side.
    """
    day, league = parts.eastern_date, parts.league
    found = [
        CodeSeed("sub_title", league, rest, team, None, None)
        for known, rest in registry.half_known(league, parts.teams, day)
        if rest in names and registry.guest(league, rest) is None and not registry.ever(league, rest)
        for teams in [registry.named(league, names[rest])]
        if len(teams) == 1
        for team in teams - registry.teams(league, known, day)
    ]
    if len(found) != 1:
        return None
    trace.say(f"{found[0].code} is no known code; its sub-title names {registry.name(found[0].team_id)}")
    return found[0]


def unknown_code(parts: TickerParts, registry: AliasRegistry, games: GameIndex, trace: Trace) -> Refused:
    """The refusal of a ticker that cannot be cut into two known codes, with the one plausible alias if there is one."""
    day, league = parts.eastern_date, parts.league
    cuts = registry.half_known(league, parts.teams, day)
    for _, rest in cuts:
        guest = registry.guest(league, rest)
        if guest is not None:
            trace.reach(HALF)
            return trace.refuse(Reason.EXHIBITION, f"{rest} is {guest}, a guest outside {league}: not rated against")
    found = [
        (
            f"{known} plays {_other(game, team)} that day ({game.game_id}); if that is {rest}, add the code to the "
            "registry",
            game.game_id,
            rest,
            next(iter(game.teams - {team}), None),
        )
        for known, rest in cuts
        for team in sorted(registry.teams(league, known, day))
        for game in games.on(league, day)
        if team in game.teams
    ]
    if cuts:
        trace.reach(HALF)
        known = ", ".join(f"{rest} (next to {code})" for code, rest in cuts)
        detail = f"no code of {league} on {day}: {known}"
    else:
        detail = f"no cut of {parts.teams} ({len(halves(parts.teams))} possible) has a known code of {league} on {day}"
    candidates = tuple(dict.fromkeys(game_id for _, game_id, _, _ in found))
    if len(found) != 1:
        return trace.refuse(Reason.UNKNOWN_CODE, detail, candidates)
    hint, _, rest, other = found[0]
    alias = Alias(league, rest, other) if other is not None else None
    return trace.refuse(Reason.UNKNOWN_CODE, detail, candidates, hint, alias)


def _other(game: GameCandidate, team: str) -> str:
    if game.home_team_id == team:
        return game.away_name or str(game.away_team_id)
    return game.home_name or str(game.home_team_id)
