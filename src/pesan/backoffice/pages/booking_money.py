"""Money of one booking that goes back: the whole booking, or what was paid a second time."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.review import read_note
from pesan.backoffice.pages.bookings import detail_page, order_of
from pesan.backoffice.pages.once import once_of
from pesan.checkout import refunds
from pesan.checkout.returning import Part, read_part
from pesan.errors import PesanError
from pesan.identity.policies import may_manage_events
from pesan.kit.money import parse_rupiah
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import ReasonMissing
from pesan.orders.models import Order
from pesan.payments.errors import AmountInvalid
from pesan.payments.ledger import get_returnable
from pesan.payments.refunds.errors import NothingToRefund, TicketsGone
from pesan.payments.refunds.policies import is_one_enough
from pesan.payments.refunds.queries import sum_asked
from pesan.payments.refunds.service import request_refund, request_ticket_refund, require_unasked
from pesan.settings import Settings
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(
    prefix="/organizer/{merchant}/bookings",
    dependencies=[allow(Who.STAFF), allow(Who.ORGANIZER), require_csrf],
)


@router.post("/{code}/refund")
async def submit_refund(desk: DeskOf, merchant: str, code: str) -> Response:
    """Take the booking back, tickets and places; a large one is asked for and waits for a second person."""
    reason = read_note(await desk.request.form())
    try:
        if not reason:
            raise ReasonMissing
        asked = await _ask_if_large(desk, merchant, code, reason)
        if asked is None:
            return go(f"/organizer/{merchant}/refunds?done=asked")
        await refunds.refund(
            desk.registry[SaleDesk],
            order=asked,
            actor=desk.actor,
            reason=reason,
            alone_up_to=_alone_up_to(desk),
        )
    except PesanError as refusal:
        return await detail_page(desk, merchant, code, refusal)
    return go(f"/organizer/{merchant}/refunds?done=approved")


@router.post("/{code}/refund-tickets")
async def submit_ticket_refund(desk: DeskOf, merchant: str, code: str) -> Response:
    """Take some tickets back, and their places; for a large sum a second person is asked."""
    form = await desk.request.form()
    reason = read_note(form)
    try:
        if not reason:
            raise ReasonMissing
        part = await _ask_if_part_is_large(desk, merchant, code, reason, _read_tickets(form))
        if part is None:
            return go(f"/organizer/{merchant}/refunds?done=asked")
        approval = refunds.Approval(desk.actor, _alone_up_to(desk))
        await refunds.refund_tickets(desk.registry[SaleDesk], part=part, reason=reason, approval=approval)
    except PesanError as refusal:
        return await detail_page(desk, merchant, code, refusal)
    return go(f"/organizer/{merchant}/refunds?done=approved")


@router.post("/{code}/again")
async def submit_again(desk: DeskOf, merchant: str, code: str) -> Response:
    """The buyer sent money a second time: it is in the books, and due back."""
    form = await desk.request.form()
    reason, typed = read_note(form), str(form.get("amount", ""))
    try:
        if not reason:
            raise ReasonMissing
        amount = _read_amount(typed)
        async with desk.reading("bookings", merchant, may_manage_events) as room:
            order = await order_of(room.session, room.shop, code)
        await refunds.accept_again(
            desk.registry[SaleDesk],
            order=order,
            actor=desk.actor,
            amount=amount,
            reason=reason,
            once=once_of(desk, form),
        )
    except PesanError as refusal:
        return await detail_page(desk, merchant, code, refusal)
    return go(f"/organizer/{merchant}/refunds")


async def _ask_if_large(desk: Desk, merchant: str, code: str, reason: str) -> Order | None:
    """The order, if one person may take it back; None when a second one was asked for."""
    async with desk.writing(merchant, may_manage_events) as room:
        order = await order_of(room.session, room.shop, code)
        amount = await get_returnable(room.session, order.id)
        if not amount:
            raise NothingToRefund
        weighed = amount + await sum_asked(room.session, order.id)
        if is_one_enough(weighed, four_eyes_amount=_alone_up_to(desk)):
            return order
        await request_refund(room.session, order_id=order.id, reason=reason, actor=desk.actor)
    return None


async def _ask_if_part_is_large(
    desk: Desk, merchant: str, code: str, reason: str, ticket_ids: Sequence[UUID]
) -> Part | None:
    """The part, if one person may take it back; None when a second one was asked for."""
    async with desk.writing(merchant, may_manage_events) as room:
        order = await order_of(room.session, room.shop, code)
        part = await read_part(room.session, order, ticket_ids)
        await require_unasked(room.session, order.id, part.ticket_ids)
        weighed = part.amount + await sum_asked(room.session, order.id)
        if is_one_enough(weighed, four_eyes_amount=_alone_up_to(desk)):
            return part
        if part.is_rest:
            await request_refund(room.session, order_id=order.id, reason=reason, actor=desk.actor)
        else:
            await request_ticket_refund(
                room.session,
                order_id=order.id,
                ticket_ids=part.ticket_ids,
                amount=part.amount,
                reason=reason,
                actor=desk.actor,
            )
    return None


def _read_tickets(form: FormData) -> list[UUID]:
    try:
        return [UUID(str(each)) for each in form.getlist("ticket")]
    except ValueError as error:
        raise TicketsGone from error


def _alone_up_to(desk: Desk) -> int:
    return desk.registry[Settings].refund_four_eyes_amount


def _read_amount(typed: str) -> int:
    try:
        amount = parse_rupiah(typed)
    except ValueError as error:
        raise AmountInvalid from error
    if not amount:
        raise AmountInvalid
    return amount
