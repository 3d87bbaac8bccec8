"""Letting go of what is no longer needed: each kind of data after its own time, in batches, and on record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, func, select, text

from pesan.audit.locks import lock_subject
from pesan.audit.service import record
from pesan.catalog.models import Event
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.logging import get_logger
from pesan.orders.models import Order
from pesan.payments.refunds.models import IS_OPEN
from pesan.privacy.erasure import erase_orders, is_over, over_at
from pesan.privacy.objects import delete_objects
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.tenancy.models import Merchant

ACTOR = Actor.system("retention")
MOST_BATCHES = 200
"""How many batches of one kind go in one run; what is left goes with the next."""
_ROWS = 500
_ORDERS = 100
# Nobody waits for these, and what they look through grows.
_TIMEOUT = text("SET LOCAL statement_timeout = '120s'")
_FIRST = UUID(int=0)
_BEFORE = "clock_timestamp() - make_interval(hours => :hours)"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What to take away next: what is older than `hours`, and comes after the row up to which was looked."""

    hours: int
    after: UUID = _FIRST


@dataclass(frozen=True, slots=True)
class Gone:
    """What a batch took away; `is_last` says that nothing is left, `keys` are objects to delete after the commit.

    `after` is the last row of a batch that is found in the order of ids, so that none looks at all of them again.
    """

    rows: int
    is_last: bool
    keys: Sequence[str] = ()
    after: UUID = _FIRST


@dataclass(frozen=True, slots=True)
class Outcome:
    """What went of one kind, or would go."""

    kind: str
    hours: int
    rows: int


class Kind(Protocol):
    """One kind of data with an end."""

    async def count(self, session: ReadSession, hours: int) -> int:
        """How many rows are older than they should be."""

    async def purge(self, session: WriteSession, batch: Batch) -> Gone:
        """Take a batch of them away."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows that nothing refers to, older than a column says."""

    table: str
    column: str
    first: str = field(default="")
    """A statement that deletes what refers to `old`, the rows of the batch."""
    key: str = field(default="id")
    """The columns by which a row is named."""

    async def count(self, session: ReadSession, hours: int) -> int:
        query = text(f"SELECT count(*) FROM {self.table} WHERE {self.column} < {_BEFORE}")  # noqa: S608
        return int((await session.execute(query, {"hours": hours})).scalar_one())

    async def purge(self, session: WriteSession, batch: Batch) -> Gone:
        old = f"SELECT * FROM {self.table} WHERE {self.column} < {_BEFORE} LIMIT :most"  # noqa: S608
        keys = f"SELECT {self.key} FROM old"  # noqa: S608
        first = f", first AS ({self.first})" if self.first else ""
        delete = text(
            f"WITH old AS ({old}){first} DELETE FROM {self.table} WHERE ({self.key}) IN ({keys})"  # noqa: S608
        )
        result = await session.execute(delete, {"hours": batch.hours, "most": _ROWS})
        rows = result.rowcount if isinstance(result, CursorResult) else 0
        return Gone(rows, rows < _ROWS)


class _Proofs:
    """Pictures of payments that were settled or refused, and whose money is not disputed."""

    _OLD = (
        "FROM payment_proofs p JOIN orders o ON o.id = p.order_id WHERE o.state NOT IN ('HOLD', 'REVIEW')"  # noqa: S608
        # Somebody may shop for a long time; until the parcel is sent, the order is not over.
        " AND NOT (o.state = 'PAID' AND o.fulfilment = 'jastip')"
        " AND o.balance_submitted_at IS NULL"
        f" AND greatest(o.state_changed_at, p.uploaded_at) < {_BEFORE}"
        f" AND NOT EXISTS (SELECT 1 FROM refunds WHERE order_id = o.id AND {IS_OPEN})"
    )

    async def count(self, session: ReadSession, hours: int) -> int:
        return int(
            (await session.execute(text(f"SELECT count(*) {self._OLD}"), {"hours": hours})).scalar_one()
        )

    async def purge(self, session: WriteSession, batch: Batch) -> Gone:
        delete = text(
            f"DELETE FROM payment_proofs WHERE id IN (SELECT p.id {self._OLD} LIMIT :most)"  # noqa: S608
            " RETURNING merchant_id, object_key"
        )
        rows = (await session.execute(delete, {"hours": batch.hours, "most": _ROWS})).all()
        await _note(session, "proofs", Counter(merchant_id for merchant_id, _ in rows))
        return Gone(len(rows), len(rows) < _ROWS, [key for _, key in rows])


class _Texts:
    """What was said in chats, and to whom; that something was said, and what it cost, stays."""

    _OLD = (
        f"FROM chat_messages WHERE created_at < {_BEFORE} AND state NOT IN ('queued', 'sending')"
        " AND (to_wa IS NOT NULL OR to_user_id IS NOT NULL)"
    )

    async def count(self, session: ReadSession, hours: int) -> int:
        found = await session.execute(text(f"SELECT count(*) {self._OLD}"), {"hours": hours})
        return int(found.scalar_one())

    async def purge(self, session: WriteSession, batch: Batch) -> Gone:
        forget = text(
            "UPDATE chat_messages SET body = NULL, template = NULL, to_wa = NULL, to_user_id = NULL"  # noqa: S608
            f" WHERE id IN (SELECT id {self._OLD} LIMIT :most) RETURNING id"
        )
        rows = len((await session.execute(forget, {"hours": batch.hours, "most": _ROWS})).all())
        return Gone(rows, rows < _ROWS)


class _Contacts:
    """Names and contacts of buyers whose orders are over; erasing writes each order's own history."""

    def _is_old(self, hours: int) -> ColumnElement[bool]:
        ended = func.greatest(Order.state_changed_at, over_at())
        limit = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, hours)
        return (Order.erased_at.is_(None)) & is_over() & (ended < limit)

    async def count(self, session: ReadSession, hours: int) -> int:
        query = select(func.count()).select_from(Order).join(Event, Event.id == Order.event_id)
        return await session.scalar(query.where(self._is_old(hours))) or 0

    async def purge(self, session: WriteSession, batch: Batch) -> Gone:
        query = select(Order.id).join(Event, Event.id == Order.event_id).where(self._is_old(batch.hours))
        query = query.where(Order.id > batch.after)
        ids = (await session.scalars(query.order_by(Order.id).limit(_ORDERS))).all()
        keys = await erase_orders(session, ids, reason="retention", actor=ACTOR) if ids else []
        return Gone(len(ids), len(ids) < _ORDERS, keys, after=ids[-1] if ids else batch.after)


KINDS: Mapping[str, Kind] = {
    "proofs": _Proofs(),
    "contacts": _Contacts(),
    "sessions": _Rows("sessions", "expires_at"),
    "idempotency": _Rows("idempotency_keys", "created_at", key="scope, key"),
    "notifications": _Rows(
        "notifications",
        "created_at",
        "DELETE FROM deliveries WHERE notification_id IN (SELECT id FROM old)",
    ),
    "webhooks": _Rows("webhook_events", "received_at"),
    "chat_updates": _Rows("chat_updates", "received_at"),
    "chat_texts": _Texts(),
    "risk_traces": _Rows("risk_traces", "at", key="order_id, mark"),
    "risk_lists": _Rows("risk_entries", "added_at"),
    "visits": _Rows("contact_proofs", "asked_at"),
}


def hours_of(settings: Settings) -> Mapping[str, int]:
    """How long each kind is kept."""
    return {
        "proofs": settings.retention_proof_days * 24,
        "contacts": settings.retention_contact_days * 24,
        "sessions": settings.retention_session_days * 24,
        "idempotency": settings.retention_idempotency_hours,
        "notifications": settings.retention_notification_days * 24,
        "webhooks": settings.retention_webhook_days * 24,
        "chat_updates": settings.retention_webhook_days * 24,
        "chat_texts": settings.retention_notification_days * 24,
        "risk_traces": settings.retention_risk_trace_days * 24,
        "risk_lists": settings.retention_risk_list_days * 24,
        "visits": settings.retention_visit_hours,
    }


async def preview(database: Database, settings: Settings) -> list[Outcome]:
    """What would go now; nothing is changed."""
    found = []
    for name, hours in hours_of(settings).items():
        async with database.read(ACTOR) as session:
            await session.execute(_TIMEOUT)
            found.append(Outcome(name, hours, await KINDS[name].count(session, hours)))
    return found


async def apply(database: Database, storage: Storage, settings: Settings) -> list[Outcome]:
    """Let go of everything whose time is over, each batch in a transaction of its own; returns what went."""
    done = []
    for name, hours in hours_of(settings).items():
        rows = await _apply(database, storage, KINDS[name], hours)
        if rows:
            log.info("retention.applied", kind=name, rows=rows, hours=hours)
        done.append(Outcome(name, hours, rows))
    return done


async def _apply(database: Database, storage: Storage, kind: Kind, hours: int) -> int:
    rows = 0
    batch = Batch(hours)
    for _ in range(MOST_BATCHES):
        async with database.write(ACTOR) as session:
            await session.execute(_TIMEOUT)
            gone = await kind.purge(session, batch)
        await delete_objects(storage, gone.keys)
        rows += gone.rows
        batch = Batch(hours, gone.after)
        if gone.is_last:
            break
    return rows


async def _note(session: WriteSession, kind: str, rows: Mapping[UUID, int]) -> None:
    """In the history of each merchant: how much of its data went, and by what rule."""
    for merchant_id in sorted(rows):
        merchant = await lock_subject(session, Merchant.audit_kind, merchant_id)
        if merchant is not None:
            data = {"kind": kind, "rows": rows[merchant_id]}
            await record(session, merchant, action="merchant:retention:applied", actor=ACTOR, data=data)
