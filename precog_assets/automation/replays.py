"""What ratings and forecasts of a league were made from, and whether renewing them means replaying everything.

Belongs here: cheap questions to the database that a tick can ask. Does not: rating.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.domain.facts import RATED_KINDS
from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.rate import HORIZON, changes_wanted_since
from precog_assets.ratings.versions import model_version
from precog_assets.store.ratings import changed_since, is_rated
from precog_assets.store.states import states

if TYPE_CHECKING:
    from precog_assets.domain.leagues import League
    from precog_assets.services import Services

MOST_IN_A_TICK = 20_000
"""Finished games that a tick replays from the start; with more of them the job `rerate` does (180,000: 5 to 8 s)."""

_FACTS = sa.text(
    """
    SELECT league, sum(games) AS games, max(changed_at) AS changed_at, sum(scheduled) AS scheduled,
           coalesce(bit_xor(fixtures), 0) AS fixtures, max(season) AS season
    FROM (
        SELECT league, count(*) AS games, max(last_changed_at) AS changed_at, 0 AS scheduled,
               CAST(NULL AS bigint) AS fixtures, max(season) AS season
        FROM core.games WHERE completed GROUP BY league
        UNION ALL
        SELECT league, 0, NULL, count(*),
               bit_xor(hashtextextended(concat_ws('|', game_id, start_time, home_team_id, away_team_id, season,
                                                  game_kind, neutral_site, attributes), 0)),
               max(season)
        FROM core.games
        WHERE NOT completed AND start_time > :first AND start_time <= :until AND phase NOT IN ('postponed', 'canceled')
          AND game_kind = ANY(:kinds) AND home_team_id IS NOT NULL AND away_team_id IS NOT NULL
        GROUP BY league
    ) parts GROUP BY league
    """
)
_CHANGED_BEFORE = sa.text(
    "SELECT EXISTS (SELECT FROM core.games WHERE league = :league AND completed AND last_changed_at > :asked "
    "AND start_time < :oldest)"
)
"""What an import of old games makes true: a glance, where the exact answer looks at every game of it."""


@dataclass(frozen=True, slots=True)
class LeagueFacts:
    """What a league's ratings and forecasts depend on, as of one look at the database."""

    games: int
    """Finished games, counting ones or not."""
    season: int
    """The newest among finished and forecast games."""
    fingerprint: str
    """Differs when results, fixtures of the next days, the Eastern day or the model's parameters do."""


def facts_of_leagues(
    connection: sa.Connection, leagues: tuple[League, ...], now: datetime, *, known: Container[str] = ()
) -> dict[str, LeagueFacts]:
    """The facts of each league that has finished games or fixtures, or had some and so is among the `known`."""
    given = {"first": now - HORIZON, "until": now + HORIZON, "kinds": sorted(kind.value for kind in RATED_KINDS)}
    found = {row.league: row for row in connection.execute(_FACTS, given)}
    day = eastern_day(now).isoformat()
    facts = {}
    for league in leagues:
        row = found.get(league.key)
        if row is None and league.key not in known:
            continue
        version = model_version(league)
        if row is None:
            facts[league.key] = LeagueFacts(0, 0, f"nothing {day} {version}")
            continue
        changed = row.changed_at.isoformat() if row.changed_at else "-"
        said = f"{row.games} {changed} {row.scheduled} {row.fixtures} {day} {version}"
        facts[league.key] = LeagueFacts(int(row.games), int(row.season), said)
    return facts


def needs_everything(connection: sa.Connection, league: League, season: int) -> bool:
    """Whether no kept state will do: there is none, a change reaches back before all, or a season has begun since.

    The rule by which `pipeline.rate` takes up, asked without loading a state.
    """
    version = model_version(league)
    kept = states(connection, version)
    asked = changes_wanted_since(kept)
    if asked is None or not is_rated(connection, league.key, version):
        return True
    oldest, _ = eastern_day_bounds(kept[0].before_day)
    if connection.scalar(_CHANGED_BEFORE, {"league": league.key, "asked": asked, "oldest": oldest}):
        return True
    change = changed_since(connection, league.key, asked, version=version).earliest_result_start
    fitting = [state for state in kept if change is None or state.before_day <= eastern_day(change)]
    return not fitting or fitting[-1].season < season


def too_much_for_a_tick(services: Services) -> dict[str, LeagueFacts]:
    """Leagues that wait for the job `rerate`: nothing of a tick's length renews them.

    Raises PrecogError(system.database).
    """
    with in_database(services.engine) as connection:
        facts = facts_of_leagues(connection, services.leagues, services.clock.now())
        return {key: facts[key] for key in waiting(connection, services.leagues, facts)}


def waiting(connection: sa.Connection, leagues: tuple[League, ...], facts: dict[str, LeagueFacts]) -> dict[str, int]:
    """Of these leagues, those whose renewal replays more than MOST_IN_A_TICK games."""
    large = [league for league in leagues if league.key in facts and facts[league.key].games > MOST_IN_A_TICK]
    return {
        league.key: facts[league.key].games
        for league in large
        if needs_everything(connection, league, facts[league.key].season)
    }
