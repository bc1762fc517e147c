"""Team leagues: two codes and an Eastern day to one game, and the YES code to home, away or draw.

The pair of teams is the identity, never the order of the codes (neutral sites turn it round); which
side YES stands for is proven by the YES code alone. Titles drift, codes do not: a sub-title is read only where
the code is unknown (`unknown.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from precog_assets.domain.leagues import League, Outcome
from precog_assets.domain.tickers import TickerParts
from precog_assets.domain.times import EASTERN
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.registry import AliasRegistry
from precog_assets.matching.results import DAY, SIDES, Match, Reason
from precog_assets.matching.trace import Refused, Trace
from precog_assets.matching.unknown import by_sub_title, unknown_code

TIE = "TIE"
START_TOLERANCE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class _Cut:
    codes: tuple[str, str]
    pair: frozenset[str]
    first: str
    """Team id of the code that stands first in the ticker."""


def match_teams(
    parts: TickerParts,
    league: League,
    registry: AliasRegistry,
    games: GameIndex,
    event_codes: Sequence[str],
    trace: Trace,
    *,
    names: Mapping[str, str] | None = None,
    start: datetime | None = None,
) -> Match:
    """The one game of a team league's ticker. Raises Refused with the reason when there is not exactly one.

    `names`: YES code to sub-title. `start`: the venue's, which chooses among several games of a day where the ticker
    names neither start nor number.
    """
    codes = [code for code in dict.fromkeys((*event_codes, parts.yes_code)) if code is not None]
    if TIE in codes and not league.has_draw:
        raise trace.refuse(Reason.WRONG_MARKET_TYPE, f"{TIE} in {league.key}, whose games have no draw")
    sides = [code for code in codes if code != TIE]
    titled = (
        None
        if registry.split(league.key, parts.teams, parts.eastern_date)
        else by_sub_title(parts, registry, names or {}, trace)
    )
    if titled is not None:
        registry = registry.with_code(titled)
    cuts = _cuts(parts, registry, games, sides, trace)
    cut, found = _games_of(cuts, parts, registry, games, trace)
    if start is not None and parts.start_time is None and len(found) > 1:
        trace.say(f"the venue's own start is {start:%Y-%m-%d %H:%M} UTC")
        local = start.astimezone(EASTERN)
        parts = replace(parts, start_time=start, eastern_start=local.time())
    game, rule = _choose(found, parts, trace)
    if game.is_exhibition:
        raise trace.refuse(
            Reason.EXHIBITION, f"{game.in_words()} is a {game.game_kind} game and is not rated", (game.game_id,)
        )
    outcome = _outcome(parts, game, registry, trace)
    reversed_order = cut.first != (game.away_team_id if league.kalshi.order == "away_home" else game.home_team_id)
    if reversed_order:
        trace.say(f"the codes stand in the other order than usual in {league.key}; the pair decides, not the order")
    evidence: dict[str, str | int | bool] = {
        "codes": "+".join(cut.codes),
        "eastern_day": parts.eastern_date.isoformat(),
        "game_start": game.start_time.isoformat(),
        "start_is_placeholder": not game.start_time_valid,
        "phase": game.phase,
        "reversed_order": reversed_order,
        "games_of_pair": len(found),
        "splits": len(cuts),
        "moved": game.day != parts.eastern_date,
    }
    if parts.start_time is not None:
        evidence["start_differs_minutes"] = round((game.start_time - parts.start_time).total_seconds() / 60)
    if titled is not None:
        rule, evidence["sub_title"] = "sub_title", f"{titled.code} is {names[titled.code]}" if names else ""
    score = 1.0 if len(cuts) == 1 and not game.is_off and not evidence["moved"] else 0.9
    score = 0.8 if titled is not None else score
    trace.say(f"matched {game.in_words()}" + (f"; YES is {outcome}" if outcome else ""))
    return Match(game.game_id, outcome, rule, evidence, score, trace.steps)


def _cuts(parts: TickerParts, registry: AliasRegistry, games: GameIndex, sides: list[str], trace: Trace) -> list[_Cut]:
    day, league = parts.eastern_date, parts.league
    splits = registry.split(league, parts.teams, day)
    trace.say(f"{parts.teams} can be cut into known codes as {_list(splits)} on {day}")
    if not splits:
        raise unknown_code(parts, registry, games, trace)
    trace.reach(SIDES)
    cuts = [
        _Cut((a, b), frozenset((first, second)), first)
        for a, b in splits
        for first in sorted(registry.teams(league, a, day))
        for second in sorted(registry.teams(league, b, day))
        if first != second
    ]
    if len(sides) > 2:
        raise trace.refuse(
            Reason.WRONG_MARKET_TYPE, f"the event has the sides {', '.join(sides)}; a winner event has two"
        )
    for code in sides:
        teams = registry.teams(league, code, day)
        if not teams:
            raise trace.refuse(Reason.UNKNOWN_CODE, f"the YES code {code} is not a code of {league} on {day}")
        cuts = [cut for cut in cuts if code in cut.codes] or [cut for cut in cuts if teams & cut.pair]
        if not cuts:
            raise trace.refuse(Reason.WRONG_MARKET_TYPE, f"the YES code {code} is neither side of {parts.teams}")
    if len(splits) > 1 and sides:
        trace.say(f"the YES codes {', '.join(sides)} leave {_list(list(dict.fromkeys(cut.codes for cut in cuts)))}")
    return cuts


def _games_of(
    cuts: list[_Cut], parts: TickerParts, registry: AliasRegistry, games: GameIndex, trace: Trace
) -> tuple[_Cut, list[GameCandidate]]:
    on_day = games.on(parts.league, parts.eastern_date)
    day = parts.eastern_date
    fitting = [(cut, [game for game in games.of_pair(parts.league, cut.pair) if day in game.days]) for cut in cuts]
    fitting = [(cut, found) for cut, found in fitting if found]
    trace.say(f"{len(on_day)} games of {parts.league} on the Eastern day {parts.eastern_date}")
    if len({cut.pair for cut, _ in fitting}) > 1:
        ids = tuple(game.game_id for _, found in fitting for game in found)
        raise trace.refuse(Reason.AMBIGUOUS, f"{parts.teams} fits the games {', '.join(ids)}", ids)
    if not fitting:
        raise _no_game(cuts, parts, registry, games, trace)
    cut, found = fitting[0]
    trace.reach(DAY)
    trace.say(f"of {_pair(cut, registry)}: {', '.join(game.in_words() for game in found)}")
    return cut, found


def _no_game(cuts: list[_Cut], parts: TickerParts, registry: AliasRegistry, games: GameIndex, trace: Trace) -> Refused:
    pairs = " or ".join(dict.fromkeys(_pair(cut, registry) for cut in cuts))
    detail = f"no game of {pairs} on the Eastern day {parts.eastern_date}"
    others = [game for cut in cuts for game in games.of_pair(parts.league, cut.pair)]
    if not others:
        return trace.refuse(Reason.NO_GAME, f"{detail}, nor on any other known day")
    nearest = min(others, key=lambda game: (abs(game.day - parts.eastern_date), game.start_time, game.game_id))
    return trace.refuse(
        Reason.NO_GAME, f"{detail}; nearest is {nearest.in_words()}", (nearest.game_id,), nearest.game_id
    )


def _choose(found: list[GameCandidate], parts: TickerParts, trace: Trace) -> tuple[GameCandidate, str]:
    """One of the day's games of the pair, by what the ticker says: number, start, or being the only one."""
    if parts.game_number is not None:
        return _by_number(found, parts, trace), "game_number"
    if parts.start_time is not None:
        return _by_start(found, parts.start_time, parts, trace)
    if len(found) > 1:
        played = [game for game in found if not game.is_off]
        if len(played) != 1 or not _moved(played[0], parts):
            ids = tuple(game.game_id for game in found)
            raise trace.refuse(Reason.AMBIGUOUS, f"{len(found)} games of the pair, and no number or start", ids)
        found = played
        trace.say("the game of that day was called off; the one moved from it is played in its place")
    return found[0], "moved_game" if _moved(found[0], parts) else "only_game_of_pair"


def _by_number(found: list[GameCandidate], parts: TickerParts, trace: Trace) -> GameCandidate:
    number, ids = parts.game_number or 0, tuple(game.game_id for game in found)
    if any(_moved(game, parts) for game in found):
        raise trace.refuse(Reason.AMBIGUOUS, "a game of the pair was moved from this day: the numbers are unsure", ids)
    if len(found) < 2 or number > len(found):
        detail = f"game {number} of a doubleheader, and {len(found)} game(s) of the pair known that day"
        raise trace.refuse(Reason.AMBIGUOUS, detail, ids)
    if len({game.start_time for game in found}) < len(found):
        raise trace.refuse(Reason.AMBIGUOUS, "the games of the doubleheader have one start time: no order", ids)
    game = found[number - 1]
    trace.say(f"game {number} of {len(found)} in order of start")
    if parts.start_time is not None and game.start_time_valid and not _near(game, parts.start_time):
        detail = f"game {number} is {game.in_words()}, more than 3 h from {_clock(parts)}"
        raise trace.refuse(Reason.AMBIGUOUS, detail, ids)
    return game


def _by_start(
    found: list[GameCandidate], start: datetime, parts: TickerParts, trace: Trace
) -> tuple[GameCandidate, str]:
    ids = tuple(game.game_id for game in found)
    moved = [game for game in found if _moved(game, parts)]
    there = [game for game in found if not _moved(game, parts)]
    if len(found) == 1 and (moved or not there[0].start_time_valid):
        return found[0], "moved_game" if moved else "only_game_of_pair"
    near = sorted((game for game in there if _near(game, start)), key=lambda game: abs(game.start_time - start))
    if not near:
        raise trace.refuse(Reason.AMBIGUOUS, f"no game of the pair starts within 3 h of {_clock(parts)}", ids)
    best = near[0]
    if len(near) > 1 and abs(best.start_time - start) == abs(near[1].start_time - start):
        raise trace.refuse(Reason.AMBIGUOUS, f"two games of the pair are equally near {_clock(parts)}", ids)
    if best.is_off and moved:
        if len(moved) > 1 or sum(game.is_off for game in there) > 1:
            raise trace.refuse(Reason.AMBIGUOUS, "several games of the pair were moved from this day", ids)
        trace.say(f"{best.game_id} was called off; {moved[0].game_id} is played in its place")
        return moved[0], "moved_game"
    return best, "nearest_start" if len(found) > 1 else "only_game_of_pair"


def _moved(game: GameCandidate, parts: TickerParts) -> bool:
    return game.day != parts.eastern_date


def _near(game: GameCandidate, start: datetime) -> bool:
    return abs(game.start_time - start) <= START_TOLERANCE


def _outcome(parts: TickerParts, game: GameCandidate, registry: AliasRegistry, trace: Trace) -> Outcome | None:
    if parts.yes_code is None:
        return None
    if parts.yes_code == TIE:
        return Outcome.DRAW
    teams = registry.teams(parts.league, parts.yes_code, parts.eastern_date)
    home, away = game.home_team_id in teams, game.away_team_id in teams
    if home == away:
        raise trace.refuse(
            Reason.AMBIGUOUS,
            f"the YES code {parts.yes_code} fits {'both sides' if home else 'no side'}",
            (game.game_id,),
        )
    return Outcome.HOME if home else Outcome.AWAY


def _clock(parts: TickerParts) -> str:
    return f"{parts.eastern_start:%H:%M} Eastern"


def _pair(cut: _Cut, registry: AliasRegistry) -> str:
    return " and ".join(registry.name(team) for team in (cut.first, *sorted(cut.pair - {cut.first})))


def _list(splits: list[tuple[str, str]]) -> str:
    return ", ".join("+".join(split) for split in splits) if splits else "nothing"
