"""What the sheets of all desks have in common: from what is typed to a hold, and on to paying it."""

from collections.abc import Callable, Sequence

import orjson
from fastapi import Request
from starlette.responses import RedirectResponse, Response

from pesan.catalog.models import Event
from pesan.checkout.links import pay_path
from pesan.db import ReadSession
from pesan.idempotency.keys import fingerprint_of, parse_key, scope_for
from pesan.idempotency.service import Wanted
from pesan.kit.phone import display_phone
from pesan.orders import Moved, Replayed
from pesan.orders.errors import OrderNotFound
from pesan.orders.queries import get_order_by_code
from pesan.orders.states import OrderState
from pesan.payments.queries import list_offered_methods
from pesan.web.cookies import remember_code
from pesan.web.deps import guest_id


async def read_earlier(session: ReadSession, code: str) -> dict[str, str]:
    """What the holder of an earlier booking typed then; nothing of a booking that `session` does not see."""
    try:
        order = await get_order_by_code(session, code)
    except OrderNotFound:
        return {}
    wa = display_phone(order.wa) if order.wa else ""
    return {"name": order.buyer_name, "wa": wa, "email": order.email or "", "notes": order.notes or ""}


async def ways_to_pay(session: ReadSession, event: Event) -> Sequence[str]:
    """The methods' names, said before the clock runs, so that nobody looks for a bank card while it does."""
    offered = await list_offered_methods(session, event_id=event.id, merchant_id=event.merchant_id)
    return [method.display_name for method in offered]


def wanted_once(request: Request, key: str, typed: bytes) -> Wanted:
    """By what a sheet that is sent again is known; `typed` is all that makes it another wish. Raises KeyInvalid."""
    scope, _ = scope_for(user_id=None, guest_id=guest_id(request))
    return Wanted(scope, parse_key(key, must_be_uuid=True), fingerprint_of("POST", request.url.path, typed))


def go_on(request: Request, outcome: Moved | Replayed, *, to: Callable[[str], str]) -> Response:
    """To the pay page, or straight `to` the booking's when nothing is to be paid; the browser remembers its code."""
    if isinstance(outcome, Replayed):
        answer = orjson.loads(outcome.answer.body)
        code, state = answer["code"], answer["state"]
    else:
        code, state = outcome.code, outcome.state
    response = RedirectResponse(pay_path(code) if state == OrderState.HOLD else to(code), 303)
    remember_code(request, response, code)
    return response
