"""Writes the migration for what changed in the models, against an empty server of its own.

`make migration ARGS="-m why"` adds a revision after the newest; `ARGS=--initial` rewrites the first one, which is
right only until a version was released.
"""

import argparse
import tempfile
from pathlib import Path

from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from pesan.app.modules import build_schema
from pesan.db.embedded import EmbeddedServer
from pesan.db.schema import MIGRATIONS, alembic_config

INITIAL = MIGRATIONS / "versions" / "0001_initial.py"
HEADER = '''"""The tables of the first release, and those of the queue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from pesan.jobs.schema import install as install_queue

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything; access rules, functions and triggers follow (see `pesan.db.schema`)."""
    install_queue(op.get_bind())
'''
FOOTER = '''

def downgrade() -> None:
    """There is nothing before the first release."""
    raise NotImplementedError("restore a backup: going back would lose what was sold since")
'''


def main() -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--message", default="change")
    parser.add_argument("--initial", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, EmbeddedServer(Path(home)).acquire() as server:
        engine = create_engine(server.url(), poolclass=NullPool)
        with engine.connect() as connection:
            write_initial(connection) if wanted.initial else write_next(connection, wanted.message)


def write_initial(connection: Connection) -> None:
    """Rewrite the first migration from the models."""
    metadata = build_schema().metadata
    context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
    script = produce_migrations(context, metadata)
    assert script.upgrade_ops is not None
    body = render_python_code(script.upgrade_ops, migration_context=context)
    lines = [f"    {line}" if not line.startswith("    ") and line else line for line in body.splitlines()]
    lines = [line for line in lines if not line.strip().startswith("# ###")]
    INITIAL.write_text(HEADER + "\n".join(lines) + "\n" + FOOTER)
    print(INITIAL.relative_to(Path.cwd()))


def write_next(connection: Connection, message: str) -> None:
    """Add a revision with what the models have and the migrations do not."""
    metadata = build_schema().metadata
    config = alembic_config(metadata, connection)
    command.upgrade(config, "head")
    command.revision(config, message=message, autogenerate=True)


if __name__ == "__main__":
    main()
