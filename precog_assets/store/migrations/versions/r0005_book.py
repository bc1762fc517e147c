"""The book: prices, decisions, orders, fills, ledger, settlements, equity, the ladder and the kill switch."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

READER_ROLE = "precog_reader"


def upgrade() -> None:
    """Run the statements of the file beside this one, in order, and let the notebooks' role read the new schema."""
    for statement in Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)
    role = sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role").bindparams(role=READER_ROLE)
    if op.get_bind().scalar(role):
        op.execute(f"GRANT USAGE ON SCHEMA book TO {READER_ROLE}")
        op.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA book TO {READER_ROLE}")
        op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA book GRANT SELECT ON TABLES TO {READER_ROLE}")


def downgrade() -> None:
    """Take away what `upgrade` made, with every decision and order in it."""
    op.execute("DROP SCHEMA book CASCADE")
    op.execute("DROP TABLE model.prices")
    op.execute("DROP INDEX model.ratings_past")
