"""What the database's own refusals mean: a wait that ran out, a server that is coming back, or our mistake."""

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pesan.errors import Busy, PesanError

RETRY_AFTER_SECONDS = 2

# SQLSTATE: lock_not_available, query_canceled (statement_timeout), serialization_failure, deadlock_detected,
# idle_in_transaction_session_timeout, read_only_sql_transaction (a standby, until the pool meets the new primary),
# and admin_shutdown, crash_shutdown, cannot_connect_now.
_PASSING = frozenset({"55P03", "57014", "40001", "40P01", "25P03", "25006", "57P01", "57P02", "57P03"})
# Connections; insufficient resources (disk, memory, connections); errors of the system below.
_PASSING_CLASSES = ("08", "53", "58")


def refusal() -> Busy:
    """What whoever asked is told about something that passes by itself: 503 with Retry-After."""
    return Busy(retry_after=RETRY_AFTER_SECONDS)


def is_passing(error: Exception) -> bool:
    """Whether the same request may well succeed in a moment.

    A network's failure may; any other OSError, such as a missing file, is a mistake of ours.
    """
    if isinstance(error, (PoolTimeout, ConnectionError, TimeoutError)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    return state in _PASSING or state.startswith(_PASSING_CLASSES)


def violates(error: IntegrityError, constraint: str) -> bool:
    """Whether it was this constraint that refused."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == constraint


def is_data_error(error: Exception) -> bool:
    """Whether one row of many may be the cause, so that the others deserve a try without it.

    SQLSTATE classes 22 and 23; what is wrong with the database is wrong with every row alike.
    """
    if isinstance(error, PesanError):
        return False
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", None) or "").startswith(("22", "23"))
    return True
