"""An order's invoice, as a page and as a PDF."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.checkout.documents import Papers, read_papers, summary_pdf
from pesan.checkout.links import status_path
from pesan.checkout.words import STATE_WORDS
from pesan.jastip.models import TripOrder
from pesan.jastip.queries.takers import find_trip_order
from pesan.kit.ids import normalise_code
from pesan.orders.errors import OrderNotFound
from pesan.orders.queries import get_order_by_code
from pesan.orders.states import OrderState, effective_state
from pesan.payments.queries import pays_all
from pesan.payments.unique_amount import format_code
from pesan.storage import Storage
from pesan.tenancy.brands import show_brand
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.deps import get_database, get_registry, guest_actor
from pesan.web.limits import CODE_MISSES, limit_misses
from pesan.web.pages import render
from pesan.web.requests import origin_of

misses = limit_misses(CODE_MISSES.name, CODE_MISSES.count, CODE_MISSES.seconds)
router = APIRouter(prefix="/b/{code}", dependencies=[allow(Who.GUEST_WITH_CODE), misses])


@dataclass(frozen=True, slots=True)
class _Invoice:
    """What an invoice is made of."""

    papers: Papers
    own: TripOrder

    @property
    def state(self) -> OrderState:
        return effective_state(self.papers.order, self.papers.now)

    @property
    def courier(self) -> str:
        return " · ".join(filter(None, (self.own.courier, self.own.tracking_no)))


@router.get("/invoice")
async def show_invoice(request: Request, code: str) -> Response:
    """The order's items and amounts, and where its parcel is."""
    invoice = await _read(request, code)
    papers, order = invoice.papers, invoice.papers.order
    paid = papers.payment if papers.payment and pays_all(papers.payment, order) else None
    unique = paid.unique_code if paid else None
    context = {
        "order": order,
        "lines": papers.lines,
        "title": papers.event.title,
        "zone": papers.merchant.zone,
        "brand": show_brand(papers.merchant),
        "word": STATE_WORDS[invoice.state],
        "state": invoice.state,
        "unique_code": format_code(unique) if unique else "",
        "amount": paid.amount if paid else order.total_amount,
        "method": papers.method.display_name if papers.method else "",
        "courier": invoice.courier,
        "path": status_path(order.code),
    }
    return render(request, "jastip/invoice.html", context)


@router.get("/invoice.pdf")
async def get_invoice_file(request: Request, code: str) -> Response:
    """The same on paper."""
    invoice = await _read(request, code)
    body = await summary_pdf(
        invoice.papers,
        get_registry(request)[Storage],
        base_url=origin_of(request),
        state=invoice.state,
        is_invoice=True,
        courier=invoice.courier,
    )
    name = f'attachment; filename="faktur-{invoice.papers.order.code}.pdf"'
    return Response(body, media_type="application/pdf", headers={"Content-Disposition": name})


async def _read(request: Request, code: str) -> _Invoice:
    async with get_database(request).read(guest_actor(request)) as session:
        order = await get_order_by_code(session, normalise_code(code))
        own = await find_trip_order(session, order.id)
        if own is None:
            raise OrderNotFound
        name_merchant(request, order.merchant_id)
        return _Invoice(await read_papers(session, order), own)
