"""Alembic revisions: the only thing that changes the database's shape."""
