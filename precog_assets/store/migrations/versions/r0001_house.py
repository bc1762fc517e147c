"""The house: raw, core, market, model and ops, as the first version fills them."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the statements of the file beside this one, in order."""
    for statement in Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the schemas with everything in them."""
    for schema in ("mart", "model", "market", "core", "raw"):
        op.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    op.execute(
        "DO $$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'ops' "
        "AND tablename <> 'alembic_version' LOOP EXECUTE format('DROP TABLE ops.%I CASCADE', name); END LOOP; END $$"
    )
