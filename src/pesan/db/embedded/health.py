"""Whether the server answers. A query says so; a process id never does, since a zombie has one too."""

import os
from enum import Enum
from pathlib import Path

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from pesan.db.embedded.layout import PORT

_CONNECT_SECONDS = 3
_PROBE_OPTIONS = "-c statement_timeout=5000 -c application_name=pesan-health"


class Health(Enum):
    """What the server has to say."""

    ANSWERS = "answers"
    REFUSES = "refuses"  # it runs, and let us not in: full, or another password
    STARTING = "starting"  # or recovering, or shutting down
    SILENT = "silent"


def conninfo(socket_folder: Path, password: str, *, user: str, database: str) -> str:
    """What libpq needs to reach the server, leaving nothing to the PG… variables."""
    return make_conninfo(
        host=str(socket_folder),
        port=PORT,
        user=user,
        password=password,
        dbname=database,
        connect_timeout=_CONNECT_SECONDS,
    )


def probe(target: str) -> Health:
    """Ask the server at `target` for a row."""
    try:
        with psycopg.connect(target, autocommit=True, options=_PROBE_OPTIONS) as connection:
            connection.execute("select 1")
    except psycopg.errors.ConnectionTimeout:
        return Health.SILENT
    except psycopg.Error:
        return _why_not(target)
    return Health.ANSWERS


def refuses_password(target: str) -> bool:
    """Whether it is the password that keeps us out."""
    try:
        psycopg.connect(target).close()
    except psycopg.OperationalError as error:
        return "password authentication failed" in str(error)
    return False


def _why_not(target: str) -> Health:
    ping = pq.PGconn.ping(os.fsencode(target))
    return {pq.Ping.OK: Health.REFUSES, pq.Ping.REJECT: Health.STARTING}.get(pq.Ping(ping), Health.SILENT)
