"""Sending a buyer the letter of their booking once more."""

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import DeskOf, go
from pesan.backoffice.pages.bookings import detail_page, naming_of, order_of
from pesan.checkout.resending import resend_letter
from pesan.errors import PesanError
from pesan.identity.policies import may_review
from pesan.notifications.channels import Channels
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit

router = APIRouter(prefix="/organizer/{merchant}/bookings", dependencies=[allow(Who.STAFF)])


@router.post("/{code}/resend", dependencies=[limit("resend", 60, 3600), require_csrf])
async def submit_resend(desk: DeskOf, merchant: str, code: str) -> Response:
    """Send the letter that says where the booking stands, to the address that the buyer gave."""
    try:
        async with desk.writing(merchant, may_review) as room:
            order = await order_of(room.session, room.shop, code)
            channels = desk.registry[Channels]
            await resend_letter(room.session, channels, order_id=order.id, actor=desk.actor)
    except PesanError as refusal:
        return await detail_page(desk, merchant, code, refusal)
    return go(f"{naming_of(desk, room.shop).booking(order.id, order.code)}?resent=true")
