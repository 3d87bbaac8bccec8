"""Writes that belong to no feature below: a merchant's face, and the note that data was taken out."""

from typing import Any
from uuid import UUID

from pesan.audit.service import record
from pesan.backoffice.forms.brand import BrandForm
from pesan.backoffice.locks import lock_merchant
from pesan.db import Actor, WriteSession


async def update_brand(session: WriteSession, merchant_id: UUID, *, form: BrandForm, actor: Actor) -> None:
    """Change a merchant's name, colour, zone and contacts.

    **Locks** the merchant.
    """
    merchant = await lock_merchant(session, merchant_id)
    wanted = form.model_dump()
    before = {name: getattr(merchant, name) for name in wanted}
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    for name, value in changed.items():
        setattr(merchant, name, value)
    data = {"changed": sorted(changed)}
    await record(
        session, merchant, action="merchant:brand:changed", actor=actor, merchant_id=merchant_id, data=data
    )
    await session.flush()


async def set_logo(session: WriteSession, merchant_id: UUID, *, object_key: str, actor: Actor) -> None:
    """Give a merchant another logo. **Locks** the merchant."""
    merchant = await lock_merchant(session, merchant_id)
    merchant.logo_key = object_key
    await record(
        session, merchant, action="merchant:brand:logo_changed", actor=actor, merchant_id=merchant_id
    )
    await session.flush()


async def record_export(
    session: WriteSession, merchant_id: UUID, *, actor: Actor, data: dict[str, Any]
) -> None:
    """Note who took the buyers' data out. **Locks** the merchant."""
    merchant = await lock_merchant(session, merchant_id)
    await record(
        session,
        merchant,
        action="merchant:bookings:exported",
        actor=actor,
        merchant_id=merchant_id,
        data=data,
    )
    await session.flush()
