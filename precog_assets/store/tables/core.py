"""Schema `core`. Teams, games and the states games were seen in."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from precog_assets.store.tables.columns import INSTANT, fact_columns, metadata, offset_column

teams = sa.Table(
    "teams",
    metadata,
    sa.Column("team_id", sa.Text, primary_key=True),
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("espn_team_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, comment="team or player"),
    sa.Column("abbreviation", sa.Text),
    sa.Column("location", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("conference", sa.Text),
    sa.Column("division", sa.Text),
    sa.Column("provisional", sa.Boolean, nullable=False, comment="Met on a board, in no seed table"),
    sa.Column("first_seen_at", INSTANT, nullable=False),
    sa.UniqueConstraint("league", "espn_team_id"),
    schema="core",
)

team_aliases = sa.Table(
    "team_aliases",
    metadata,
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("team_id", sa.Text, sa.ForeignKey("core.teams.team_id"), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("author", sa.Text, comment="Who accepted it; null for seeds"),
    sa.Column("accepted_at", INSTANT),
    sa.PrimaryKeyConstraint("source", "league", "code", "team_id", "valid_from"),
    schema="core",
)

games = sa.Table(
    "games",
    metadata,
    sa.Column("game_id", sa.Text, primary_key=True),
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("espn_event_id", sa.Text),
    sa.Column("season", sa.Integer, nullable=False),
    sa.Column("season_type", sa.Text, nullable=False),
    sa.Column("game_kind", sa.Text, nullable=False),
    sa.Column("week", sa.Integer),
    sa.Column("start_time", INSTANT, nullable=False),
    sa.Column("start_time_valid", sa.Boolean, nullable=False),
    sa.Column("home_team_id", sa.Text, sa.ForeignKey("core.teams.team_id")),
    sa.Column("away_team_id", sa.Text, sa.ForeignKey("core.teams.team_id")),
    sa.Column("neutral_site", sa.Boolean),
    sa.Column("venue", sa.Text),
    sa.Column("headline", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("completed", sa.Boolean, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("home_score", sa.Integer),
    sa.Column("away_score", sa.Integer),
    sa.Column("winner", sa.Text),
    sa.Column("makeup_of_date", sa.Text),
    sa.Column("makeup_of_game_id", sa.Text, comment="The postponed game this one makes up"),
    sa.Column("first_observed_at", INSTANT, nullable=False),
    sa.Column("last_observed_at", INSTANT, nullable=False, comment="Observation this row shows"),
    sa.Column("last_changed_at", INSTANT, nullable=False),
    sa.Column(
        "source", sa.Text, nullable=False, server_default="espn", comment="espn, or the name an import was given"
    ),
    sa.Column(
        "attributes",
        JSONB(none_as_null=True),
        comment="Of imports: surface, level, round, best_of, tourney, retired, winner_only",
    ),
    sa.UniqueConstraint("league", "espn_event_id"),
    sa.Index("games_league_changed", "league", "last_changed_at"),
    sa.Index("games_league_start_time", "league", "start_time"),
    sa.Index("games_start_time", "start_time"),
    schema="core",
)

game_states = sa.Table(
    "game_states",
    metadata,
    sa.Column("game_id", sa.Text, nullable=False),
    sa.Column("observed_at", INSTANT, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("completed", sa.Boolean, nullable=False),
    sa.Column("period", sa.Integer),
    sa.Column("clock", sa.Double),
    sa.Column("display_clock", sa.Text),
    sa.Column("home_score", sa.Integer),
    sa.Column("away_score", sa.Integer),
    sa.Column("home_shootout_score", sa.Integer),
    sa.Column("away_shootout_score", sa.Integer),
    sa.Column("winner", sa.Text),
    sa.Column("start_time", INSTANT, nullable=False),
    sa.Column("start_time_valid", sa.Boolean, nullable=False),
    sa.Column("home_team_id", sa.Text),
    sa.Column("away_team_id", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Column("linescores", JSONB(none_as_null=True)),
    sa.Column("situation", JSONB(none_as_null=True)),
    *fact_columns(),
    offset_column(),
    sa.PrimaryKeyConstraint("game_id", "observed_at"),
    sa.Index("game_states_observed_at", "observed_at"),
    schema="core",
)
