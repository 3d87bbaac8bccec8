"""Handing a ticket on for a buyer who asked the merchant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import DeskOf, Room, go
from pesan.backoffice.pages.bookings import naming_of, order_of
from pesan.checkout.forms import html_rules, read_person_form
from pesan.checkout.handing_on import RecipientFields, hand_on
from pesan.db import ReadSession
from pesan.errors import PesanError
from pesan.identity.policies import may_review
from pesan.kit.i18n import Text
from pesan.notifications.channels import Channels
from pesan.orders.models import Order
from pesan.tickets.errors import TicketNotFound
from pesan.tickets.models import Ticket
from pesan.tickets.queries import find_ticket
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

FIELDS = ("name", "email", "wa")

router = APIRouter(
    prefix="/organizer/{merchant}/bookings/{code}/tickets/{ticket_id}/transfer",
    dependencies=[allow(Who.STAFF)],
)


@dataclass(frozen=True, slots=True)
class TransferPage:
    """The form, with what was typed when it comes back."""

    code: str
    booking_path: str
    path: str
    number: int
    holder_name: str
    version: int
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""


@router.get("")
async def show_transfer(desk: DeskOf, merchant: str, code: str, ticket_id: UUID) -> Response:
    """The form for whoever gets the ticket."""
    async with desk.reading("bookings", merchant) as room:
        return _page(desk, room, *await _load(room.session, room, code, ticket_id))


@router.post("", dependencies=[require_csrf])
async def submit_transfer(desk: DeskOf, merchant: str, code: str, ticket_id: UUID) -> Response:
    """Hand the ticket on; staff may where buyers may not, as long as nobody came in with it."""
    form = await desk.request.form()
    values = {name: str(form.get(name, "")) for name in FIELDS}
    recipient, errors = read_person_form(RecipientFields, values)
    problem = None
    if recipient is not None:
        version = str(form.get("version", ""))
        try:
            async with desk.writing(merchant, may_review) as work:
                order = await order_of(work.session, work.shop, code)
                await _ticket_of(work.session, order, ticket_id)
                await hand_on(
                    work.session,
                    desk.registry[Channels],
                    ticket_id=ticket_id,
                    version=int(version) if version.isdecimal() and version.isascii() else -1,
                    recipient=recipient,
                    actor=desk.actor,
                )
            return go(naming_of(desk, work.shop).booking(order.id, order.code))
        except TicketNotFound:
            raise
        except PesanError as refusal:
            problem = refusal
    async with desk.reading("bookings", merchant) as room:
        return _page(
            desk,
            room,
            *await _load(room.session, room, code, ticket_id),
            values=values,
            errors=errors,
            refusal=problem,
        )


async def _load(session: ReadSession, room: Room, code: str, ticket_id: UUID) -> tuple[Order, Ticket]:
    order = await order_of(session, room.shop, code)
    return order, await _ticket_of(session, order, ticket_id)


async def _ticket_of(session: ReadSession, order: Order, ticket_id: UUID) -> Ticket:
    ticket = await find_ticket(session, ticket_id)
    if ticket is None or ticket.order_id != order.id:
        raise TicketNotFound
    return ticket


def _page(
    desk: DeskOf,
    room: Room,
    order: Order,
    ticket: Ticket,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, Text] | None = None,
    refusal: PesanError | None = None,
) -> Response:
    naming = naming_of(desk, room.shop)
    booking_path = naming.booking(order.id, order.code)
    page = TransferPage(
        code=naming.code(order.code),
        booking_path=booking_path,
        path=f"{booking_path}/tickets/{ticket.id}/transfer",
        number=ticket.number,
        holder_name=ticket.holder_name,
        version=ticket.epoch,
        values=values or {},
        errors=errors or {},
        problem=refusal.text(desk.locale) if refusal else "",
    )
    status = refusal.status if refusal else 422 if errors else 200
    return desk.page(
        room.chrome, "transfer", {"page": page, "rules": html_rules(RecipientFields)}, status=status
    )
