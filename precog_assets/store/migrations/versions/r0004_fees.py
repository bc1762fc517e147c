"""Fee changes: what venues said their series and events charge."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the statements of the file beside this one, in order."""
    for statement in Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Take away what `upgrade` made."""
    op.execute("DROP TABLE market.fee_changes")
