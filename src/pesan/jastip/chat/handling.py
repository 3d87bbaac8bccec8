"""One message, handled: what it does, and what is answered, once."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import func, update

from pesan.chats.contacts import open_window
from pesan.chats.models import ChatUpdate
from pesan.chats.outbox import Outgoing, say
from pesan.chats.states import Category, Line
from pesan.chats.updates import read_update
from pesan.db import Database, WriteSession
from pesan.jastip.chat import buying, commands, proving, words
from pesan.jastip.chat.answers import Answer, plain
from pesan.jastip.chat.commands import ACTOR, Talk
from pesan.jastip.chat.people import Taking, list_takings
from pesan.jastip.chat.taps import Choose, Drop, Look, Order, ProofFor, read_tap
from pesan.jastip.links import Links
from pesan.jastip.parsing import read_command
from pesan.kit.registry import Registry
from pesan.messaging.whatsapp.inbound import InboundMessage
from pesan.settings import Settings

_PICTURES = frozenset({"image", "document"})
_WORDS = frozenset({"text", "button"})


async def handle(deps: Registry, update_id: UUID) -> None:
    """Do what a stored message asks for and answer it; one that was handled does nothing again.

    What leaves the database's transaction (an order, a proof) is named by the message and done before the answer is
    written: whoever dies in between finds it done.
    """
    async with deps[Database].read(ACTOR) as session:
        row = await session.get(ChatUpdate, update_id)
        if row is None or row.handled_at is not None:
            return
        message = read_update(InboundMessage, row.payload)
        takings = await list_takings(session, message)
    is_ours = message.phone_number_id == deps[Settings].wa_phone_id
    done = await _act_outside(deps, row, message, takings) if is_ours else Answer("other_number")
    async with deps[Database].write(ACTOR) as session:
        if await _claim(session, update_id):
            answer = await _answer(session, deps, message, done)
            await _finish(session, update_id, message, answer)


async def _act_outside(
    deps: Registry, row: ChatUpdate, message: InboundMessage, takings: Sequence[Taking]
) -> Answer | None:
    """What other desks do in transactions of their own; None where the message asks for nothing of that kind."""
    tap = read_tap(message.reply_id)
    if isinstance(tap, Order):
        return await buying.order(deps, row.id, message, takings, tap)
    if isinstance(tap, ProofFor):
        return await proving.take_earlier(deps, row, message, takings, tap)
    if message.kind in _PICTURES and takings:
        return await proving.take(deps, row, message, takings)
    return None


async def _answer(
    session: WriteSession, deps: Registry, message: InboundMessage, done: Answer | None
) -> Answer:
    """Note that they wrote, and answer what is answered inside this transaction."""
    if done is not None and done.outcome == "other_number":
        return done
    contact = await open_window(
        session,
        wa=message.wa,
        user_id=message.user_id,
        profile_name=message.profile_name or "",
        at=message.said_at,
    )
    if done is not None:
        return done
    talk = Talk(message, contact, await list_takings(session, message), deps[Links])
    tap = read_tap(message.reply_id)
    if isinstance(tap, (Look, Choose)):
        return await buying.look(session, talk.takings, tap, talk.links, talk.locale)
    if isinstance(tap, Drop):
        return Answer("dropped", (plain(words.DROPPED.in_(talk.locale)),))
    if message.kind not in _WORDS:
        return Answer("ignored")  # a heart below an answer of ours asks for nothing
    return await commands.run(session, talk, read_command(message.text))


async def _claim(session: WriteSession, update_id: UUID) -> bool:
    """Whether nobody handled it before; **locks** the update, so that a second handler waits and then does nothing."""
    claimed = (
        update(ChatUpdate)
        .where(ChatUpdate.id == update_id, ChatUpdate.handled_at.is_(None))
        .values(handled_at=func.clock_timestamp())
        .returning(ChatUpdate.id)
    )
    return await session.scalar(claimed) is not None


async def _finish(session: WriteSession, update_id: UUID, message: InboundMessage, answer: Answer) -> None:
    trip = answer.trip.trip if answer.trip else None
    await say(
        session,
        [
            Outgoing(
                line=Line.REPLIES,
                category=Category.SERVICE,
                to_wa=message.wa,
                to_user_id=None if message.wa else message.user_id,
                body=shape,
                merchant_id=trip.merchant_id if trip else None,
                event_id=trip.event_id if trip else None,
                reply_to=message.wamid if number == 0 else None,
                id=uuid5(update_id, str(number)),
            )
            for number, shape in enumerate(answer.shapes)
        ],
    )
    noted = update(ChatUpdate).where(ChatUpdate.id == update_id).values(outcome=answer.outcome)
    await session.execute(noted)
