"""Links: who accepted an alias and when; what a refused market might have been."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the statements of the file beside this one, in order."""
    for statement in Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Take the columns away."""
    op.execute("ALTER TABLE market.market_games DROP COLUMN candidates, DROP COLUMN score")
    op.execute("ALTER TABLE core.team_aliases DROP COLUMN author, DROP COLUMN accepted_at")
