"""Alembic's environment: always a live connection, handed over by `storage.migrations`."""

from alembic import context

from storage.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
