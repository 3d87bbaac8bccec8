"""What people ask about their data: asked of every merchant concerned, decided there, carried out by a job."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from pesan.audit.service import record
from pesan.db import Actor, ReadSession, WriteSession
from pesan.jobs import enqueue
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_id
from pesan.orders.locks import lock_orders
from pesan.orders.models import Order
from pesan.privacy.contacts import Contact
from pesan.privacy.erasure import erase_orders, has_running, list_erasable
from pesan.privacy.erasure_list import Erased
from pesan.privacy.errors import DataStillNeeded, RequestDecided, RequestNotFound
from pesan.privacy.locks import lock_request
from pesan.privacy.marks import Marks
from pesan.privacy.models import PrivacyRequest
from pesan.privacy.noting import note_erasures
from pesan.privacy.states import ANSWER_TASK, ANSWER_WITHIN, CARRY_OUT_TASK, RequestKind, RequestState
from pesan.risk.lists import forget_buyers
from pesan.tickets.models import Ticket

BATCH = 100
MOST_LISTED = 200
CORRECTED = "order:buyer:corrected"
_ACTOR = Actor.system("privacy")


class Asked(NamedTuple):
    """How many merchants a request went to, and how many have one of its kind waiting instead."""

    sent: int
    waiting: int


async def ask(
    session: WriteSession,
    contact: Contact,
    kind: RequestKind,
    locale: Locale,
    *,
    name: str | None = None,
    wa: str | None = None,
) -> Asked:
    """Ask every merchant that has this contact, except where the same kind waits for its answer already.

    What waits stays as it was asked: whoever decides on it must not let something through that they did not read.
    """
    merchants = await session.scalars(
        select(Order.merchant_id).where(Order.email == contact.email).distinct()
    )
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    rows = [
        {
            "id": new_id(),
            "merchant_id": merchant_id,
            "kind": kind,
            "state": RequestState.OPEN,
            "email": contact.email,
            "locale": locale,
            "name": name,
            "wa": wa,
            "asked_at": now,
            "due_at": now + ANSWER_WITHIN,
        }
        for merchant_id in merchants
    ]
    if not rows:
        return Asked(0, 0)
    once = insert(PrivacyRequest).values(rows).on_conflict_do_nothing()
    sent = len((await session.scalars(once.returning(PrivacyRequest.id))).all())
    return Asked(sent, len(rows) - sent)


async def list_requests(session: ReadSession, merchant_id: UUID) -> Sequence[PrivacyRequest]:
    """A merchant's requests: what waits first, the oldest before, then what was answered lately."""
    query = select(PrivacyRequest).where(PrivacyRequest.merchant_id == merchant_id)
    order = PrivacyRequest.decided_at.desc().nulls_first(), PrivacyRequest.asked_at, PrivacyRequest.id
    return (await session.scalars(query.order_by(*order).limit(MOST_LISTED))).all()


async def decide(
    session: WriteSession, request_id: UUID, merchant_id: UUID, *, refusal: str | None, actor: Actor
) -> PrivacyRequest:
    """Let a request be done, or refuse it with a reason that the person is told.

    **Locks** the request. **Enqueues** its carrying out, or the answer. Raises RequestNotFound, RequestDecided,
    DataStillNeeded.
    """
    request = await lock_request(session, request_id)
    if request.merchant_id != merchant_id:
        raise RequestNotFound
    if request.state != RequestState.OPEN:
        raise RequestDecided
    if refusal is None and request.kind == RequestKind.ERASURE:
        await _require_over(session, request)
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    request.state = RequestState.APPROVED if refusal is None else RequestState.REFUSED
    request.reason, request.decided_by, request.decided_at = refusal, actor.user_id, now
    action = f"privacy_request:{request.kind}:{request.state}"
    await record(session, request, action=action, actor=actor, reason=refusal)
    await session.flush()
    await enqueue(session, ANSWER_TASK if refusal else CARRY_OUT_TASK, request_id=request.id)
    return request


async def carry_out_some(session: WriteSession, request_id: UUID, marks: Marks) -> tuple[bool, list[str]]:
    """Do a batch of an approved request: whether that was all, and the objects to delete after the commit.

    **Locks** the request, then its orders. **Enqueues** the answer at the end, and an erasure's copy to the list.
    """
    request = await lock_request(session, request_id)
    if request.state != RequestState.APPROVED or request.email is None:
        return True, []
    carry_out = _erase_some if request.kind == RequestKind.ERASURE else _correct_some
    is_last, keys = await carry_out(session, request, request.email)
    if not is_last:
        return False, keys
    request.state = RequestState.DONE
    request.done_at = (await session.scalars(select(func.clock_timestamp()))).one()
    await record(session, request, action=f"privacy_request:{request.kind}:done", actor=_ACTOR)
    await session.flush()
    await enqueue(session, ANSWER_TASK, request_id=request.id)
    if request.kind == RequestKind.ERASURE:
        mark = marks.of(request.merchant_id, request.email)
        await note_erasures(session, [Erased(request.done_at, request.merchant_id, mark, marks.key_id)])
    return True, keys


async def forget_contact(session: WriteSession, request_id: UUID) -> None:
    """The answer was sent: the request itself needs to name nobody any more. **Locks** the request."""
    request = await lock_request(session, request_id)
    request.email = request.name = request.wa = None
    await session.flush()


async def _require_over(session: ReadSession, request: PrivacyRequest) -> None:
    if request.email and await has_running(session, request.merchant_id, request.email):
        raise DataStillNeeded


async def _erase_some(session: WriteSession, request: PrivacyRequest, email: str) -> tuple[bool, list[str]]:
    ids = await list_erasable(session, request.merchant_id, email, limit=BATCH)
    if not ids:
        return True, []
    await forget_buyers(session, request.merchant_id, ids)
    return len(ids) < BATCH, await erase_orders(session, ids, reason="privacy request", actor=_ACTOR)


async def _correct_some(session: WriteSession, request: PrivacyRequest, email: str) -> tuple[bool, list[str]]:
    """Names and numbers as they should be; a ticket that was made out to somebody else keeps its holder."""
    asked = {"buyer_name": request.name, "wa": request.wa}
    wanted = {column: value for column, value in asked.items() if value}
    is_wrong = or_(false(), *(getattr(Order, column).is_distinct_from(wanted[column]) for column in wanted))
    mine = Order.merchant_id == request.merchant_id, Order.email == email, is_wrong
    ids = (await session.scalars(select(Order.id).where(*mine).order_by(Order.id).limit(BATCH))).all()
    await lock_orders(session, ids)
    # Asked again under the lock: one may have been erased meanwhile.
    locked = (await session.scalars(select(Order).where(Order.id.in_(ids), *mine).order_by(Order.id))).all()
    held = {order.id: order.buyer_name for order in locked}
    for order in locked:
        await _correct(session, order, wanted)
    await session.flush()
    if request.name:
        await _rename_holders(session, held, request.name)
    return len(ids) < BATCH, []


async def _correct(session: WriteSession, order: Order, wanted: Mapping[str, str]) -> None:
    before = {column: getattr(order, column) for column in wanted}
    data = {"changed": sorted(column for column in wanted if before[column] != wanted[column])}
    await record(session, order, action=CORRECTED, actor=_ACTOR, data=data, before=before, after=wanted)
    for column, value in wanted.items():
        setattr(order, column, value)


async def _rename_holders(session: WriteSession, held: Mapping[UUID, str], name: str) -> None:
    """Tickets of locked orders, by the name that each order had."""
    for old in sorted(set(held.values()) - {name}):
        order_ids = [order_id for order_id in held if held[order_id] == old]
        mine = Ticket.order_id.in_(order_ids), Ticket.holder_name == old
        await session.execute(update(Ticket).where(*mine).values(holder_name=name))
