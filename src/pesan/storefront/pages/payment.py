"""The pay page: choose, pay exactly, send the proof, or give the place back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from pesan.checkout import paying, service
from pesan.checkout.links import pay_path, status_path
from pesan.checkout.proofs import take_proof
from pesan.errors import NotFound, PesanError
from pesan.kit.ids import normalise_code
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.queries import get_order_by_code
from pesan.payments import qris_image
from pesan.payments.gateways.registry import Gateways
from pesan.storage.errors import UploadEmpty
from pesan.storage.uploads import MEGABYTE
from pesan.storefront.booking import load_booking
from pesan.storefront.pages.status import misses
from pesan.storefront.present import show_payment
from pesan.web.access import Who, allow
from pesan.web.context import context_of, name_merchant
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, get_locale, get_registry, guest_actor
from pesan.web.limits import PROOF, Limiter
from pesan.web.pages import render
from pesan.web.requests import origin_of

router = APIRouter(prefix="/pay/{code}", dependencies=[allow(Who.GUEST_WITH_CODE), misses])


@router.get("")
async def show_pay_page(request: Request, code: str) -> Response:
    """How to pay a held booking, or the balance of one; any other booking is on its status page."""
    return await _page(request, code)


@router.post("/method", dependencies=[require_csrf])
async def choose_method(request: Request, code: str, method_id: Annotated[UUID, Form()]) -> Response:
    """Choose a way to pay, which gives the exact amount."""

    async def choose() -> None:
        await paying.choose_method(
            get_registry(request)[Gateways],
            order=await _order(request, code),
            method_id=method_id,
            actor=guest_actor(request),
            origin=origin_of(request),
        )

    return await _do(request, code, choose)


@router.post("/proof", dependencies=[require_csrf])
async def send_proof(request: Request, code: str) -> Response:
    """Send the proof of payment, from the plain form or from the uploader."""

    async def send() -> None:
        deps = get_registry(request)
        await deps[Limiter].hit(context_of(request), PROOF)
        file = (await request.form()).get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise UploadEmpty
        order = await _order(request, code)
        await take_proof(
            deps, order=order, stream=_chunks(file), filename=file.filename, actor=guest_actor(request)
        )

    return await _do(request, code, send)


@router.post("/cancel", dependencies=[require_csrf])
async def cancel(request: Request, code: str) -> Response:
    """Give the held place back."""

    async def give_back() -> None:
        order = await _order(request, code)
        await service.cancel(get_registry(request)[SaleDesk], order=order, actor=guest_actor(request))

    return await _do(request, code, give_back)


@router.get("/return")
async def wait_for_provider(request: Request, code: str) -> Response:
    """Where a payment provider sends the buyer back to; what it says in the address is not believed.

    Only what the provider answers when it is asked moves a booking, so the page waits for that.
    """
    booking = await load_booking(get_database(request), normalise_code(code), guest_actor(request))
    name_merchant(request, booking.order.merchant_id)
    if not booking.is_payable:
        return RedirectResponse(status_path(booking.order.code), 303)
    if booking.instructions is None or booking.instructions.hosted_url is None:
        return RedirectResponse(pay_path(booking.order.code), 303)  # the attempt is over: choose again
    panel = show_payment(booking, origin=origin_of(request))
    return render(request, "storefront/waiting.html", {"panel": panel, "brand": panel.booking.card.brand})


@router.get("/qris.png")
async def get_qris_picture(request: Request, code: str) -> Response:
    """The QRIS with the amount inside, for a wallet that reads it from the gallery."""
    booking = await load_booking(get_database(request), normalise_code(code), guest_actor(request))
    how = booking.instructions
    if how is None or how.qris is None:
        raise NotFound
    headers = {"Content-Disposition": f'attachment; filename="qris-{booking.order.code}.png"'}
    return Response(qris_image.to_png(how.qris.payload), media_type="image/png", headers=headers)


async def _do(request: Request, code: str, action: Callable[[], Awaitable[None]]) -> Response:
    """Act, then lead on; a refusal shows the page again and says why."""
    try:
        await action()
    except PesanError as refusal:
        problem = refusal.text(get_locale(request))
        return await _page(request, code, problem=problem, status=refusal.status)
    return RedirectResponse(pay_path(normalise_code(code)), 303)


async def _page(request: Request, code: str, *, problem: str = "", status: int = 200) -> Response:
    booking = await load_booking(get_database(request), normalise_code(code), guest_actor(request))
    name_merchant(request, booking.order.merchant_id)
    if not booking.is_payable:
        return RedirectResponse(status_path(booking.order.code), 303)
    panel = show_payment(booking, origin=origin_of(request), problem=problem)
    brand = panel.booking.card.brand
    return render(request, "storefront/pay.html", {"panel": panel, "brand": brand}, status=status)


async def _order(request: Request, code: str) -> Order:
    async with get_database(request).read(guest_actor(request)) as session:
        return await get_order_by_code(session, normalise_code(code))


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(MEGABYTE):
        yield chunk
