"""What the database's refusals become, and that a caller's own errors stay what they are."""

import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from pesan.db import Actor, Database
from pesan.db.waits import is_passing
from pesan.errors import Busy

pytestmark = pytest.mark.every_postgres
GUEST = Actor.guest()


@pytest.mark.parametrize(
    ("cause", "passing"),
    [
        (errors.DiskFull, True),
        (errors.OutOfMemory, True),
        (errors.TooManyConnections, True),
        (errors.SystemError, True),
        (errors.IoError, True),
        (errors.ReadOnlySqlTransaction, True),
        (errors.LockNotAvailable, True),
        (errors.DeadlockDetected, True),
        (errors.ConnectionFailure, True),
        (errors.InsufficientPrivilege, False),
        (errors.UndefinedTable, False),
        (errors.DivisionByZero, False),
    ],
)
def test_what_passes_by_itself_is_told_by_its_state(cause: type[errors.Error], passing: bool):
    assert is_passing(DBAPIError("SELECT 1", {}, cause())) is passing


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (FileNotFoundError(), False),
        (ValueError(), False),
    ],
)
def test_only_a_networks_errors_pass_by_themselves(error: Exception, passing: bool):
    assert is_passing(error) is passing


@pytest.mark.parametrize(
    "error", [FileNotFoundError("a picture"), TimeoutError("a mail server"), ValueError("x")]
)
async def test_the_callers_own_error_comes_out_as_it_is(database: Database, error: Exception):
    with pytest.raises(type(error)) as raised:
        async with database.read(GUEST):
            raise error

    assert (raised.value, raised.value.__cause__) == (error, None)


async def test_a_mistake_in_a_statement_comes_out_without_itself_as_cause(database: Database):
    with pytest.raises(ProgrammingError) as raised:
        async with database.read(GUEST) as session:
            await session.execute(text("SELECT 1 FROM no_such_table"))

    assert raised.value.__cause__ is not raised.value


async def test_a_statement_that_must_not_write_now_is_busy(database: Database):
    with pytest.raises(Busy) as raised:
        async with database.write(Actor.system("test")) as session:
            await session.execute(text("SET TRANSACTION READ ONLY"))
            await session.execute(text("DELETE FROM idempotency_keys"))

    assert raised.value.retry_after == 2


async def test_a_server_that_is_away_is_busy():
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")

    with pytest.raises(Busy) as raised:
        async with database.read(GUEST):
            pass

    assert isinstance(raised.value.__cause__, OperationalError)
    await database.dispose()
