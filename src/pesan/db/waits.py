"""What the database's own refusals mean: a wait that ran out, a server that is coming back, or our mistake."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pesan.errors import Busy, PesanError

RETRY_AFTER_SECONDS = 2

# SQLSTATE: lock_not_available, query_canceled (statement_timeout), serialization_failure, deadlock_detected,
# idle_in_transaction_session_timeout, too_many_connections, and the classes 57P (shutdown, crash, starting).
_PASSING = frozenset({"55P03", "57014", "40001", "40P01", "25P03", "53300", "57P01", "57P02", "57P03"})


def as_refusal(error: Exception) -> Exception:
    """`Busy` for what passes by itself (503 with Retry-After); the error itself for what does not."""
    return Busy(retry_after=RETRY_AFTER_SECONDS) if is_passing(error) else error


def is_passing(error: Exception) -> bool:
    """Whether the same request may well succeed in a moment."""
    if isinstance(error, (PoolTimeout, OSError, TimeoutError)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    return state in _PASSING or state.startswith("08")


def is_data_error(error: Exception) -> bool:
    """Whether one row of many may be the cause, so that the others deserve a try without it.

    SQLSTATE classes 22 and 23; what is wrong with the database is wrong with every row alike.
    """
    if isinstance(error, PesanError):
        return False
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", None) or "").startswith(("22", "23"))
    return True
