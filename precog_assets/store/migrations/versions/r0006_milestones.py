"""Milestones of the venue, and whether a settled market agrees with its game."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the statements of the file beside this one, in order."""
    for statement in Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Take away what `upgrade` made."""
    op.execute("DROP TABLE market.milestones")
    op.execute("ALTER TABLE market.market_games DROP COLUMN settlement, DROP COLUMN settlement_checked_at")
