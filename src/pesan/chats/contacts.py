"""People on WhatsApp: until when they may be written anything, and what they want to hear."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from pesan.chats.locks import is_named, lock_contacts
from pesan.chats.models import ChatContact
from pesan.db import ReadSession, WriteSession
from pesan.kit.ids import new_id

WINDOW = timedelta(hours=24)
"""How long after somebody's last message they may be written anything (protocols §6.9)."""
_LONGEST_NAME = 100


async def open_window(
    session: WriteSession, *, wa: str | None, user_id: str | None, profile_name: str | None, at: datetime
) -> ChatContact:
    """Somebody wrote at `at`, by their clock: they are known, and their window is open for a day from then.

    Whoever was known by their number alone, or by WhatsApp's id alone, is known by both once a message names both.
    **Locks** the contact.
    """
    contact = await meet(session, wa=wa, user_id=user_id)
    contact.profile_name = (profile_name or "")[:_LONGEST_NAME] or contact.profile_name
    until = await _no_later_than_now(session, at) + WINDOW
    contact.window_until = max(contact.window_until or until, until)
    # They write, so they can be written to.
    contact.unreachable_at = None
    await session.flush()
    return contact


async def meet(session: WriteSession, *, wa: str | None, user_id: str | None) -> ChatContact:
    """The person of this number or id, made known when they were not, and one person when we knew them as two.

    **Locks** the contact. Raises ValueError where neither is given.
    """
    if wa is None and user_id is None:
        raise ValueError("nobody is meant")
    found = await lock_contacts(session, wa=wa, user_id=user_id)
    if not found:
        # Somebody else may meet them at this very moment.
        unknown = insert(ChatContact).values(id=new_id(), wa=wa, user_id=user_id)
        await session.execute(unknown.on_conflict_do_nothing())
        found = await lock_contacts(session, wa=wa, user_id=user_id)
    return await _as_one(session, found, wa, user_id)


async def stop(
    session: WriteSession, contact: ChatContact, *, at: datetime, marketing_only: bool = False
) -> None:
    """They want to hear nothing but answers, or no advertising, as they said at `at`; an older choice changes nothing.

    Of a stop and a return within one second, by which WhatsApp counts, the stop holds.
    """
    at = await _no_later_than_now(session, at)
    if marketing_only and _is_due(at, contact.marketing_choice_at):
        contact.marketing_stopped_at = contact.marketing_choice_at = at
    elif not marketing_only and _is_due(at, contact.choice_at):
        contact.stopped_at = contact.choice_at = at
    await session.flush()


async def resume(
    session: WriteSession, contact: ChatContact, *, at: datetime, marketing_only: bool = False
) -> None:
    """They want to hear from us again, or advertising only, as they said at `at`; an older choice changes nothing."""
    at = await _no_later_than_now(session, at)
    if not marketing_only and contact.choice_at != at and _is_due(at, contact.choice_at):
        contact.choice_at, contact.stopped_at = at, None
    if contact.marketing_choice_at != at and _is_due(at, contact.marketing_choice_at):
        contact.marketing_choice_at, contact.marketing_stopped_at = at, None
    await session.flush()


async def find_contact(session: ReadSession, *, wa: str | None, user_id: str | None) -> ChatContact | None:
    """Whoever is known by this number or this id; while nobody knew that two are one, the one written to last."""
    found = await list_contacts(session, wa=wa, user_id=user_id)
    return found[0] if found else None


async def list_contacts(
    session: ReadSession, *, wa: str | None, user_id: str | None
) -> Sequence[ChatContact]:
    """Everybody who is known by this number or this id, the widest window first."""
    query = select(ChatContact).where(is_named(wa, user_id))
    widest = ChatContact.window_until.desc().nulls_last()
    return (await session.scalars(query.order_by(widest, ChatContact.id))).all()


async def is_window_open(session: ReadSession, *, wa: str | None, user_id: str | None) -> bool:
    """Whether they may be written anything right now, by the database's clock."""
    is_open = ChatContact.window_until > func.clock_timestamp()
    return bool(await session.scalar(select(func.bool_or(is_open)).where(is_named(wa, user_id))))


async def _as_one(
    session: WriteSession, found: Sequence[ChatContact], wa: str | None, user_id: str | None
) -> ChatContact:
    kept = next((contact for contact in found if user_id and contact.user_id == user_id), found[0])
    for other in found:
        if other is kept:
            continue
        if other.user_id in (None, user_id):
            _absorb(kept, other)
            await session.delete(other)
        else:
            # Their number is somebody else's now.
            other.wa = None
    # What a unique index guards is given up before it is taken.
    await session.flush()
    kept.wa, kept.user_id = wa or kept.wa, user_id or kept.user_id
    await session.flush()
    return kept


def _absorb(kept: ChatContact, other: ChatContact) -> None:
    """The longer window, and of each kind the later choice."""
    windows = [until for until in (kept.window_until, other.window_until) if until is not None]
    kept.window_until = max(windows, default=None)
    kept.profile_name = kept.profile_name or other.profile_name
    if _is_later(other.choice_at, kept.choice_at):
        kept.choice_at, kept.stopped_at = other.choice_at, other.stopped_at
    if _is_later(other.marketing_choice_at, kept.marketing_choice_at):
        kept.marketing_choice_at = other.marketing_choice_at
        kept.marketing_stopped_at = other.marketing_stopped_at


async def _no_later_than_now(session: ReadSession, at: datetime) -> datetime:
    """A clock that is ahead of ours must not hold a window open, or shut out later choices."""
    now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    return min(at, now)


def _is_due(at: datetime, last: datetime | None) -> bool:
    return last is None or at >= last


def _is_later(one: datetime | None, than: datetime | None) -> bool:
    return one is not None and (than is None or one > than)
