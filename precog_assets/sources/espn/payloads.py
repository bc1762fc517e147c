"""What ESPN's payloads hold: the keys each type must have, and all keys known to occur.

Contracts only. Required are the keys without which nothing can be said about a game; optional are
all keys ever recorded, read or not, so that an unknown key is news. Values are read by the accessors of
`fields`, not by pydantic models: on a recorded draw of 635 matches, validating models with tolerant
fields alone took as long as `json.loads`; accessors, contracts and rows together take less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from precog_assets.domain.facts import ContractCounts
from precog_assets.sources.contract import Contract


def _contract(name: str, required: str, optional: str = "") -> Contract:
    return Contract(name, required=required.split(), optional=optional.split())


BOARD = _contract(
    "espn.board",
    "events",
    "leagues season day week provider groups eventsDate",
)
EVENT = _contract(
    "espn.event",
    "id date competitions",
    "uid name shortName season week links weather status venue timeValid",
)
COMPETITION = _contract(
    "espn.competition",
    "id date status competitors",
    "uid startDate endDate attendance type timeValid dateValid neutralSite conferenceCompetition playByPlayAvailable "
    "recent wasSuspended venue notes situation broadcasts broadcast geoBroadcasts leaders groups tournamentId format "
    "odds tickets outsText series headlines highlights details altGameNote playByPlayAthletes",
)
COMPETITOR = _contract(
    "espn.competitor",
    "id homeAway team",
    "uid type order winner score linescores statistics leaders probables hits errors curatedRank records record form "
    "shootoutScore advance",
)
TEAM = _contract(
    "espn.team",
    "id",
    "uid guid slug location name nickname abbreviation displayName shortDisplayName color alternateColor isActive "
    "isAllStar isNational venue links logo logos conferenceId groups",
)
STATUS = _contract(
    "espn.status",
    "type",
    "clock displayClock period isTBDFlex addedClock featuredAthletes periodPrefix",
)
STATUS_TYPE = _contract(
    "espn.status_type",
    "name state completed",
    "id description detail shortDetail altDetail",
)

SCHEDULE = _contract(
    "espn.schedule",
    "events",
    "timestamp status season team requestedSeason byeWeek",
)
SCHEDULE_EVENT = _contract(
    "espn.schedule_event",
    "id date competitions",
    "name shortName season seasonType timeValid links week league",
)
SCHEDULE_COMPETITION = _contract(
    "espn.schedule_competition",
    "id date status competitors",
    "attendance type timeValid neutralSite boxscoreAvailable ticketsAvailable venue notes broadcasts geoBroadcasts "
    "leaders highlights headlines tickets",
)

SUMMARY = _contract(
    "espn.summary",
    "header",
    "boxscore format gameInfo broadcasts pickcenter againstTheSpread odds news videos wallclockAvailable meta "
    "standings winprobability winProbability leaders article plays injuries seasonseries predictor notes rosters "
    "playsMap atBats lastFiveGames ticketsInfo drives scoringPlays onIce",
)
SUMMARY_HEADER = _contract(
    "espn.summary_header",
    "id competitions",
    "uid season timeValid links league gameNote week standings",
)
SUMMARY_COMPETITION = _contract(
    "espn.summary_competition",
    "id date status competitors",
    "uid neutralSite boxscoreAvailable commentaryAvailable liveAvailable onWatchESPN recent wallclockAvailable "
    "boxscoreSource playByPlaySource broadcasts conferenceCompetition boxscoreMinutes series shotChartAvailable "
    "timeoutsAvailable possessionArrowAvailable groups tournamentId",
)
SUMMARY_COMPETITOR = _contract(
    "espn.summary_competitor",
    "id homeAway team",
    "uid order winner score linescores record possession rank probables hits errors shootoutScore advance",
)

TOURNAMENT = _contract(
    "espn.tennis_tournament",
    "id",
    "uid date endDate name shortName season status links major groupings competitions venue previousWinners calendar",
)
GROUPING = _contract("espn.tennis_grouping", "grouping competitions")
MATCH = _contract(
    "espn.tennis_match",
    "id date status competitors",
    "uid startDate timeValid recent venue format geoBroadcasts broadcasts broadcast tournamentId type notes round "
    "wasSuspended neutralSite situation",
)
PLAYER = _contract(
    "espn.tennis_competitor",
    "id",
    "uid type order statistics homeAway winner linescores athlete roster curatedRank tournamentSeed possession",
)

TEAM_LIST = _contract("espn.teams", "sports")
TEAM_PAGE = _contract(
    "espn.team_page",
    "id",
    f"{' '.join(sorted(TEAM.optional))} record franchise defaultLeague leagueAbbrev nextEvent standingSummary",
)
STANDINGS = _contract(
    "espn.standings",
    "id",
    "uid name abbreviation shortName children isConference links seasons standings",
)
STANDINGS_ENTRY = _contract("espn.standings_entry", "team", "stats note")


@dataclass(frozen=True, slots=True)
class Shape:
    """One of the three places where ESPN shows a team game, with the contracts that hold there."""

    event: Contract
    competition: Contract
    competitor: Contract


BOARD_SHAPE = Shape(EVENT, COMPETITION, COMPETITOR)
SCHEDULE_SHAPE = Shape(SCHEDULE_EVENT, SCHEDULE_COMPETITION, COMPETITOR)
SUMMARY_SHAPE = Shape(SUMMARY_HEADER, SUMMARY_COMPETITION, SUMMARY_COMPETITOR)


class Tally:
    """The contract counts of one payload, by payload type."""

    def __init__(self) -> None:
        self._counts: dict[str, ContractCounts] = {}

    def observe(self, contract: Contract, row: Mapping[str, Any]) -> None:
        """Count one row against its contract."""
        into = self._counts.get(contract.payload_type)
        if into is None:
            into = self._counts[contract.payload_type] = contract.counts()
        contract.observe(row, into)

    def counts(self) -> list[ContractCounts]:
        """The counts of every type met, in the order they were met."""
        return list(self._counts.values())
