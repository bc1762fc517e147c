"""Forecasts: model versions, forecasts, states, blends, evaluations; games and closing odds from imports."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the statements of the file beside this one, in order."""
    for statement in Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Take away what `upgrade` made; imported games go, as they have no event id."""
    for table in ("evaluations", "blends", "states", "forecasts", "versions"):
        op.execute(f"DROP TABLE model.{table}")
    op.execute("DROP TABLE market.closing_odds")
    op.execute("DROP INDEX model.ratings_by_game")
    op.execute("ALTER TABLE model.ratings DROP COLUMN deviation_before, DROP COLUMN deviation_after")
    op.execute("DROP INDEX core.games_league_changed")
    op.execute("DELETE FROM core.games WHERE espn_event_id IS NULL")
    op.execute("ALTER TABLE core.games DROP COLUMN source, DROP COLUMN attributes")
    op.execute("ALTER TABLE core.games ALTER COLUMN espn_event_id SET NOT NULL")
