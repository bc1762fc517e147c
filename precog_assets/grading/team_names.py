"""What a name in a file of results stands for: the teams of a league that may be meant, by the seed tables.

Belongs here: names that files give teams. Does not: joining games, and the venues' codes of a day (`matching/`).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict

from precog_assets.seeds import kalshi_codes, team_seeds

NAMES: dict[str, dict[str, str]] = {
    "nfl": {
        "fortyniners": "49ers", "niners": "49ers", "washington redskins": "commanders", "redskins": "commanders",
        "washington football team": "commanders", "football team": "commanders", "washingtom": "commanders",
        "oakland": "raiders", "oak": "raiders", "lvr": "raiders", "san diego": "chargers", "sd": "chargers",
        "sdg": "chargers", "st louis": "rams", "stl": "rams", "kcchiefs": "chiefs", "was": "commanders",
        "la": "rams", "jac": "jaguars", "gnb": "packers", "kan": "chiefs", "nwe": "patriots", "nor": "saints",
        "sfo": "49ers", "tam": "buccaneers", "ram": "rams", "rai": "raiders", "sea hawks": "seahawks",
        "tampa": "buccaneers", "kansas": "chiefs", "nyjets": "jets", "ny jets": "jets", "larams": "rams",
    },
    "nba": {
        "bobcats": "hornets", "sonics": "thunder", "supersonics": "thunder", "seattle": "thunder", "sea": "thunder",
        "new jersey": "nets", "new jersey nets": "nets", "nj": "nets", "njn": "nets", "brk": "nets",
        "la clippers": "clippers", "la lakers": "lakers", "cho": "hornets", "pho": "suns", "noh": "pelicans",
        "gsw": "warriors", "nop": "pelicans", "nyk": "knicks", "sas": "spurs", "uta": "jazz", "was": "wizards",
        "sixers": "76ers", "blazers": "trail blazers", "golden state": "warriors",
    },
    "epl": {
        "man united": "manchester united", "man utd": "manchester united", "man city": "manchester city",
        "nott m forest": "nottingham forest", "nottm forest": "nottingham forest", "spurs": "tottenham hotspur",
        "brighton": "brighton hove albion", "bournemouth": "afc bournemouth", "leeds": "leeds united",
        "newcastle": "newcastle united", "tottenham": "tottenham hotspur", "west ham": "west ham united",
        "wolves": "wolverhampton wanderers", "leicester": "leicester city", "hull": "hull city",
        "ipswich": "ipswich town", "coventry": "coventry city",
    },
    "ligue1": {
        "paris sg": "paris saint germain", "psg": "paris saint germain", "st etienne": "saint etienne",
        "rennes": "stade rennais", "stade rennais fc": "stade rennais", "auxerre": "aj auxerre",
        "monaco": "as monaco", "reims": "stade de reims", "le havre": "le havre ac",
    },
}  # fmt: skip
"""What files of results call teams beside the names in the tables; values are names in them."""
_LEAST_TAIL = 5
"""Letters of a name that may end a longer one without a space (`BuffaloBills`)."""


class TeamNames:
    """What a name of a team stands for, in one league."""

    def __init__(self, league: str) -> None:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for team in team_seeds():
            if team.league == league:
                words = (team.team_id, team.espn_team_id, team.abbreviation, team.location, team.name)
                for text in (*words, team.display_name, f"{team.location} {team.name}"):
                    if text:
                        found[plain(text)].add(team.team_id)
        for code in kalshi_codes():
            if code.league == league:
                found[plain(code.code)].add(code.team_id)
        for other, name in NAMES.get(league, {}).items():
            found[plain(other)] = found.get(plain(name), {plain(name)})
        self._found = {text: frozenset(ids) for text, ids in found.items()}
        self._joined = {text.replace(" ", ""): ids for text, ids in self._found.items()}

    def __call__(self, name: str) -> frozenset[str]:
        """Ids of the teams it may be; a name nobody knows is its own id. `LosAngeles` is both of its teams."""
        text = plain(name)
        words = text.split()
        for at in range(len(words)):
            tail = " ".join(words[at:])
            if tail in self._found:
                return self._found[tail]
        bare = text.replace(" ", "")
        if bare in self._joined:
            return self._joined[bare]
        longer = [ids for known, ids in self._joined.items() if len(known) >= _LEAST_TAIL and bare.endswith(known)]
        return longer[0] if len(set(longer)) == 1 else frozenset({text})


def plain(name: str) -> str:
    """Letters and digits in lower case, without accents, single spaces between words."""
    bare = unicodedata.normalize("NFKD", name)
    kept = "".join(" " if not letter.isalnum() else letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(kept.lower().split())
