"""Writes that belong to no feature below: a merchant's face, and the note that data was taken out."""

from typing import Any
from uuid import UUID

from pesan.audit import changed_values, record
from pesan.backoffice.forms.brand import BrandForm
from pesan.backoffice.forms.letter import TimingForm
from pesan.backoffice.locks import lock_merchant
from pesan.db import Actor, WriteSession


async def update_brand(session: WriteSession, merchant_id: UUID, *, form: BrandForm, actor: Actor) -> None:
    """Change a merchant's name, colour, zone and contacts.

    **Locks** the merchant.
    """
    merchant = await lock_merchant(session, merchant_id)
    wanted = form.model_dump()
    before, after = changed_values({name: getattr(merchant, name) for name in wanted}, wanted)
    for name, value in wanted.items():
        setattr(merchant, name, value)
    await record(
        session,
        merchant,
        action="merchant:brand:changed",
        actor=actor,
        merchant_id=merchant_id,
        data={"changed": list(after)},
        before=before,
        after=after,
    )
    await session.flush()


async def set_timing(session: WriteSession, merchant_id: UUID, *, form: TimingForm, actor: Actor) -> None:
    """Choose when letters go out by themselves. **Locks** the merchant."""
    merchant = await lock_merchant(session, merchant_id)
    wanted = form.model_dump()
    before, after = changed_values({name: getattr(merchant, name) for name in wanted}, wanted)
    for name, value in wanted.items():
        setattr(merchant, name, value)
    action = "merchant:letter:timing_changed"
    await record(
        session, merchant, action=action, actor=actor, merchant_id=merchant_id, before=before, after=after
    )
    await session.flush()


async def require_second_factor(
    session: WriteSession, merchant_id: UUID, *, is_needed: bool, actor: Actor
) -> None:
    """Give roles at a merchant only to whoever signed in with a second factor, or to everybody again.

    It counts at their next request. **Locks** the merchant.
    """
    merchant = await lock_merchant(session, merchant_id)
    before, merchant.needs_second_factor = merchant.needs_second_factor, is_needed
    await record(
        session,
        merchant,
        action="merchant:second_factor:changed",
        actor=actor,
        merchant_id=merchant_id,
        before={"needs_second_factor": before},
        after={"needs_second_factor": is_needed},
    )
    await session.flush()


async def set_logo(session: WriteSession, merchant_id: UUID, *, object_key: str, actor: Actor) -> None:
    """Give a merchant another logo. **Locks** the merchant."""
    merchant = await lock_merchant(session, merchant_id)
    before, merchant.logo_key = merchant.logo_key, object_key
    await record(
        session,
        merchant,
        action="merchant:brand:logo_changed",
        actor=actor,
        merchant_id=merchant_id,
        before={"logo_key": before},
        after={"logo_key": object_key},
    )
    await session.flush()


async def record_export(
    session: WriteSession, merchant_id: UUID, *, action: str, actor: Actor, data: dict[str, Any]
) -> None:
    """Note who took the buyers' data out. **Locks** the merchant."""
    merchant = await lock_merchant(session, merchant_id)
    await record(
        session,
        merchant,
        action=action,
        actor=actor,
        merchant_id=merchant_id,
        data=data,
    )
    await session.flush()
