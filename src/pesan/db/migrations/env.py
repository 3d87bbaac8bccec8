"""Alembic's entry: migrations run on the connection that `pesan.db.schema` opened, in its transaction."""

from alembic import context

config = context.config
context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes["metadata"],
    compare_type=True,
    compare_server_default=True,
    include_name=lambda name, kind, _parents: not (kind == "table" and _is_foreign(name)),
)


def _is_foreign(name: str | None) -> bool:
    """Tables that other tools keep: the queue's own, and the record of access rules."""
    return name is not None and (name.startswith("procrastinate_") or name == "access_version")


with context.begin_transaction():
    context.run_migrations()
