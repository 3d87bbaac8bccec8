"""A merchant of one's own: how somebody who only had an account begins to sell."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.identity.errors import UnknownUser
from pesan.identity.locks import lock_user
from pesan.identity.models import Membership
from pesan.identity.states import MerchantRole
from pesan.tenancy.errors import SlugTaken
from pesan.tenancy.service import create_merchant


async def open_merchant(
    session: WriteSession, *, user_id: UUID, name: str, slugs: Iterable[str], actor: Actor
) -> UUID:
    """The merchant that a person organizes, or a new one of theirs at the first of `slugs` that is free.

    Runs in `Database.identity(actor)`. No session ends: nobody else's rights are theirs now, only what they just made.
    **Locks** the user, so that two requests at once make one merchant. Raises UnknownUser, SlugTaken.
    """
    user = await lock_user(session, user_id)
    if user is None:
        raise UnknownUser
    mine = (Membership.user_id == user_id, Membership.role == MerchantRole.ORGANIZER)
    query = (
        select(Membership.merchant_id).where(*mine).order_by(Membership.created_at, Membership.merchant_id)
    )
    if (found := await session.scalar(query.limit(1))) is not None:
        return found
    merchant_id = await _create(session, name, slugs, actor)
    session.add(Membership(user_id=user_id, merchant_id=merchant_id, role=MerchantRole.ORGANIZER))
    await session.flush()
    after = {"role": MerchantRole.ORGANIZER, "event_ids": None}
    await record(
        session,
        user,
        action="user:membership:changed",
        actor=actor,
        merchant_id=merchant_id,
        data={"role": MerchantRole.ORGANIZER},
        before={},
        after=after,
    )
    await session.flush()
    return merchant_id


async def _create(session: WriteSession, name: str, slugs: Iterable[str], actor: Actor) -> UUID:
    slug = ""
    for slug in slugs:
        try:
            # Of its own, so that a slug which somebody took a moment ago leaves the transaction usable.
            async with session.begin_nested():
                return (await create_merchant(session, name=name, slug=slug, actor=actor)).id
        except SlugTaken:
            continue
    raise SlugTaken(slug=slug)
