"""The hub's two connections to PostgreSQL: one tells, one hears; both come back by themselves."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import psycopg
from sqlalchemy import URL

from pesan.db.connections import conninfo_of
from pesan.logging import get_logger
from pesan.realtime.payload import MAX_KEYS, Hint, decode, encode

log = get_logger(__name__)

CHANNEL = "pesan_hints"
# A server that hears nothing cannot know whether there is nothing to hear. So each hub says something now and then,
# and a connection that does not bring it back is dead, whatever it claims (a pooler's would claim to live for ever).
SIGN_OF_LIFE_SECONDS = 4.0
DEAF_AFTER_SECONDS = 11.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
_CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
    "application_name": "pesan-hints",
}


class Link:
    """Carries hints between processes; without it, or while it is down, `receive` hears "everything" every `poll` s."""

    def __init__(self, url: URL, sender: str, receive: Callable[[Hint], None], *, poll: float) -> None:
        self.is_alive = False
        self._conninfo = conninfo_of(url)
        self._sender = sender
        self._receive = receive
        self._poll = poll
        self._outbox: set[str] = set()
        self._has_mail = asyncio.Event()
        self._heard_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Connect in the background; the process need not wait for a database that is not there yet."""
        work: list[Coroutine[Any, Any, None]] = [
            _for_ever(self._tell, self._conninfo),
            _for_ever(self._hear, self._conninfo),
            self._poll_while_deaf(),
        ]
        self._tasks = [asyncio.create_task(coroutine) for coroutine in work]

    async def stop(self) -> None:
        """Close both connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, keys: Iterable[str]) -> None:
        """Pass on that `keys` changed, as soon as the connection allows."""
        if len(self._outbox) <= MAX_KEYS:  # beyond it the next payload says "everything" anyway
            self._outbox.update(keys)
        self._has_mail.set()

    async def _tell(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SIGN_OF_LIFE_SECONDS):
                    await self._has_mail.wait()
            self._has_mail.clear()
            await self._notify(connection)

    async def _notify(self, connection: psycopg.AsyncConnection[Any]) -> None:
        keys, self._outbox = self._outbox, set()
        try:
            for payload in encode(self._sender, keys):
                await connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
        except BaseException:
            self.send(keys)  # said again on the next connection; twice does no harm
            raise

    async def _hear(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        self._heard_at = time.monotonic()
        # What was said while nobody listened is lost, so everybody looks again.
        self._receive(Hint(self._sender, is_everything=True))
        self._has_mail.set()
        try:
            while time.monotonic() - self._heard_at < DEAF_AFTER_SECONDS:
                async for notification in connection.notifies(timeout=1.0):
                    self._heard_at, self.is_alive = time.monotonic(), True
                    self._receive(decode(notification.payload))
        finally:
            self.is_alive = False
        log.warning("realtime.deaf")

    async def _poll_while_deaf(self) -> None:
        while True:
            await asyncio.sleep(self._poll)
            if not self.is_alive:
                self._receive(Hint(self._sender, is_everything=True))


async def _for_ever(work: Callable[[psycopg.AsyncConnection[Any]], Awaitable[None]], conninfo: str) -> None:
    """Do `work` on a connection of its own, and again on a new one whenever that ends."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        started = time.monotonic()
        try:
            async with await _connect(conninfo) as connection:
                await work(connection)
        except (psycopg.Error, OSError) as error:
            log.warning("realtime.disconnected", error=type(error).__name__)
        lived = time.monotonic() - started
        pause = FIRST_PAUSE_SECONDS if lived > DEAF_AFTER_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(pause)


async def _connect(conninfo: str) -> psycopg.AsyncConnection[Any]:
    """A connection; one that nobody waits for any more is made to its end, and closed.

    Given up half-way, it would lie about until somebody collects it, while the server waits a minute for its
    password, and can neither drop a database meanwhile nor admit another in its place.
    """
    opening = asyncio.ensure_future(psycopg.AsyncConnection.connect(conninfo, autocommit=True, **_CONNECTION))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with contextlib.suppress(psycopg.Error, OSError):
            await (await opening).close()
        raise
