"""What an event of a board is made from, and for how long it may be shown unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import eastern_day
from precog_assets.simulator.espn.catalog import Face, face_of
from precog_assets.simulator.espn.records import NOTHING, Records, Tallies, Tally
from precog_assets.simulator.espn.series import Series, Standing
from precog_assets.simulator.world.model import Listing, SimGame, Truth, WorldView
from precog_assets.simulator.world.randomness import digest

RECENT = timedelta(days=1)
PRIMED_BEFORE = timedelta(minutes=4)
"""So long before the start some football and baseball boards already show the first period (Q5)."""
_ONE_PRIMED_IN = 3
_PRIMED = frozenset({Sport.FOOTBALL, Sport.BASEBALL})
PLAYERS_DAY = date.min
"""The day up to which results count for players, who have no record."""
_JUST_BEFORE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Vital:
    """All that an event's bytes depend on; two showings with equal ones read the same."""

    truth: Truth
    listing: Listing
    counted: date
    """Games of days before it are in the records."""
    standing: Standing | None
    recent: bool
    primed: bool


@dataclass(frozen=True, slots=True)
class Showing:
    """A game at an instant, with what is known around it."""

    face: Face
    game: SimGame
    truth: Truth
    listing: Listing
    tallies: Tallies
    standing: Standing | None
    opening: Truth
    """How it stood just before it began: what odds opened with."""
    recent: bool
    primed: bool

    def tally(self, *, home: bool) -> Tally:
        """A side's season as it prints it: the game itself counts once it is over."""
        side = self.game.home if home else self.game.away
        tally = self.tallies.get(side.espn_id, NOTHING)
        counts = self.truth.completed and self.game.season_type == 2
        return tally.after(self.truth, home=home) if counts else tally


class Showings:
    """Looks at games of one world."""

    def __init__(self, world: WorldView, records: Records) -> None:
        self._world = world
        self._records = records
        self._series = Series(world)

    def vital(self, game: SimGame, now: datetime) -> Vital:
        """What an event of the game would be made from at `now`."""
        truth = self._world.truth(game, now)
        listing = self._world.listing(game, now)
        alone = face_of(game.league).sport is Sport.TENNIS
        return Vital(
            truth=truth,
            listing=listing,
            counted=PLAYERS_DAY if alone else self._records.counted(eastern_day(listing.start), now),
            standing=None if alone or not listing.decided else self._series.standing(game, now),
            recent=abs(now - listing.start) < RECENT,
            primed=_primed(game, truth, listing, now),
        )

    def showing(self, face: Face, game: SimGame, vital: Vital) -> Showing:
        """The same with the season around it."""
        return Showing(
            face=face,
            game=game,
            truth=vital.truth,
            listing=vital.listing,
            tallies={}
            if vital.counted is PLAYERS_DAY
            else self._records.through(game.league, game.season, vital.counted),
            standing=vital.standing,
            opening=self._world.truth(game, game.start - _JUST_BEFORE),
            recent=vital.recent,
            primed=vital.primed,
        )

    def look(self, face: Face, game: SimGame, now: datetime) -> Showing:
        return self.showing(face, game, self.vital(game, now))


def _primed(game: SimGame, truth: Truth, listing: Listing, now: datetime) -> bool:
    if truth.state != "pre" or not listing.start - PRIMED_BEFORE <= now:
        return False
    return face_of(game.league).sport in _PRIMED and digest("primed", game.event_id) % _ONE_PRIMED_IN == 0
