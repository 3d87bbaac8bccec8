"""Writes to promo codes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from pesan.audit import record
from pesan.capacity.service import create_pool
from pesan.catalog.errors import InvalidPeriod, PromoTaken
from pesan.catalog.models import Event, PromoCode
from pesan.catalog.states import PromoKind
from pesan.db import Actor, WriteSession
from pesan.db.waits import violates
from pesan.kit.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoDraft:
    """What an organizer says of a promo code; `value` is percent or rupiah, `max_uses` None is without limit."""

    code: str
    kind: PromoKind
    value: int
    max_uses: int | None = None
    ticket_type_id: UUID | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


async def create_promo_code(
    session: WriteSession, *, event: Event, draft: PromoDraft, actor: Actor
) -> PromoCode:
    """A new promo code of an event; raises PromoTaken, InvalidPeriod."""
    if draft.valid_from and draft.valid_until and draft.valid_until <= draft.valid_from:
        raise InvalidPeriod
    promo = PromoCode(
        id=new_id(),
        merchant_id=event.merchant_id,
        event_id=event.id,
        ticket_type_id=draft.ticket_type_id,
        pool_id=await _pool_of(session, event, draft.max_uses),
        code=draft.code.strip().upper(),
        kind=draft.kind.value,
        value=draft.value,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
    )
    try:
        async with session.begin_nested():
            session.add(promo)
            await session.flush()
    except IntegrityError as error:
        if violates(error, "uq_promo_codes_code"):
            raise PromoTaken(code=promo.code) from error
        raise
    data = {"event_id": str(event.id), "kind": promo.kind, "value": promo.value, "max_uses": draft.max_uses}
    await record(session, promo, action="promo_code:catalog:created", actor=actor, data=data)
    return promo


async def withdraw_promo_code(session: WriteSession, *, promo: PromoCode, actor: Actor) -> None:
    """Let a code make no further order cheaper; those that it made cheaper stay so."""
    promo.is_active = False
    await session.flush()
    await record(session, promo, action="promo_code:catalog:withdrawn", actor=actor)


async def _pool_of(session: WriteSession, event: Event, max_uses: int | None) -> UUID | None:
    if max_uses is None:
        return None
    pool = await create_pool(session, merchant_id=event.merchant_id, capacity=max_uses, hold_ratio=Decimal(1))
    return pool.id
