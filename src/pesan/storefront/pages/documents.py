"""What a guest takes along: tickets, summary and certificate as PDF, the event for their calendar."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.checkout.documents import (
    Papers,
    calendar_of,
    certificate_pdf,
    read_papers,
    summary_pdf,
    ticket_pdf,
)
from pesan.errors import NotFound
from pesan.kit.ids import normalise_code
from pesan.orders.queries import get_order_by_code
from pesan.orders.states import OrderState
from pesan.storage import Storage
from pesan.storefront.booking import load_status
from pesan.storefront.pages.status import misses
from pesan.tickets.render.calendar import MIME_TYPE
from pesan.web.access import Who, allow
from pesan.web.deps import get_database, get_registry, guest_actor
from pesan.web.requests import origin_of

PDF = "application/pdf"

router = APIRouter(prefix="/b/{code}", dependencies=[allow(Who.GUEST_WITH_CODE), misses])


@router.get("/tickets.pdf")
async def get_tickets(request: Request, code: str) -> Response:
    """Every ticket of the booking, a page each."""
    papers = await _read(request, code)
    if not papers.tickets:
        raise NotFound
    return attach(await ticket_pdf(papers, _storage(request)), PDF, f"tiket-{papers.order.code}.pdf")


@router.get("/summary.pdf")
async def get_summary(request: Request, code: str) -> Response:
    """The booking on one page, whatever its state."""
    papers = await _read(request, code)
    _, state, _ = await load_status(get_database(request), papers.order.code, guest_actor(request))
    origin = origin_of(request)
    body = await summary_pdf(papers, _storage(request), base_url=origin, state=state)
    return attach(body, PDF, f"pesanan-{papers.order.code}.pdf")


@router.get("/certificate.pdf")
async def get_certificate(request: Request, code: str) -> Response:
    """The certificates, where the event gives them."""
    papers = await _read(request, code)
    if not papers.tickets or not papers.event.certificate:
        raise NotFound
    return attach(
        await certificate_pdf(papers, _storage(request)), PDF, f"sertifikat-{papers.order.code}.pdf"
    )


@router.get("/calendar.ics")
async def get_calendar_file(request: Request, code: str) -> Response:
    """The event for the guest's own calendar."""
    papers = await _read(request, code)
    if papers.order.state != OrderState.COMPLETED:
        raise NotFound
    body = calendar_of(papers, base_url=origin_of(request))
    return attach(body, MIME_TYPE, f"{papers.event.slug}.ics")


async def _read(request: Request, code: str) -> Papers:
    async with get_database(request).read(guest_actor(request)) as session:
        return await read_papers(session, await get_order_by_code(session, normalise_code(code)))


def _storage(request: Request) -> Storage:
    return get_registry(request)[Storage]


def attach(body: bytes, kind: str, filename: str) -> Response:
    """A file that the browser saves under a name."""
    return Response(
        body, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{filename}"'}
    )
