"""How long a process waits for a server that is silent: connected, and saying nothing.

A network that swallows packets, or a machine that stands still, breaks no connection, and `statement_timeout` is the
server's own promise. Whoever serves people must give up by itself.
"""

from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import ConnectionTimeout, _WaitTimeout

Result = TypeVar("Result")

# After a silence nobody else waits for the same server at once: what comes next would wait as long, in turn.
SILENCE_SECONDS = 1.0
_CLOSINGS = 3


class ServerSilent(psycopg.OperationalError):
    """The server did not answer in time; whether it did what it was asked, nobody knows."""


class PatientConnection(psycopg.AsyncConnection[Any]):
    """A connection that is closed when one answer takes longer than its `patience` allows."""

    patience: "Patience | None" = None

    async def wait(
        self,
        gen: PQGen[Result],
        interval: float = 0.1,
        timeout: float | None = None,
    ) -> Result:
        """See psycopg. What took too long is not cancelled: that would be asking the silent server once more."""
        try:
            return await self._wait(gen, interval, timeout)
        except BaseException:
            _put_away(gen)
            raise

    async def _wait(self, gen: PQGen[Result], interval: float, timeout: float | None) -> Result:
        patience = self.patience
        if patience is None or timeout is not None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, patience.seconds)
        except _WaitTimeout as error:
            self.pgconn.finish()
            patience.note_silence()
            raise ServerSilent("the database does not answer") from error


class Patience:
    """One process's patience with its server; `seconds` bounds each answer, None waits for ever."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._silent_until = 0.0

    @property
    def is_exhausted(self) -> bool:
        """Whether the server was found silent a moment ago."""
        return monotonic() < self._silent_until

    def note_silence(self) -> None:
        """Let nobody wait for a moment."""
        self._silent_until = monotonic() + SILENCE_SECONDS

    async def connect(self, *args: Any, **kwargs: Any) -> PatientConnection:
        """A new connection with this patience; raises ServerSilent at once while it is exhausted."""
        if self.is_exhausted:
            raise ServerSilent("the database did not answer a moment ago")
        try:
            connection = await PatientConnection.connect(*args, **kwargs)
        except ConnectionTimeout:
            self.note_silence()
            raise
        connection.patience = self if self.seconds is not None else None
        return connection


def _put_away(gen: PQGen[Any]) -> None:
    """End what nobody waits for any more: left to the collector, it would still speak to a connection that is closed.

    A pipe's end first wants to hear what is left, and is told again that nobody does.
    """
    for _ in range(_CLOSINGS):
        try:
            gen.close()
        except RuntimeError:
            continue
        except psycopg.Error:
            pass
        return
