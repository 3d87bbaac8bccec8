"""One ticket for whoever has it, and the form by which its buyer hands it on."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.checkout.forms import MENDS, html_rules, read_person_form
from pesan.checkout.handing_on import RecipientFields, hand_on
from pesan.checkout.links import status_path
from pesan.checkout.passes import Pass, pass_calendar, pass_pdf, read_pass, wallet_facts
from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text
from pesan.kit.ids import normalise_code
from pesan.notifications.channels import Channels
from pesan.storage import Storage
from pesan.storefront.booking import load_booking
from pesan.storefront.pages.documents import PDF, attach
from pesan.storefront.pages.status import misses
from pesan.storefront.passes import show_pass, show_transfer
from pesan.tickets.errors import TicketNotFound
from pesan.tickets.queries import get_ticket
from pesan.tickets.render.calendar import MIME_TYPE
from pesan.tickets.slices import Slices
from pesan.tickets.wallets import Wallets, make_pkpass, save_link
from pesan.tickets.wallets.apple import MIME_TYPE as PKPASS
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, get_locale, get_registry, guest_actor
from pesan.web.limits import limit
from pesan.web.pages import render
from pesan.web.requests import origin_of, text_of

FIELDS = ("name", "email", "wa")

router = APIRouter()
holder = APIRouter(prefix="/ticket/{code}", dependencies=[allow(Who.PUBLIC), misses])
buyer = APIRouter(prefix="/b/{code}/tickets/{id}/transfer", dependencies=[allow(Who.GUEST_WITH_CODE), misses])


@dataclass(frozen=True, slots=True)
class _Typed:
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""


@holder.get("")
async def show_ticket(request: Request, code: str) -> Response:
    """One ticket, which its code opens; the booking it belongs to is not to be seen from here."""
    found = await _load(request, code)
    view = show_pass(
        found, get_registry(request)[Slices], get_registry(request)[Wallets], origin=origin_of(request)
    )
    return render(request, "storefront/holder.html", {"view": view, "brand": view.brand})


@holder.get("/ticket.pdf")
async def get_ticket_pdf(request: Request, code: str) -> Response:
    """The ticket on one page."""
    found = await _load(request, code)
    if not found.admits:
        raise NotFound
    body = await pass_pdf(found, get_registry(request)[Storage], get_locale(request))
    return attach(body, PDF, f"tiket-{found.event.slug}.pdf")


@holder.get("/calendar.ics")
async def get_ticket_calendar(request: Request, code: str) -> Response:
    """The event for the holder's calendar."""
    found = await _load(request, code)
    body = pass_calendar(found, base_url=origin_of(request), locale=get_locale(request))
    return attach(body, MIME_TYPE, f"{found.event.slug}.ics")


@holder.get("/google-wallet")
async def go_to_google_wallet(request: Request, code: str) -> Response:
    """To the page at Google that saves the ticket; not found where no keys are configured."""
    found, signer = await _load(request, code), get_registry(request)[Wallets].google
    if signer is None or not found.admits:
        raise NotFound
    facts = await wallet_facts(found, get_registry(request)[Storage], get_locale(request))
    return RedirectResponse(save_link(signer, facts, origin=origin_of(request)), 303)


@holder.get("/ticket.pkpass")
async def get_pkpass(request: Request, code: str) -> Response:
    """The ticket for Apple Wallet; not found where no keys are configured."""
    found, signer = await _load(request, code), get_registry(request)[Wallets].apple
    if signer is None or not found.admits:
        raise NotFound
    facts = await wallet_facts(found, get_registry(request)[Storage], get_locale(request))
    body = await asyncio.to_thread(make_pkpass, signer, facts)
    return attach(body, PKPASS, f"tiket-{found.event.slug}.pkpass")


@buyer.get("")
async def show_transfer_form(request: Request, code: str, id: UUID) -> Response:  # noqa: A002  as in every address
    """The form for whoever gets the ticket."""
    return await _form(request, code, id, _Typed())


@buyer.post("", dependencies=[limit("transfer", 10, 900), require_csrf])
async def submit_transfer(request: Request, code: str, id: UUID) -> Response:  # noqa: A002  as in every address
    """Hand the ticket on; a refusal shows the form again with everything that was typed."""
    form = await request.form()
    values = {name: text_of(form, name) for name in FIELDS}
    recipient, errors = read_person_form(RecipientFields, values)
    if recipient is None:
        return await _form(request, code, id, _Typed(values, errors), status=422)
    actor, version = guest_actor(request), text_of(form, "version")
    try:
        async with get_database(request).write(actor) as session:
            await hand_on(
                session,
                get_registry(request)[Channels],
                ticket_id=id,
                version=int(version) if version.isdecimal() and version.isascii() else -1,
                recipient=recipient,
                actor=actor,
            )
    except TicketNotFound:
        raise
    except PesanError as refusal:
        problem = refusal.text(get_locale(request))
        return await _form(request, code, id, _Typed(values, problem=problem), status=refusal.status)
    return RedirectResponse(status_path(normalise_code(code)), 303)


async def _load(request: Request, code: str) -> Pass:
    async with get_database(request).read(guest_actor(request)) as session:
        found = await read_pass(session, await get_ticket(session, code))
    name_merchant(request, found.merchant.id)
    return found


async def _form(
    request: Request, code: str, ticket_id: UUID, typed: _Typed, *, status: int = 200
) -> Response:
    booking = await load_booking(get_database(request), normalise_code(code), guest_actor(request))
    name_merchant(request, booking.order.merchant_id)
    view = show_transfer(booking, ticket_id, origin=origin_of(request))
    if view is None:
        raise TicketNotFound
    context = {"view": view, "typed": typed, "rules": html_rules(RecipientFields), "mends": MENDS}
    brand = view.booking.card.brand
    return render(request, "storefront/transfer.html", {**context, "brand": brand}, status=status)


router.include_router(holder)
router.include_router(buyer)
