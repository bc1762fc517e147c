"""Tennis: the letters of two surnames, or two names, to one match of the days around the ticker's.

There is no registry of players: the match's own two names are compared with the market's names where
they are known, else with the codes (first letters of the surname, its initials, padded with X). Kalshi
fixes the day when it lists a match and play drifts, so a day before and after are searched too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from precog_assets.domain.leagues import League, Outcome
from precog_assets.domain.tickers import TickerParts
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.registry import halves
from precog_assets.matching.results import DAY, Match, Reason
from precog_assets.matching.trace import Refused, Trace

DAYS_AROUND = 1
DAYS_SUGGESTED = 10
_NOT_A_LETTER = re.compile(r"[^a-z]+")
_NOT_DECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"})


def match_players(
    parts: TickerParts,
    league: League,
    games: GameIndex,
    event_codes: Sequence[str],
    names: Mapping[str, str],
    trace: Trace,
    *,
    text: str = "",
) -> Match:
    """The one match of a tennis ticker. Raises Refused with the reason when there is not exactly one."""
    cuts = _cuts(parts, event_codes, trace)
    known = {code: name for code, name in names.items() if tokens(name)}
    if parts.series != league.kalshi.series and not all(code in known for code in cuts[0]):
        raise trace.refuse(
            Reason.AMBIGUOUS,
            f"{parts.series} needs both players' names: letters alone do not tell them from main-tour ones",
        )
    near = games.near(league.key, parts.eastern_date, within_days=DAYS_AROUND)
    trace.say(f"{len(near)} matches of {league.key} on {parts.eastern_date} and the days next to it (Eastern)")
    found = [(game, cut, first_is_home) for cut in cuts for game in near for first_is_home in _fits(game, cut, known)]
    ids = tuple(dict.fromkeys(game.game_id for game, _, _ in found))
    if not found:
        who = " and ".join(known.get(code, f"{code}...") for code in cuts[0])
        detail = f"no match of {who} on {parts.eastern_date} or the days next to it"
        raise _no_match(detail, parts, games, cuts, known, trace)
    if len(ids) > 1 and (named := _of_tournament(found, text)):
        trace.say(f"of {len(ids)} matches, one is of the tournament that the market names: {named[0][0].tournament}")
        found, ids = named, (named[0][0].game_id,)
    trace.reach(DAY)
    if len(ids) > 1:
        raise trace.refuse(Reason.AMBIGUOUS, f"{parts.teams} fits {len(ids)} matches", ids)
    game, cut, _ = found[0]
    outcomes = {_outcome(parts.yes_code, each, first_is_home) for _, each, first_is_home in found}
    if len(outcomes) > 1:
        raise trace.refuse(Reason.AMBIGUOUS, f"{parts.yes_code} fits both sides of {game.in_words()}", ids)
    outcome = outcomes.pop()
    if game.is_exhibition:
        raise trace.refuse(Reason.EXHIBITION, f"{game.in_words()} is a {game.game_kind} match and is not rated", ids)
    by_name = sum(code in known for code in cut)
    trace.say(f"matched {game.in_words()}" + (f"; YES is {outcome}" if outcome else ""))
    return Match(
        game.game_id,
        outcome,
        ("surname_codes", "one_name_one_code", "player_names")[by_name],
        {
            "codes": "+".join(cut),
            "eastern_day": parts.eastern_date.isoformat(),
            "game_start": game.start_time.isoformat(),
            "home_name": game.home_name,
            "away_name": game.away_name,
            "days_apart": (game.day - parts.eastern_date).days,
            "phase": game.phase,
        },
        (0.8, 0.9, 1.0)[by_name],
        trace.steps,
    )


_Found = tuple[GameCandidate, tuple[str, str], bool]


def _of_tournament(found: list[_Found], text: str) -> list[_Found]:
    """The finds of the one match whose tournament the market's text names in full; none where that is not one."""
    said = set(tokens(text))
    named = [one for one in found if (words := tokens(one[0].tournament)) and said.issuperset(words)]
    return named if len({game.game_id for game, _, _ in named}) == 1 else []


def _no_match(
    detail: str,
    parts: TickerParts,
    games: GameIndex,
    cuts: list[tuple[str, str]],
    known: Mapping[str, str],
    trace: Trace,
) -> Refused:
    further = games.near(parts.league, parts.eastern_date, within_days=DAYS_SUGGESTED)
    fitting = [game for game in further if any(_fits(game, cut, known) for cut in cuts)]
    if not fitting:
        return trace.refuse(Reason.NO_GAME, detail)
    nearest = min(fitting, key=lambda game: (abs(game.day - parts.eastern_date), game.start_time, game.game_id))
    return trace.refuse(
        Reason.NO_GAME, f"{detail}; nearest is {nearest.in_words()}", (nearest.game_id,), nearest.game_id
    )


def _cuts(parts: TickerParts, event_codes: Sequence[str], trace: Trace) -> list[tuple[str, str]]:
    codes = [code for code in dict.fromkeys((*event_codes, parts.yes_code)) if code is not None]
    if len(codes) > 2:
        raise trace.refuse(Reason.WRONG_MARKET_TYPE, f"the event has the sides {', '.join(codes)}; a match has two")
    cuts = halves(parts.teams)
    if codes:
        cuts = [cut for cut in cuts if all(code in cut for code in codes)]
    elif len(parts.teams) % 2 == 0:
        middle = len(parts.teams) // 2
        cuts = [(parts.teams[:middle], parts.teams[middle:])]
    if not cuts:
        raise trace.refuse(Reason.WRONG_MARKET_TYPE, f"{', '.join(codes)} is not one side of {parts.teams}")
    trace.say(f"{parts.teams} is cut into {', '.join('+'.join(cut) for cut in cuts)}")
    return cuts


def _outcome(yes_code: str | None, cut: tuple[str, str], first_is_home: bool) -> Outcome | None:
    if yes_code is None:
        return None
    return Outcome.HOME if (yes_code == cut[0]) == first_is_home else Outcome.AWAY


def _fits(game: GameCandidate, cut: tuple[str, str], known: Mapping[str, str]) -> list[bool]:
    """The ways round that fit: True where the first code is the home side."""
    sides = (game.home_name, game.away_name)

    def fits(code: str, side: str) -> bool:
        return same_player(known[code], side) if code in known else code_fits(code, side)

    return [
        first_is_home
        for first_is_home in (True, False)
        if fits(cut[0], sides[0 if first_is_home else 1]) and fits(cut[1], sides[1 if first_is_home else 0])
    ]


def tokens(name: str) -> list[str]:
    """The words of a name in plain lower-case letters: accents dropped, hyphens and dots cut."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_NOT_DECOMPOSED))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [word for word in _NOT_A_LETTER.split(letters.replace("'", "")) if word]


def same_player(first: str, second: str) -> bool:
    """True when two names agree: all words of one (two at least) are in the other, in any order, or the last
    words are equal and one first word begins the other (initials, Alex for Alexander)."""
    a, b = tokens(first), tokens(second)
    if len(a) < 2 or len(b) < 2:
        return bool(a) and a == b
    if set(a) <= set(b) or set(b) <= set(a):
        return True
    return a[-1] == b[-1] and (a[0].startswith(b[0]) or b[0].startswith(a[0]))


def code_fits(code: str, name: str) -> bool:
    """True when the code is the start of the surname, its initials, or a short surname padded with X."""
    words = tokens(name)
    wanted = code.lower()
    surnames = [words[i:] for i in range(1, len(words))] or ([words] if words else [])
    for surname in surnames:
        joined = "".join(surname)
        if joined.startswith(wanted) or (len(joined) < len(wanted) and joined.ljust(len(wanted), "x") == wanted):
            return True
        if len(surname) > 1 and "".join(word[0] for word in surname) == wanted:
            return True
    return False
