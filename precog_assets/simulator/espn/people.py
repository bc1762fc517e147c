"""Invented players: who leads a statistic, pitches, scores or stands at bat. The same ones in every answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.wire import Json, guid, link
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.names import MEN, SURNAMES, WOMEN
from precog_assets.simulator.world.randomness import digest

_WOMENS = frozenset({"wnba", "wncaab", "wta"})
SOCCER = "soccer"
POSITIONS = {
    Sport.BASKETBALL: ("G", "F", "C"),
    Sport.FOOTBALL: ("QB", "RB", "WR"),
    Sport.BASEBALL: ("CF", "1B", "SS", "SP", "RP"),
    Sport.HOCKEY: ("C", "LW", "D", "G"),
    Sport.SOCCER: ("F", "M", "D", "G"),
    Sport.TENNIS: ("P",),
}


@dataclass(frozen=True, slots=True)
class Player:
    """One of a team's players, by number."""

    number: str
    """ESPN's athlete id, as text."""
    first: str
    last: str
    jersey: str
    position: str
    team_id: str
    path: str
    """The league's part of a player's page."""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def short(self) -> str:
        return f"{self.first[0]}. {self.last}"

    def named(self) -> Json:
        """As probables and the men at bat are written, the position a text."""
        return {
            "id": self.number,
            "fullName": self.name,
            "displayName": self.name,
            "shortName": self.short,
            "links": [self._page()],
            "headshot": f"https://a.espncdn.com/i/headshots/{self.path}/players/full/{self.number}.png",
            "jersey": self.jersey,
            "position": self.position,
            "team": {"id": self.team_id},
        }

    def leading(self) -> Json:
        """As leaders are written, the position an object."""
        return self.named() | {"position": {"abbreviation": self.position}, "active": True}

    def profile(self, uid: str) -> Json:
        """As headers of summaries name players: with pictures and places as objects; `uid` is the league's."""
        page = f"https://www.espn.com/{self.path}/player/_/id/{self.number}"
        card = link("playercard", page, "Player Card", about="athlete")
        return {
            "id": self.number,
            "uid": f"{uid}~a:{self.number}",
            "guid": guid("player", self.number),
            "lastName": self.last,
            "fullName": self.name,
            "displayName": self.name,
            "shortName": self.short,
            "links": [card],
            "headshot": {
                "href": f"https://a.espncdn.com/i/headshots/{self.path}/players/full/{self.number}.png",
                "alt": self.name,
            },
            "jersey": self.jersey,
            "position": {"name": self.position, "displayName": self.position, "abbreviation": self.position},
            "status": {"id": "1", "name": "Active", "type": "active", "abbreviation": "Active"},
            "throws": {"type": "RIGHT", "abbreviation": "R", "displayValue": "Right"},
            "record": "1-0",
            "saves": "0",
        }

    def scoring(self) -> Json:
        """As soccer's `details` name who was involved."""
        return {
            "id": self.number,
            "displayName": self.name,
            "shortName": self.short,
            "fullName": self.name,
            "jersey": self.jersey,
            "team": {"id": self.team_id},
            "links": [self._page()],
            "position": self.position,
        }

    def _page(self) -> Json:
        href = f"https://www.espn.com/{self.path}/player/_/id/{self.number}"
        page: Json = {"rel": ["playercard", "desktop", "athlete"], "href": href}
        return page | ({"isHidden": False} if self.path == SOCCER else {})


@lru_cache(maxsize=8192)
def player(face: Face, team: SimTeam, place: int, position: str | None = None) -> Player:
    """The team's player of a place (0 the best); the position is drawn unless it is given."""
    chance = digest("player", face.key, team.espn_id, place, position)
    firsts = WOMEN if face.key in _WOMENS else MEN
    offered = POSITIONS[face.sport]
    return Player(
        number=str(3_000_000 + chance % 2_000_000),
        first=firsts[chance // 7 % len(firsts)],
        last=SURNAMES[chance // 1009 % len(SURNAMES)],
        jersey=str(chance // 65_537 % 45 + 1),
        position=position or offered[chance // 31 % len(offered)],
        team_id=team.espn_id,
        path=SOCCER if face.sport is Sport.SOCCER else face.slug,
    )
