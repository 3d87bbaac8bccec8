"""Engine and sessions: each transaction opens with one statement that says who acts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import orjson
from psycopg.pq import PipelineStatus, TransactionStatus
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from pesan.db.actor import Actor, ActorKind
from pesan.db.connections import overflow_of
from pesan.db.patience import Patience
from pesan.db.pipeline import pipelined
from pesan.db.waits import is_passing, refusal

# One round trip per transaction. `is_local` ends every setting with its transaction, so that a pooled
# connection (PgBouncer included) never carries one person's context into another's request.
_CONTEXT = text(
    "SELECT set_config('role', :role, true), set_config('pesan.actor', :actor, true),"
    " set_config('pesan.user_id', :user_id, true), set_config('pesan.merchant_ids', :merchant_ids, true),"
    " set_config('pesan.limited_ids', :limited_ids, true), set_config('pesan.event_ids', :event_ids, true),"
    " set_config('pesan.order_codes', :order_codes, true), set_config('pesan.ticket_ids', :ticket_ids, true),"
    " set_config('pesan.participant_ids', :participant_ids, true),"
    " set_config('lock_timeout', :lock_timeout, true),"
    " set_config('statement_timeout', :statement_timeout, true)"
)


S = TypeVar("S", bound=AsyncSession)


class ReadSession(AsyncSession):
    """A transaction that only reads."""


class WriteSession(ReadSession):
    """A transaction that writes; whoever opened it commits, no service does."""


class Database:
    """The pool of one process.

    `url` names a log-in role that owns nothing and inherits nothing; each transaction takes the role it needs
    (`pesan_request`, `pesan_sale`, `pesan_identity` or `pesan_system`) and the context of its actor. A server that is
    silent for `answer_seconds` is given up; without them it is waited for, as jobs may.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        role_prefix: str = "pesan",
        pool_size: int = 10,
        lock_timeout_ms: int = 2_000,
        statement_timeout_ms: int = 8_000,
        answer_seconds: float | None = None,
    ) -> None:
        self.url = make_url(url) if isinstance(url, str) else url
        self.role_prefix = role_prefix
        self._timeouts = {
            "lock_timeout": str(lock_timeout_ms),
            "statement_timeout": str(statement_timeout_ms),
        }
        # A buyer may have to wait for the group before theirs as well, so that each gets half.
        self._sale_lock_timeout = str(lock_timeout_ms // 2)
        self._patience = Patience(answer_seconds)
        self.engine = _make_engine(self.url, pool_size, self._patience)

    @asynccontextmanager
    async def read(self, actor: Actor) -> AsyncIterator[ReadSession]:
        """A read-only transaction as `actor`; raises Busy when a bounded wait ran out."""
        async with self._begin(ReadSession, self._role(actor), actor) as session:
            yield session

    @asynccontextmanager
    async def write(self, actor: Actor) -> AsyncIterator[WriteSession]:
        """A transaction as `actor`, committed at the end of the block, rolled back on any exception."""
        async with self._begin(WriteSession, self._role(actor), actor) as session:
            yield session

    @asynccontextmanager
    async def sale(self) -> AsyncIterator[WriteSession]:
        """A transaction of a sale's combiner, which serves many actors; they are explicit in its rows."""
        async with self._begin(WriteSession, "sale", Actor.system("sale")) as session:
            yield session

    @asynccontextmanager
    async def gate(self, event_id: UUID) -> AsyncIterator[WriteSession]:
        """A transaction of an event's gates, which serves many devices; they are explicit in its rows."""
        async with self._begin(WriteSession, "gate", Actor.gate(event_id)) as session:
            yield session

    @asynccontextmanager
    async def identity(self, actor: Actor | None = None) -> AsyncIterator[WriteSession]:
        """A transaction that may read credentials and sessions: finding out who somebody is, nothing else.

        Only as an `actor` may it change who works for a merchant; the policies say which rows.
        """
        async with self._begin(WriteSession, "identity", actor or Actor.system("identity")) as session:
            yield session

    async def dispose(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def _begin(self, kind: type[S], role: str, actor: Actor) -> AsyncIterator[S]:
        if self._patience.is_exhausted:
            raise refusal()
        try:
            async with kind(self.engine, expire_on_commit=False) as session, session.begin():
                await self._open(session, role, actor)
                yield session
        except (DBAPIError, PoolTimeout) as error:
            if is_passing(error):
                raise refusal() from error
            raise

    async def _open(self, session: AsyncSession, role: str, actor: Actor) -> None:
        """Connects, too. Only here does an OSError mean the database: inside the block it is the caller's own."""
        try:
            async with pipelined(session) as pipe:  # with the BEGIN, in one round trip
                await pipe.execute(_CONTEXT, self._context(role, actor))
        except OSError as error:  # TimeoutError is one
            raise refusal() from error

    def _context(self, role: str, actor: Actor) -> Mapping[str, str]:
        return {
            "role": f"{self.role_prefix}_{role}",
            "actor": "admin" if actor.is_platform_admin else str(actor.kind),
            "user_id": str(actor.user_id or ""),
            "merchant_ids": _array(str(merchant_id) for merchant_id in actor.merchant_ids),
            "limited_ids": _array(str(merchant_id) for merchant_id in actor.limited_ids),
            "event_ids": _array(str(event_id) for event_id in actor.event_ids),
            "order_codes": _array(actor.order_codes),
            "ticket_ids": _array(str(ticket_id) for ticket_id in actor.ticket_ids),
            "participant_ids": _array(str(known) for known in actor.participant_ids),
            **self._timeouts,
            **({"lock_timeout": self._sale_lock_timeout} if role == "sale" else {}),
        }

    @staticmethod
    def _role(actor: Actor) -> str:
        return "system" if actor.kind is ActorKind.SYSTEM else "request"


def _array(values: Any) -> str:
    """A PostgreSQL array literal; what goes in are ids and codes, never text a person typed as it is."""
    return "{" + ",".join('"' + value.replace("\\", "").replace('"', "") + '"' for value in values) + "}"


def _make_engine(url: URL, pool_size: int, patience: Patience) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=overflow_of(pool_size),
        pool_timeout=5,
        pool_pre_ping=False,
        pool_recycle=1_800,
        use_native_hstore=False,  # no table has one, and to ask for its type is a round trip before the first answer
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        connect_args={
            "async_creator_fn": patience.connect,
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": 8_000,
            "options": "-c idle_in_transaction_session_timeout=15000 -c timezone=UTC",
        },
    )
    event.listen(engine.sync_engine, "checkin", _keep_only_at_rest)
    return engine


def _keep_only_at_rest(connection: Any, record: ConnectionPoolEntry) -> None:
    """Throw away what comes back to the pool with something still under way: its next user would be answered by that.

    Whoever is cancelled while psycopg enters a pipe leaves the connection in it, where no statement has rows any more;
    psycopg looks up from its work, and so may be cancelled, once in some milliseconds.
    """
    if connection is None:
        return
    server = connection.driver_connection.pgconn
    is_at_rest = (
        server.pipeline_status == PipelineStatus.OFF and server.transaction_status == TransactionStatus.IDLE
    )
    if not is_at_rest:
        record.invalidate()


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()
