"""Ratings and forecasts of a league: stored results replayed from where they changed, and what differs written.

Belongs here: finding the place to take up, running the model, bringing the tables to what it says. An update
from a kept state gives bit for bit what replaying everything gives; where no kept state will do (a new season,
an old correction, another model version) everything is replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from precog_assets.domain.facts import RATED_KINDS
from precog_assets.domain.leagues import League, Sport
from precog_assets.domain.times import EASTERN, eastern_day, eastern_day_bounds
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.imports.twice import give_way
from precog_assets.pipeline.report import StepReport
from precog_assets.ratings.versions import described, model_version
from precog_assets.store import forecasts as forecast_store
from precog_assets.store import ratings as rating_store
from precog_assets.store import states as state_store

if TYPE_CHECKING:
    import sqlalchemy as sa

    from precog_assets.ratings.model import ModelState, Run
    from precog_assets.services import Services

HORIZON = timedelta(days=14)
"""Games that start within it are forecast."""
LATE_WRITERS = timedelta(minutes=10)
"""How far back changes are asked for again: another process may have been writing when we read."""
DAYS_KEPT = 3
_KINDS = sorted(kind.value for kind in RATED_KINDS)
_ATTRIBUTES = {
    "surface": pl.String,
    "level": pl.String,
    "best_of": pl.Int32,
    "retired": pl.Boolean,
    "winner_only": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a replay begins: at the start of the data, or at a day with the state before it."""

    day: date | None = None
    state: ModelState | None = None

    @property
    def since(self) -> datetime | None:
        return None if self.day is None else eastern_day_bounds(self.day)[0]


def rate_league(
    services: Services, league: League, *, correlation_id: str, name: str = "default", anew: bool = False
) -> StepReport:
    """Rate a league's results and forecast its games of the next days with one of its models.

    Only what changed since the last time is replayed, unless `anew`. Rows that come out different are superseded,
    all others stay untouched.
    """
    version = model_version(league, name)
    report = StepReport(f"ratings {league.key}", correlation_id, services.clock.now())
    with in_database(services.engine) as connection:
        rated = rating_store.is_rated(connection, league.key, version)
        kept = state_store.states(connection, version) if rated and not anew else []
        since = changes_wanted_since(kept)
        give_way(connection, league, services.clock.now(), changed_after=since)
        place = _place(connection, league, version, kept, since)
        games = _read(connection, league, services.clock.now(), place)
    run = _run(league, name, games, place)
    if run is None and place.state is not None:
        place = Place()
        with in_database(services.engine) as connection:
            games = _read(connection, league, services.clock.now(), place)
        run = _run(league, name, games, place)
    now = services.clock.now()
    report.rows_in = int(games["learns"].sum())
    with in_database(services.engine) as connection:
        forecast_store.write_version(connection, version, league.key, name, described(league, name), now)
        ratings, forecasts = _ratings(league, version, games, run), _forecasts(league, version, games, run, now)
        report.wrote(rating_store.write_ratings(connection, league.key, version, ratings, now, since=place.since))
        wrote = forecast_store.write_forecasts(connection, league.key, version, forecasts, now, since=place.since)
        if run is not None:
            _keep(connection, league, version, games, run, now)
        report.notes |= {
            "model_version": version,
            "replayed_from": "the start" if place.day is None else place.day.isoformat(),
            "forecasts": forecasts.height,
            "forecasts_changed": wrote.inserted + wrote.changed,
        }
        report.finish()
        report.record(connection)
    return report


def changes_wanted_since(kept: Sequence[state_store.StateInfo]) -> datetime | None:
    """The instant after which a change has to be replayed; None without a kept state.

    What was read when the newest state was made is known, but for writers who stamped earlier and wrote later.
    """
    if not kept:
        return None
    newest = max(kept, key=lambda state: state.computed_at)
    return min(max(state.results_until for state in kept), newest.computed_at - LATE_WRITERS)


def stored_games(services: Services, league: League) -> pl.DataFrame:
    """A league's finished games that count, as a replay reads them: rating order, exchange columns."""
    with in_database(services.engine) as connection:
        return _read(connection, league, services.clock.now(), Place()).filter("learns")


def _place(
    connection: sa.Connection,
    league: League,
    version: str,
    kept: list[state_store.StateInfo],
    since: datetime | None,
) -> Place:
    """The newest kept state that no change after `since` reaches back before."""
    from precog_assets.ratings.frozen import from_bytes

    if since is None:
        return Place()
    first = rating_store.changed_since(connection, league.key, since, version=version).earliest_result_start
    limit = None if first is None else eastern_day(first)
    fitting = [state for state in kept if limit is None or state.before_day <= limit]
    if limit is not None:
        state_store.drop_states_from(connection, version, limit)
    if not fitting:
        return Place()
    day = fitting[-1].before_day
    content = state_store.load_state(connection, version, day)
    return Place() if content is None else Place(day, from_bytes(content))


def _read(connection: sa.Connection, league: League, now: datetime, place: Place) -> pl.DataFrame:
    """Games in rating order with the columns of the exchange format, their ids and times, and `learns`."""
    rows = rating_store.games_to_rate(connection, league.key, since=place.since, until=now + HORIZON)
    rows = rows.filter(
        pl.col("game_kind").is_in(_KINDS),
        pl.col("home_team_id") != pl.col("away_team_id"),
        pl.col("completed") | (pl.col("start_time") > now - HORIZON),
    )
    attributes = pl.col("attributes").str.json_decode(pl.Struct(_ATTRIBUTES))
    scored = pl.col("home_score").is_not_null() & pl.col("away_score").is_not_null()
    level = pl.col("home_score") == pl.col("away_score")
    nothing = (pl.col("home_score") == 0) & (pl.col("away_score") == 0)
    told = pl.col("winner").is_in(["home", "away"])
    learns = pl.col("completed") & scored
    if league.sport is not Sport.SOCCER:
        learns = learns & ~nothing
    if not league.has_draw and not league.ties:
        learns = learns & (told | ~level)
    home_won = pl.col("winner") == "home"
    contradicted = told & ((pl.col("home_score") > pl.col("away_score")) != home_won) & (not league.has_draw)
    by_winner = contradicted | (pl.lit(league.is_individual) & told)
    frame = rows.with_columns(
        _attributes=attributes,
        date=pl.col("start_time").dt.convert_time_zone(str(EASTERN)).dt.date(),
        home=pl.col("home_team_id"),
        away=pl.col("away_team_id"),
        learns=learns.fill_null(value=False),
        _by_winner=by_winner.fill_null(value=False),
    ).with_columns(
        pl.when("_by_winner").then(home_won.cast(pl.Float64)).otherwise("home_score").alias("home_score"),
        pl.when("_by_winner").then((~home_won).cast(pl.Float64)).otherwise("away_score").alias("away_score"),
        neutral=pl.col("neutral_site"),
        playoff=pl.col("game_kind") == "postseason",
        surface=pl.col("_attributes").struct.field("surface"),
        level=pl.col("_attributes").struct.field("level"),
        best_of=pl.col("_attributes").struct.field("best_of"),
        retired=pl.col("_attributes").struct.field("retired").fill_null(value=False),
        winner_only=pl.col("_attributes").struct.field("winner_only").fill_null(value=False) | pl.col("_by_winner"),
    )
    if league.is_individual:
        return frame
    return frame.sort("date", "home", "away", "start_time", "game_id")


def _run(league: League, name: str, games: pl.DataFrame, place: Place) -> Run | None:
    """The model over the games; None when there are none, or when the state cannot be gone on from."""
    from precog_assets.ratings.conferences import conferences
    from precog_assets.ratings.games import games_from
    from precog_assets.ratings.model import Model, NeedsHistory

    if games.is_empty():
        return None
    known = () if place.state is None else place.state.teams
    try:
        return Model(league, name, conferences(league.key)).run(
            games_from(games, league, known), place.state, keep=list(_cuts(games))
        )
    except NeedsHistory:
        return None


def _cuts(games: pl.DataFrame) -> dict[int, date]:
    """Places whose state is kept: the last season's first game, to come or played, and the last days with results."""
    places = games.with_row_index("place")
    learnt = places.filter("learns")
    season = games["season"].max()
    days = learnt["date"].unique().sort().tail(DAYS_KEPT)
    firsts = places.filter(pl.col("date").is_in(days.to_list())).group_by("date").agg(pl.col("place").min())
    found = {int(place): day for day, place in firsts.rows()}
    opening = places.filter(pl.col("season") == season).row(0, named=True)
    same_day = places.filter(pl.col("date") == opening["date"])["place"].min()
    if same_day == opening["place"]:
        found[int(opening["place"])] = opening["date"]
    return found


def _keep(
    connection: sa.Connection, league: League, version: str, games: pl.DataFrame, run: Run, now: datetime
) -> None:
    from precog_assets.ratings.frozen import to_bytes

    until = games["last_changed_at"].max()
    if not isinstance(until, datetime):
        return
    seasons = games["season"].to_list()
    for place, day in _cuts(games).items():
        state = run.kept[place]
        state_store.save_state(
            connection,
            league=league.key,
            version=version,
            before_day=day,
            season=state.season,
            opens_season=place == 0 or seasons[place - 1] != seasons[place],
            results_until=until,
            state=to_bytes(state),
            now=now,
        )
    state_store.prune(connection, version, keep_latest=DAYS_KEPT)


def _ratings(league: League, version: str, games: pl.DataFrame, run: Run | None) -> pl.DataFrame:
    """Rows of model.ratings: two for each game that counted."""
    if run is None:
        return pl.DataFrame(schema=rating_store.RATINGS.schema)
    expected = _expected(run)
    sides = []
    for side, team in enumerate(("home", "away")):
        sides.append(
            games.select(
                pl.lit(league.key).alias("league"),
                "game_id",
                pl.col(team).alias("team_id"),
                pl.lit(version).alias("model_version"),
                "season",
                "start_time",
                "learns",
                rating_before=pl.Series(run.rated.before[:, side]),
                rating_after=pl.Series(run.rated.after[:, side]),
                expected_score=pl.Series(expected if side == 0 else 1.0 - expected),
                games_before=pl.Series(run.rated.played[:, side].astype("int32")),
                deviation_before=pl.Series(run.rated.deviation_before[:, side]).fill_nan(None),
                deviation_after=pl.Series(run.rated.deviation_after[:, side]).fill_nan(None),
            )
        )
    return pl.concat(sides).filter("learns").drop("learns")


def _expected(run: Run) -> Any:
    """Expected score of the home side: a draw is half a win."""
    p = run.probabilities
    return p[:, 0] if p.shape[1] == 2 else p[:, 0] + 0.5 * p[:, 1]


def _forecasts(league: League, version: str, games: pl.DataFrame, run: Run | None, now: datetime) -> pl.DataFrame:
    """Rows of model.forecasts: one for each game, each from what was known before its day (tennis: its start)."""
    if run is None:
        return pl.DataFrame(schema=forecast_store.FORECASTS.schema)
    p, rated = run.probabilities, run.rated
    began = pl.col("start_time")
    if not league.is_individual:
        began = began.dt.convert_time_zone(str(EASTERN)).dt.truncate("1d").dt.convert_time_zone("UTC")
    return games.select(
        pl.lit(league.key).alias("league"),
        "game_id",
        pl.lit(version).alias("model_version"),
        "season",
        "start_time",
        pl.col("home").alias("home_team_id"),
        pl.col("away").alias("away_team_id"),
        as_of=pl.min_horizontal(began, pl.lit(now)),
        p_home=pl.Series(p[:, 0]),
        p_draw=pl.Series(p[:, 1]) if p.shape[1] == 3 else pl.lit(None, pl.Float64),
        p_away=pl.Series(p[:, -1]),
        rating_home=pl.Series(rated.before[:, 0]),
        rating_away=pl.Series(rated.before[:, 1]),
        deviation_home=pl.Series(rated.deviation_before[:, 0]),
        deviation_away=pl.Series(rated.deviation_before[:, 1]),
        games_home=pl.Series(rated.played[:, 0].astype("int32")),
        games_away=pl.Series(rated.played[:, 1].astype("int32")),
    )
