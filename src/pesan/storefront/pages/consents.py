"""What a buyer agreed to with a booking, and the way to take it back."""

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from pesan.checkout.links import status_path
from pesan.kit.ids import normalise_code
from pesan.orders.queries import get_order_by_code
from pesan.orders.states import SHIPPED
from pesan.privacy.consents import find_consent, withdraw
from pesan.privacy.states import Purpose
from pesan.tenancy.brands import show_brand
from pesan.tenancy.legal.models import LegalVersion
from pesan.tenancy.legal.states import TITLES
from pesan.tenancy.queries import get_merchant
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, guest_actor
from pesan.web.limits import CODE_MISSES, limit_misses
from pesan.web.pages import render

misses = limit_misses(CODE_MISSES.name, CODE_MISSES.count, CODE_MISSES.seconds)
router = APIRouter(prefix="/b/{code}/consents", dependencies=[allow(Who.GUEST_WITH_CODE), misses])


@router.get("")
async def show_consents(request: Request, code: str, withdrawn: bool = False) -> Response:
    """The texts that were accepted, each in its version, and the consent that may be taken back."""
    async with get_database(request).read(guest_actor(request)) as session:
        order = await get_order_by_code(session, normalise_code(code))
        merchant = await get_merchant(session, order.merchant_id)
        texts = select(LegalVersion).where(LegalVersion.id.in_(order.legal_ids or ()))
        accepted = {found.kind: found for found in await session.scalars(texts)}
        marketing = await find_consent(session, order.id, Purpose.MARKETING)
        guardian = await find_consent(session, order.id, Purpose.GUARDIAN)
    name_merchant(request, merchant.id)
    context = {
        "order": order,
        "path": status_path(order.code),
        "brand": show_brand(merchant),
        "accepted": [accepted[kind] for kind in TITLES if kind in accepted],
        "titles": TITLES,
        "marketing": marketing,
        "guardian": guardian,
        "withdrawn": withdrawn,
        "ships": order.fulfilment in SHIPPED,
    }
    return render(request, "storefront/consents.html", context)


@router.post("/withdraw", dependencies=[require_csrf])
async def withdraw_consent(request: Request, code: str) -> Response:
    """No more messages beside those about the booking; asked twice, it stays so."""
    actor = guest_actor(request)
    async with get_database(request).write(actor) as session:
        order = await get_order_by_code(session, normalise_code(code))
        await withdraw(session, order, Purpose.MARKETING, actor=actor)
    return RedirectResponse(f"{status_path(order.code)}/consents?withdrawn=true", 303)
