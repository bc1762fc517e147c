"""The live situation of a game in play, as a small flat mapping per sport.

Keys: football `down distance yard_line possession is_red_zone home_timeouts away_timeouts`; baseball
`balls strikes outs on_first on_second on_third`; tennis `server`; every sport whose last play carries
a probability `home_win_probability` (text, 0 to 1, the provider's own). A key is there only if it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from precog_assets.domain.leagues import Sport
from precog_assets.sources.espn.fields import flag, mapping, number

_FOOTBALL = (
    ("down", "down"),
    ("distance", "distance"),
    ("yardLine", "yard_line"),
    ("homeTimeouts", "home_timeouts"),
    ("awayTimeouts", "away_timeouts"),
)
_BASEBALL = (("balls", "balls"), ("strikes", "strikes"), ("outs", "outs"))
_BASES = (("onFirst", "on_first"), ("onSecond", "on_second"), ("onThird", "on_third"))


def read_situation(
    raw: Any, sport: Sport, home: Mapping[str, Any], away: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The situation of a team game in play; None where the board says nothing of use (`{}` before the tip)."""
    sent = mapping(raw)
    if not sent:
        return None
    found: dict[str, Any] = {}
    if sport is Sport.FOOTBALL:
        _numbers(sent, _FOOTBALL, found)
        if (red_zone := flag(sent.get("isRedZone"))) is not None:
            found["is_red_zone"] = red_zone
        holder = sent.get("possession")
        if isinstance(holder, str | int):
            for side, competitor in (("home", home), ("away", away)):
                if str(competitor.get("id")) == str(holder):
                    found["possession"] = side
    elif sport is Sport.BASEBALL:
        _numbers(sent, _BASEBALL, found)
        for key, name in _BASES:
            if (occupied := flag(sent.get(key))) is not None:
                found[name] = occupied
    probability = mapping(mapping(sent.get("lastPlay")).get("probability"))
    chance = number(probability.get("homeWinPercentage"))
    if chance is not None and 0 <= chance <= 1:
        found["home_win_probability"] = str(chance)
    return found or None


def read_server(home: Mapping[str, Any], away: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Who serves in a tennis match in play, by the competitors' `possession` flag."""
    serving = [side for side, player in (("home", home), ("away", away)) if player.get("possession") is True]
    return {"server": serving[0]} if len(serving) == 1 else None


def _numbers(sent: Mapping[str, Any], keys: tuple[tuple[str, str], ...], into: dict[str, Any]) -> None:
    for key, name in keys:
        value = number(sent.get(key))
        if value is not None and value.is_integer():
            into[name] = int(value)
