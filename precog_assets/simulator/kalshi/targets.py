"""Structured targets, which are teams and players by UUID, and the search reads over series and sports."""

from __future__ import annotations

from functools import cached_property

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Sport
from precog_assets.simulator.kalshi.answers import invalid, not_found, page
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.combo_wire import COMBO_TAG
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.listing import code_of, target_of
from precog_assets.simulator.kalshi.noise import stable_uuid
from precog_assets.simulator.kalshi.sports import SPORTS, SeriesTerms
from precog_assets.simulator.kalshi.wire import Json
from precog_assets.simulator.world.guests import ALL_STARS, former_clubs, visiting_clubs
from precog_assets.simulator.world.model import SimTeam, WorldView

_MOST_IDS, _MOST_ROWS = 2_000, 2_000
_UPDATED = "2026-07-01T12:00:00Z"
_SCOPES = ["Games"]
_WOMEN = ("wncaab", "wnba", "wta")


class Targets:
    """The teams and players of a world as Kalshi names them."""

    def __init__(self, world: WorldView, catalog: Catalog) -> None:
        self._world = world
        self._catalog = catalog

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("GET", "/structured_targets", "GetStructuredTargets", self._list),
            Endpoint("GET", "/structured_targets/{structured_target_id}", "GetStructuredTarget", self._one),
            Endpoint("GET", "/search/filters_by_sport", "GetFiltersForSports", self._filters),
            Endpoint("GET", "/search/tags_by_categories", "GetTagsForSeriesCategories", self._tags),
        ]

    @cached_property
    def _all(self) -> dict[str, Json]:
        """Every target by id, in the order of ids."""
        rows: dict[str, Json] = {}
        for series in self._own_series():
            league = series.league
            guests = (*ALL_STARS.get(league, ()), *visiting_clubs(league), *former_clubs(league))
            for team in guests:
                rows[target_of(team)] = _target(series, team, own=False)
            for team in self._world.teams(league):
                rows[target_of(team)] = _target(series, team, own=True)
        return dict(sorted(rows.items()))

    def _own_series(self) -> list[SeriesTerms]:
        return [series for series in self._catalog.series.values() if series.has_games]

    def _list(self, call: Call) -> Json:
        query = call.query
        size = query.limit(100, _MOST_ROWS, lowest=1, name="page_size")
        ids = query.repeated("ids")
        if len(ids) > _MOST_IDS:
            raise invalid(query.operation, "Ids", "max")
        kind, competition = query.text("type"), query.text("competition")
        after = query.text("cursor")
        rows = [
            (0, target)
            for target in (self._all if not ids else sorted(set(ids) & self._all.keys()))
            if kind in (None, self._all[target]["type"])
            and (competition is None or competition == self._all[target]["details"].get("league"))
        ]
        taken, more = page(rows, size, lambda row: row, (0, after) if after in self._all else None)
        cursor = taken[-1][1] if more else ""
        return {"structured_targets": [self._all[target] for _, target in taken], "cursor": cursor}

    def _one(self, call: Call) -> Json:
        found = self._all.get(call.path["structured_target_id"])
        if found is None:
            raise not_found()
        return {"structured_target": found}

    def _filters(self, _call: Call) -> Json:
        sports: dict[str, Json] = {"All sports": {"scopes": list(_SCOPES), "competitions": {}}}
        for series in self._own_series():
            tag = SPORTS[load_leagues()[series.league].sport].tag
            row = sports.setdefault(tag, {"scopes": list(_SCOPES), "competitions": {}})
            row["competitions"][series.competition] = {"scopes": list(_SCOPES)}
        return {"filters_by_sports": sports, "sport_ordering": list(sports)}

    def _tags(self, _call: Call) -> Json:
        tags = dict.fromkeys(SPORTS[load_leagues()[series.league].sport].tag for series in self._own_series())
        return {"tags_by_categories": {"Sports": [*tags, COMBO_TAG]}}


def _target(series: SeriesTerms, team: SimTeam, *, own: bool) -> Json:
    """A StructuredTarget object; sides that are not the league's own are named in full."""
    sport = load_leagues()[series.league].sport
    gender = "female" if team.league in _WOMEN else "male"
    details: Json = {"abbreviation": code_of(team), "gender": gender, "league": series.milestone_league}
    if sport is Sport.TENNIS:
        first, _, last = team.display_name.rpartition(" ")
        details |= {"first_name": first, "last_name": last or team.display_name}
    elif sport is Sport.SOCCER:
        details |= {"short_name": team.location}
    else:
        details |= {"market": team.location, "team_name": team.name}
    return {
        "id": target_of(team),
        "name": team.location if sport not in (Sport.TENNIS, Sport.SOCCER) and own else team.display_name,
        "type": SPORTS[sport].strike_key,
        "details": details,
        "source_id": stable_uuid("target-source", team.league, team.espn_id),
        "last_updated_ts": _UPDATED,
    }
