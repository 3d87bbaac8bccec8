"""The embedded server as commands meet it: the first starts it, others find it, the last one stops it."""

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from pesan.db.embedded import EmbeddedServer, EmbeddedServerError, ServerHandle
from pesan.db.embedded.errors import InitialiseRefused
from tests.support.embedded import (
    command,
    execute,
    files,
    leave,
    query,
    runs,
    server_found_by,
    settings,
    started,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedServer:
    return EmbeddedServer(tmp_path_factory.mktemp("embedded") / "home")


@pytest.fixture
def handle(server: EmbeddedServer) -> Iterator[ServerHandle]:
    with server.acquire() as handle:
        yield handle


def test_url_of_a_new_server_reaches_the_database_as_its_owner(handle: ServerHandle):
    engine = sqlalchemy.create_engine(handle.url())

    with engine.connect() as connection:
        row = connection.exec_driver_sql("select current_database(), current_user, 1 + 1").one()
    engine.dispose()

    assert tuple(row) == ("pesan", "postgres", 2)


def test_settings_keep_every_commit_and_bound_recovery(handle: ServerHandle):
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "wal_level": "replica",
        "max_wal_size": "512MB",
        "checkpoint_timeout": "5min",
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "logging_collector": "on",
    }

    assert settings(handle, *wanted) == wanted


def test_text_is_compared_by_code_point_in_unicode(handle: ServerHandle):
    row = query(
        handle, "select datlocprovider::text || ' ' || datlocale from pg_database where datname = 'pesan'"
    )

    assert row == "b C.UTF-8"


def test_socket_is_private_and_outside_the_data(server: EmbeddedServer, handle: ServerHandle):
    folder = handle.socket_folder

    assert folder == server.home / "postgres" / "run"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert files(folder) == [".s.PGSQL.5432", ".s.PGSQL.5432.lock"]


@pytest.mark.parametrize("name", ["password", "cluster.json", "server.lock"])
def test_file_beside_the_data_is_read_by_its_owner_only(
    server: EmbeddedServer, handle: ServerHandle, name: str
):
    assert stat.S_IMODE((server.layout.folder / name).stat().st_mode) == 0o600


def test_connection_with_another_password_is_refused(handle: ServerHandle):
    wrong = psycopg.conninfo.make_conninfo(handle.conninfo(), password="guess")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_connection_without_a_password_is_refused(handle: ServerHandle, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PGPASSWORD", raising=False)

    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(
            host=str(handle.socket_folder), port=5432, user="postgres", dbname="pesan", passfile=""
        )


def test_second_command_finds_the_running_server(server: EmbeddedServer, handle: ServerHandle):
    with command(server.home) as other:
        found = server_found_by(other)
        leave(other)

    assert found == started(handle)


def test_server_runs_until_the_last_of_its_users_leaves(server: EmbeddedServer):
    first = server.acquire()
    with command(server.home) as other:
        server_found_by(other)
        first.release()
        after_the_first = runs(server)
        leave(other)

    assert (after_the_first, runs(server)) == (True, False)


def test_release_twice_stops_nobody_elses_server(server: EmbeddedServer, handle: ServerHandle):
    other = server.acquire()
    other.release()
    other.release()

    assert query(handle, "select 1") == 1


def test_data_is_there_after_a_stop(server: EmbeddedServer):
    with server.acquire() as first:
        execute(first, "create table kept as select 7 as number")
    with server.acquire() as second:
        kept = query(second, "select number from kept")

    assert kept == 7


def test_commands_that_come_at_once_share_one_new_server(tmp_path: Path):
    def use(_: int) -> str:
        handle = EmbeddedServer(tmp_path).acquire()
        handles.append(handle)
        return started(handle)

    handles: list[ServerHandle] = []
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(use, range(4)))
    for handle in handles:
        handle.release()

    assert (len(set(found)), runs(EmbeddedServer(tmp_path))) == (1, False)


@pytest.mark.parametrize("name", ['it\'s a "home", 100 % ours', "x" * 200, "rumah-ünïcode"])
def test_home_may_have_an_awkward_path(tmp_path: Path, name: str):
    home = tmp_path / name

    with EmbeddedServer(home).acquire() as handle, EmbeddedServer(home).acquire() as second:
        engine = sqlalchemy.create_engine(second.url())
        with engine.connect() as connection:
            answer = connection.exec_driver_sql("select 1").scalar_one()
        engine.dispose()
        mode = stat.S_IMODE(handle.socket_folder.stat().st_mode)

    assert (answer, mode, second.socket_folder) == (1, 0o700, handle.socket_folder)


def test_no_database_is_made_where_the_caller_may_not(tmp_path: Path):
    with pytest.raises(InitialiseRefused):
        EmbeddedServer(tmp_path / "home", may_initialise=False).acquire()

    assert files(tmp_path) == []


def test_first_start_is_told(tmp_path: Path):
    said: list[str] = []

    EmbeddedServer(tmp_path, locale="en").acquire(said.append).release()

    # A slow machine is told afterwards how long it takes.
    assert said[:1] == ["Setting up the database for the first time…"]


@pytest.mark.parametrize("kind", EmbeddedServerError.__subclasses__())
def test_refusal_speaks_both_languages(kind: type[EmbeddedServerError]):
    texts = (kind.message.id, kind.message.en)

    assert "" not in texts
    assert texts[0] != texts[1]
