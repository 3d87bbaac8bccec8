"""Refunds: what has to go back, let go by those who may, and recorded as sent."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, Room, go
from pesan.backoffice.forms.review import read_note
from pesan.backoffice.pages.bookings import naming_of
from pesan.backoffice.pages.listing import address_of, file_addresses, next_address
from pesan.backoffice.queries import refunds as queries
from pesan.backoffice.views.refunds import RefundFilters, RefundsPage, refund_row
from pesan.backoffice.words import REFUND_CAUSES, REFUND_FAILURES, REFUND_STATES, REFUND_STEPS
from pesan.checkout.refunds import Approval, refund_tickets
from pesan.checkout.refunds import refund as take_back
from pesan.checkout.returning import read_part
from pesan.db import ReadSession
from pesan.errors import PesanError
from pesan.identity.policies import may_export, may_manage_events
from pesan.kit.pagination import BadCursor
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import ReasonMissing, WrongState
from pesan.orders.models import Order
from pesan.payments.refunds import service
from pesan.payments.refunds.errors import RefundDecided, RefundNotFound
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.queries import get_refund
from pesan.payments.refunds.states import RefundCause, RefundState, is_owed
from pesan.settings import Settings
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.errors import BadRequest

router = APIRouter(prefix="/organizer/{merchant}/refunds", dependencies=[allow(Who.STAFF)])
_ALL = "all"
_DECIDES = [allow(Who.ORGANIZER), require_csrf]


def read_filters(
    q: Annotated[str, Query(max_length=100)] = "",
    show: Annotated[str, Query(max_length=10)] = "open",
) -> RefundFilters:
    """What narrows the list, from the address; what makes no sense shows what waits."""
    return RefundFilters(q=q, shown=show if show in {*queries.SHOWN, _ALL} else "open")


Filters = Annotated[RefundFilters, Depends(read_filters)]


@router.get("")
async def show_refunds(
    desk: DeskOf,
    merchant: str,
    filters: Filters,
    after: Annotated[str | None, Query(max_length=200)] = None,
    done: Annotated[str, Query(pattern="^(paid|approved|declined|asked)?$")] = "",
) -> Response:
    """The money that has to go back, the oldest first."""
    async with desk.reading("refunds", merchant) as room:
        return await _page(desk, room, filters, after=after, done=done)


@router.post("/{refund_id}/paid", dependencies=_DECIDES)
async def submit_paid(desk: DeskOf, merchant: str, refund_id: UUID) -> Response:
    """The money was sent; the buyer is told."""
    reference = str((await desk.request.form()).get("reference", ""))
    try:
        async with desk.writing(merchant, may_manage_events) as room:
            await _refund(room.session, room.shop.id, refund_id)
            await service.record_paid(
                room.session,
                refund_id,
                reference=reference,
                actor=desk.actor,
                four_eyes_amount=_four_eyes(desk),
            )
    except PesanError as refusal:
        return await _refused(desk, merchant, refusal)
    return go(f"/organizer/{merchant}/refunds?done=paid")


@router.post("/{refund_id}/approve", dependencies=_DECIDES)
async def submit_approval(desk: DeskOf, merchant: str, refund_id: UUID) -> Response:
    """The second person agrees; what was only asked for is taken back now, tickets and places."""
    try:
        await _approve(desk, merchant, refund_id)
    except WrongState:
        return await _refused(desk, merchant, RefundDecided())
    except PesanError as refusal:
        return await _refused(desk, merchant, refusal)
    return go(f"/organizer/{merchant}/refunds?done=approved")


@router.post("/{refund_id}/decline", dependencies=_DECIDES)
async def submit_decline(desk: DeskOf, merchant: str, refund_id: UUID) -> Response:
    """Turn down what was asked for; the booking stays as it is."""
    reason = read_note(await desk.request.form())
    try:
        if not reason:
            raise ReasonMissing
        async with desk.writing(merchant, may_manage_events) as room:
            await _refund(room.session, room.shop.id, refund_id)
            await service.decline_refund(room.session, refund_id, reason=reason, actor=desk.actor)
    except PesanError as refusal:
        return await _refused(desk, merchant, refusal)
    return go(f"/organizer/{merchant}/refunds?done=declined")


async def _approve(desk: Desk, merchant: str, refund_id: UUID) -> None:
    async with desk.writing(merchant, may_manage_events) as room:
        refund = await _refund(room.session, room.shop.id, refund_id)
        if is_owed(RefundState(refund.state), RefundCause(refund.cause)):
            await service.approve_refund(
                room.session, refund_id, actor=desk.actor, four_eyes_amount=_four_eyes(desk)
            )
            return
        service.check_approval(refund, desk.actor, four_eyes_amount=_four_eyes(desk))
        order = await room.session.get_one(Order, refund.order_id)
        part = await read_part(room.session, order, refund.ticket_ids) if refund.ticket_ids else None
    # In a transaction of its own, which locks the order: the one before only looked.
    reason, sale = refund.reason or "", desk.registry[SaleDesk]
    if part is None:
        await take_back(sale, order=order, actor=desk.actor, reason=reason, wish_id=refund.id)
        return
    approval = Approval(desk.actor, wish_id=refund.id, wished_by=refund.requested_by)
    await refund_tickets(sale, part=part, reason=reason, approval=approval)


async def _refund(session: ReadSession, merchant_id: UUID, refund_id: UUID) -> Refund:
    """A refund of this merchant; raises RefundNotFound, also for another merchant's."""
    refund = await get_refund(session, refund_id)
    if refund.merchant_id != merchant_id:
        raise RefundNotFound
    return refund


async def _refused(desk: Desk, merchant: str, refusal: PesanError) -> Response:
    async with desk.reading("refunds", merchant) as room:
        problem = refusal.text(desk.locale)
        return await _page(desk, room, RefundFilters(), problem=problem, status=refusal.status)


async def _page(
    desk: Desk,
    room: Room,
    filters: RefundFilters,
    *,
    after: str | None = None,
    status: int = 200,
    **notes: str,
) -> Response:
    naming = naming_of(desk, room.shop)
    wanted = to_wanted(filters, by_beginning=naming.is_open)
    try:
        page = await queries.list_refunds(room.session, room.shop.id, wanted, cursor=after)
    except BadCursor as error:
        raise BadRequest from error
    total, amount = await queries.count_refunds(room.session, room.shop.id, wanted)
    base = f"{room.shop.path}/refunds"
    view = RefundsPage(
        rows=[
            refund_row(
                found,
                naming=naming,
                actor=desk.actor,
                four_eyes_amount=_four_eyes(desk),
            )
            for found in page.items
        ],
        filters=filters,
        total=total,
        total_amount=amount,
        four_eyes_amount=_four_eyes(desk),
        next_url=next_address(base, filters, page.next_cursor),
        first_url=address_of(base, filters) if after else None,
        export_urls=file_addresses(f"{room.shop.path}/refunds/export", filters)
        if may_export(desk.person, room.shop.id)
        else None,
        **notes,
    )
    words = {
        "causes": REFUND_CAUSES,
        "states": REFUND_STATES,
        "steps": REFUND_STEPS,
        "failures": REFUND_FAILURES,
    }
    return desk.page(room.chrome, "refunds", {"page": view, **words}, status=status)


def to_wanted(filters: RefundFilters, *, by_beginning: bool) -> queries.Wanted:
    """The filters as a query."""
    return queries.Wanted(search=filters.q, shown=filters.states, by_beginning=by_beginning)


def _four_eyes(desk: Desk) -> int:
    return desk.registry[Settings].refund_four_eyes_amount
