"""How ESPN names each league: ids, paths, uid prefixes, season labels as its pages spell them."""

from __future__ import annotations

from dataclasses import dataclass

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.leagues import Sport
from precog_assets.simulator.world.model import SimGame
from precog_assets.simulator.world.randomness import digest


@dataclass(frozen=True, slots=True)
class Face:
    """A league as ESPN shows it."""

    key: str
    sport: Sport
    sport_id: str
    league_id: str
    name: str
    abbreviation: str
    midsize: str | None = None
    """`midsizeName`, which four leagues lack."""
    stage: tuple[int, str] | None = None
    """Soccer: the season type's id in 2025-26, and the words of the slug."""

    @property
    def path(self) -> str:
        """`sport/league`, e.g. `soccer/eng.1`."""
        return load_leagues()[self.key].espn.path

    @property
    def slug(self) -> str:
        return self.path.split("/")[1]

    @property
    def uid(self) -> str:
        return f"s:{self.sport_id}~l:{self.league_id}"

    @property
    def college(self) -> bool:
        return "college" in self.path

    def event_uid(self, event_id: str) -> str:
        return f"{self.uid}~e:{event_id}"

    def team_uid(self, team_id: str) -> str:
        """Soccer clubs carry no league in their uid."""
        return f"s:{self.sport_id}~t:{team_id}" if self.sport is Sport.SOCCER else f"{self.uid}~t:{team_id}"


_FACES = (
    Face("nfl", Sport.FOOTBALL, "20", "28", "National Football League", "NFL"),
    Face("ncaaf", Sport.FOOTBALL, "20", "23", "NCAA - Football", "NCAAF", "NCAA Football"),
    Face("nba", Sport.BASKETBALL, "40", "46", "National Basketball Association", "NBA"),
    Face("wnba", Sport.BASKETBALL, "40", "59", "Women's National Basketball Association", "WNBA"),
    Face("ncaab", Sport.BASKETBALL, "40", "41", "NCAA Men's Basketball", "NCAAM", "NCAAM Basketball"),
    Face("wncaab", Sport.BASKETBALL, "40", "54", "NCAA Women's Basketball", "NCAAW", "NCAAW Basketball"),
    Face("nhl", Sport.HOCKEY, "70", "90", "National Hockey League", "NHL"),
    Face("mlb", Sport.BASEBALL, "1", "10", "Major League Baseball", "MLB", "MLB"),
    Face(
        "epl",
        Sport.SOCCER,
        "600",
        "700",
        "English Premier League",
        "Premier League",
        "ENG.1",
        (13481, "English Premier League"),
    ),
    Face("ligue1", Sport.SOCCER, "600", "710", "French Ligue 1", "Ligue 1", "FRA.1", (13546, "Ligue 1")),
    Face("mls", Sport.SOCCER, "600", "770", "MLS", "MLS", "USA.1", (13846, "Regular Season")),
    Face("atp", Sport.TENNIS, "850", "851", "ATP", "ATP", "ATP"),
    Face("wta", Sport.TENNIS, "850", "900", "WTA", "WTA", "WTA"),
)
ALL_SOCCER = "all"
"""In a path, every soccer league at once."""
FACES = {face.key: face for face in _FACES}
_STAGES_A_YEAR = 827
"""By how much a soccer season type's id grew from 2024-25 to 2025-26."""


def face_of(league: str) -> Face:
    """The face of a league; ConfigurationError for one that ESPN's side of the simulator does not know."""
    if league not in FACES:
        raise ConfigurationError(f"No ESPN face for league {league!r}; there are {', '.join(FACES)}.")
    return FACES[league]


def season_words(face: Face, season: int) -> str:
    """`2026-27` for leagues over two years, else `2026`; soccer adds the league's name."""
    label = load_leagues()[face.key].season_label
    if face.sport is Sport.FOOTBALL or label == "calendar_year":
        return str(season)
    first = season if label == "start_year" else season - 1
    years = f"{first}-{(first + 1) % 100:02d}"
    return f"{years} {face.stage[1]}" if face.stage else years


def season_type(face: Face, game: SimGame) -> tuple[int, str]:
    """(type, slug) of a game's season: 1 to 3, or the stage's own id in soccer."""
    if face.stage and game.season_type == 3:
        slug = (game.round_name or "playoffs").lower().replace(" ", "-")
        return stage_type(face, game.season, 2) + 1 + digest("stage", slug) % 60, slug
    return stage_type(face, game.season, game.season_type), stage_slug(face, game.season, game.season_type)


def stage_type(face: Face, season: int, kind: int) -> int:
    """The season type of a kind of game: the kind itself, or the id soccer gives its league stage that year."""
    if face.stage is None:
        return kind
    return face.stage[0] + _STAGES_A_YEAR * (season - (2026 if face.key == "mls" else 2025))


def stage_slug(face: Face, season: int, kind: int) -> str:
    if face.stage and face.key != "mls":
        return season_words(face, season).lower().replace(" ", "-")
    return {1: "preseason", 2: "regular-season", 3: "post-season", 4: "off-season"}[kind]


TYPE_NAMES = {
    1: ("Preseason", "pre"),
    2: ("Regular Season", "reg"),
    3: ("Postseason", "post"),
    4: ("Off Season", "off"),
}
