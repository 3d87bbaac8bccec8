"""Giving consent with an order, reading it, taking it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy import func, select, text, update

from pesan.audit.service import record
from pesan.db import Actor, ReadSession, WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.moves import Stage
from pesan.payments.refunds.locks import lock_order
from pesan.privacy.models import Consent
from pesan.privacy.states import ConsentChannel, Purpose

_COLUMNS = {
    "id": "uuid",
    "merchant_id": "uuid",
    "order_id": "uuid",
    "purpose": "text",
    "version_id": "uuid",
    "channel": "text",
    "guardian_name": "text",
}
_NAMES = ", ".join(_COLUMNS)
_INSERT = text(f"INSERT INTO consents ({_NAMES}) SELECT {_NAMES} FROM {recordset(_COLUMNS)}")  # noqa: S608


@dataclass(frozen=True, slots=True)
class ConsentCompanion:
    """Consent to one purpose, written with the order it was given with; one statement for all of a group."""

    stage: ClassVar[Stage] = Stage.EVIDENCE

    order_id: UUID
    merchant_id: UUID
    version_id: UUID
    purpose: Purpose = Purpose.MARKETING
    channel: ConsentChannel = ConsentChannel.CHECKOUT
    guardian_name: str | None = None

    @classmethod
    async def write_many(cls, executor: Executor, items: Sequence["ConsentCompanion"]) -> None:
        """Write the consents of a group."""
        await executor.execute(_INSERT, pack(_row(item) for item in items))


async def find_consent(session: ReadSession, order_id: UUID, purpose: Purpose) -> Consent | None:
    """The order's consent to a purpose that was given and not taken back."""
    given = Consent.order_id == order_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None)
    return await session.scalar(select(Consent).where(*given))


async def withdraw(session: WriteSession, order: Order, purpose: Purpose, *, actor: Actor) -> bool:
    """Take consent back; returns whether there was any. **Locks** the order."""
    locked = await lock_order(session, order.id)
    mine = Consent.order_id == order.id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None)
    change = update(Consent).where(*mine).values(withdrawn_at=func.clock_timestamp()).returning(Consent.id)
    if await session.scalar(change) is None:
        return False
    await record(
        session, locked, action="order:consent:withdrawn", actor=actor, data={"purpose": purpose.value}
    )
    return True


def _row(item: ConsentCompanion) -> dict[str, object]:
    return {
        "id": new_id(),
        "merchant_id": item.merchant_id,
        "order_id": item.order_id,
        "purpose": item.purpose.value,
        "version_id": item.version_id,
        "channel": item.channel.value,
        "guardian_name": item.guardian_name,
    }
