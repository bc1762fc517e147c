"""Games: boards of ESPN into teams, games and game states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameSeen, Observation, Origin, TeamSeen
from precog_assets.domain.leagues import League
from precog_assets.pipeline.feeds import Fetched, fetch_all, in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.sources.espn.client import EspnRequest, requests_for
from precog_assets.sources.espn.parse import parse_scoreboard
from precog_assets.store import ops
from precog_assets.store.games import link_makeups, write_games, write_teams_seen
from precog_assets.store.response_log import mark_applied

if TYPE_CHECKING:
    from precog_assets.services import Services


def poll_games(
    services: Services,
    wanted: Sequence[tuple[League, date]],
    *,
    correlation_id: str,
    origin: Origin = Origin.LIVE,
    budget_s: float | None = None,
    step: str = "games",
    unit: tuple[str, str] | None = None,
) -> StepReport:
    """Read the boards of these leagues' Eastern days; what changed is written in one transaction.

    `unit` (job, unit) is marked finished once every board was read and its facts are written: backfills.
    Raises PrecogError(system.*) when the database or the archive is away; nothing is half written.
    """
    report = StepReport(step, correlation_id, services.clock.now())
    requests = [request for league, day in wanted for request in requests_for(league, day)]
    leagues = {league.key: league for league, _ in wanted}
    answered = fetch_all(
        requests,
        lambda request: [services.espn.fetch(request, correlation_id=correlation_id, origin=origin)],
        report,
        services.engine,
        budget_s=budget_s,
    )
    _apply(services, [one for one in answered if one.fresh], leagues, origin, report)
    if unit is not None and not report.failed:
        with in_database(services.engine) as connection:
            ops.mark_unit(connection, *unit, services.clock.now(), report.rows_in)
    report.finish()
    with in_database(services.engine) as connection:
        report.record(connection)
    return report


def _apply(
    services: Services,
    fresh: Iterable[Fetched[EspnRequest]],
    leagues: dict[str, League],
    origin: Origin,
    report: StepReport,
) -> None:
    games: dict[tuple[str, datetime], tuple[GameSeen, Observation]] = {}
    teams: list[TeamSeen] = []
    bytes_applied: dict[str, str] = {}
    for one in fresh:
        parsed = parse_scoreboard(one.fetch.body, leagues[one.request.league])
        seen = one.observation(origin)
        report.read(one.fetch, parsed.games)
        if report.stands_still(one.fetch, parsed.games):
            continue
        # A slam's match stands on both tours' boards, a tournament game in two groups: one row a game and instant.
        for game in parsed.games.rows:
            games.setdefault((game.game_id, seen.observed_at), (game, seen))
        teams.extend(parsed.teams)
        bytes_applied.update(one.applied)
    now = services.clock.now()
    if games or report.refused or report.contracts or bytes_applied:
        with in_database(services.engine) as connection:
            added = write_teams_seen(connection, teams, now)
            report.notes["new_teams_or_players"] = added.inserted
            # A women's match on the men's board belongs to the other tour, which may not have been asked for.
            report.wrote(write_games(connection, list(games.values()), load_leagues()))
            if report.written:
                report.notes["makeups_linked"] = link_makeups(connection)
            report.keep_refused(connection, now)
            mark_applied(connection, bytes_applied)
