"""The only place that locks for chats: messages by id, then people by id, or the line that they wait in.

Nobody who has a person or a line waits for a message.

Whoever takes messages to send them skips what is locked, so that it is in no circle.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, String, Uuid, bindparam, false, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from pesan.chats.models import ChatContact, ChatLine
from pesan.db import WriteSession

_BY_IDS = text("SELECT 1 FROM chat_messages WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE").bindparams(
    bindparam("ids", type_=ARRAY(Uuid()))
)
_NAMED = text(
    "SELECT id FROM chat_messages WHERE id = ANY (:ids) OR wamid = ANY (:wamids) ORDER BY id FOR NO KEY UPDATE"
).bindparams(bindparam("ids", type_=ARRAY(Uuid())), bindparam("wamids", type_=ARRAY(String())))


async def lock_messages(session: WriteSession, message_ids: Collection[UUID]) -> None:
    """Lock messages by ascending id."""
    await session.execute(_BY_IDS, {"ids": sorted(set(message_ids))})


async def lock_named(
    session: WriteSession, message_ids: Collection[UUID], wamids: Collection[str]
) -> Sequence[UUID]:
    """Lock the messages of these ids, and those that WhatsApp gave these names, by ascending id; which they are."""
    named = {"ids": sorted(set(message_ids)), "wamids": sorted(set(wamids))}
    return (await session.scalars(_NAMED, named)).all()


async def lock_line(session: WriteSession, name: str) -> ChatLine:
    """Lock a line by its name; it is there from when anybody did anything to it."""
    await session.execute(insert(ChatLine).values(name=name).on_conflict_do_nothing())
    query = select(ChatLine).where(ChatLine.name == name)
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await session.scalars(locked)).one()


async def lock_contacts(
    session: WriteSession, *, wa: str | None, user_id: str | None
) -> Sequence[ChatContact]:
    """Lock whoever has this number or this id, by ascending id; two while nobody knew that they are one."""
    query = select(ChatContact).where(is_named(wa, user_id)).order_by(ChatContact.id)
    # What was read before the lock may have changed since.
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await session.scalars(locked)).all()


def is_named(wa: str | None, user_id: str | None) -> ColumnElement[bool]:
    """Whether a contact has this number or this id; nobody has none."""
    by_number = ChatContact.wa == wa if wa else false()
    return or_(by_number, ChatContact.user_id == user_id if user_id else false())
