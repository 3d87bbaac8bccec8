"""A picture in the chat is the proof of an order that waits for one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from pesan.chats.models import ChatUpdate
from pesan.chats.states import UpdateKind
from pesan.chats.updates import read_update
from pesan.checkout.proofs import take_proof
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.jastip.chat import words
from pesan.jastip.chat.answers import Answer, order_list, plain, which_order
from pesan.jastip.chat.buying import locale_of
from pesan.jastip.chat.people import Ordered, Taking, find_repriced, find_trip, list_unpaid
from pesan.jastip.chat.taps import ProofFor
from pesan.kit.i18n import Locale
from pesan.kit.registry import Registry
from pesan.messaging.errors import MessageDelayed
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.messaging.whatsapp.inbound import InboundMessage
from pesan.messaging.whatsapp.media import Media, MediaFailed, MediaFailure
from pesan.orders.dues import owes_balance
from pesan.orders.errors import BalanceProofWaiting, WrongState
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.storage.errors import UploadTooLarge
from pesan.storage.uploads import MAX_BYTES, MEGABYTE

_CHUNK = 65_536
_PATIENCE = timedelta(seconds=40)
_SERVER_ERROR = 500
_SYSTEM = Actor.system("chat")


async def take(deps: Registry, row: ChatUpdate, message: InboundMessage, takings: Sequence[Taking]) -> Answer:
    """Hand a picture in for the only order that waits for one, or ask which of several it is for.

    An order waits for one while it is unpaid, and again while its deposit is paid and the rest is not. Whoever died
    before answering comes here again, and finds a proof that waits since the message came. Raises MessageDelayed when
    the file cannot be had just now, for a while; then they are asked to send it again.
    """
    async with deps[Database].read(_SYSTEM) as session:
        found = await list_unpaid(session, message)
        repriced = await find_repriced(session, message, row.received_at)
    locale = locale_of(takings[0])
    waiting = [each for each in found if _waited(each, row.received_at)]
    handed_in = next((each for each in found if _came_since(each, row.received_at)), None)
    if not waiting and handed_in is not None:
        return _taken(handed_in.order, takings, locale)
    if not waiting and repriced is not None:
        said = words.PROOF_AFTER_PRICE.in_(locale, code=repriced.code)
        return Answer("price_changed", (plain(said),), find_trip(takings, [repriced.event_id]))
    if not waiting:
        return Answer("no_open_order", (plain(words.PROOF_OF_NOTHING.in_(locale)),), takings[0].trip)
    if len(waiting) > 1:
        trip = find_trip(takings, [each.order.event_id for each in waiting])
        return Answer("which_order", (which_order(waiting, about=str(row.id), locale=locale),), trip)
    return await _hand_in(deps, message, waiting[0].order, takings, is_patient=_is_young(row))


async def take_earlier(
    deps: Registry, asked: ChatUpdate, message: InboundMessage, takings: Sequence[Taking], tap: ProofFor
) -> Answer:
    """Hand in the picture of an earlier message of the same person for the order that they chose.

    Where that did not wait for a proof when the picture came, they are told how it stands: the picture of a deposit is
    no proof of the rest.
    """
    async with deps[Database].read(_SYSTEM) as session:
        row = await session.get(ChatUpdate, tap.update_id)
        found = await list_unpaid(session, message)
    is_message = row is not None and row.kind == UpdateKind.MESSAGE
    picture = read_update(InboundMessage, row.payload) if row is not None and is_message else None
    chosen = next((each for each in found if each.order.id == tap.order_id), None)
    if not takings or row is None or chosen is None or picture is None or not _is_by(picture, message):
        return Answer("no_open_order")
    order, locale = chosen.order, locale_of(takings[0])
    if order.state == OrderState.REVIEW or order.balance_submitted_at is not None:
        return _taken(order, takings, locale)
    if not _waited(chosen, row.received_at):
        trip = find_trip(takings, [order.event_id])
        return Answer("told_orders", (order_list([chosen], locale=locale),), trip)
    return await _hand_in(deps, picture, order, takings, is_patient=_is_young(asked))


async def _hand_in(
    deps: Registry, picture: InboundMessage, order: Order, takings: Sequence[Taking], *, is_patient: bool
) -> Answer:
    locale, trip = locale_of(takings[0]), find_trip(takings, [order.event_id])
    if picture.media is None:
        return Answer("no_file", (plain(words.PROOF_LOST.in_(locale)),), trip)
    try:
        media = await deps[WhatsAppClient].fetch_media(picture.media.media_id, limit=MAX_BYTES)
        with media:
            stream = _read(media)
            await take_proof(deps, order=order, stream=stream, filename=None, actor=Actor.guest(order.code))
    except MediaFailed as error:
        if error.is_worth_repeating and is_patient:
            raise MessageDelayed(f"chats.media_{error.reason}") from error
        return Answer("no_file", (plain(_lost(error, locale)),), trip)
    except PesanError as error:
        if error.status >= _SERVER_ERROR:
            raise
        if isinstance(error, WrongState) and _is_looked_at(error):
            return _taken(order, takings, locale)
        why = words.PROOF_REFUSED.in_(locale, why=error.text(locale))
        return Answer("proof_refused", (plain(why),), trip)
    return _taken(order, takings, locale)


def _is_young(row: ChatUpdate) -> bool:
    """Whether somebody may be kept waiting for an answer; what else they write waits meanwhile."""
    return datetime.now(UTC) < row.received_at + _PATIENCE


def _is_by(one: InboundMessage, other: InboundMessage) -> bool:
    if one.user_id and other.user_id:
        return one.user_id == other.user_id
    return one.wa is not None and one.wa == other.wa


def _taken(order: Order, takings: Sequence[Taking], locale: Locale) -> Answer:
    said = words.BALANCE_PROOF_TAKEN if owes_balance(order) else words.PROOF_TAKEN
    trip = find_trip(takings, [order.event_id])
    return Answer("proof_taken", (plain(said.in_(locale, code=order.code)),), trip)


def _is_looked_at(error: WrongState) -> bool:
    """Whether somebody else handed a proof in first, in the chat or on the page."""
    return isinstance(error, BalanceProofWaiting) or error.extra.get("state") == OrderState.REVIEW


def _came_since(each: Ordered, at: datetime) -> bool:
    order = each.order
    since = order.submitted_at if order.state == OrderState.REVIEW else order.balance_submitted_at
    return since is not None and since >= at


def _waited(each: Ordered, at: datetime) -> bool:
    """Whether it waited for a proof when the message came: not what was ordered or asked for since.

    What got another price since waited all the same: the picture may show money for the old one.
    """
    order = each.order
    if owes_balance(order):
        return order.balance_submitted_at is None and (each.moved_at or order.state_changed_at) <= at
    return order.state == OrderState.HOLD and order.placed_at <= at < order.hold_expires_at


def _lost(error: MediaFailed, locale: Locale) -> str:
    if error.reason is MediaFailure.TOO_LARGE:
        why = UploadTooLarge(megabytes=MAX_BYTES // MEGABYTE).text(locale)
        return words.PROOF_REFUSED.in_(locale, why=why)
    return words.PROOF_LOST.in_(locale)


async def _read(media: Media) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(media.file.read, _CHUNK):
        yield chunk
