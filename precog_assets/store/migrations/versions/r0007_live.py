"""Who feeds what, gaps of streams, failures by code, clocks, and where in a segment a fact stands."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the statements of the file beside this one, in order."""
    for statement in Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Take away what `upgrade` made."""
    for table in ("clock_offsets", "error_counts", "stream_gaps", "leases"):
        op.drop_table(table, schema="ops")
    for schema, table in (
        ("market", "trades"),
        ("market", "order_books"),
        ("market", "quotes"),
        ("market", "market_states"),
        ("core", "game_states"),
    ):
        op.drop_column(table, "response_offset", schema=schema)
