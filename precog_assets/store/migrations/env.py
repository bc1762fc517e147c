"""Alembic's entry point: migrates over the connection that `store.migrate` hands it."""

from alembic import context

from precog_assets.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("Migrations run through `precog db migrate`, which brings its own connection.")

context.configure(
    connection=connection,
    target_metadata=metadata,
    include_schemas=True,
    version_table_schema="ops",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
