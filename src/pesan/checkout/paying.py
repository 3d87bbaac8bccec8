"""Choosing how to pay: an account with the exact amount, or the page of a payment provider."""

from uuid import UUID

from pesan.checkout.links import return_path
from pesan.db import Actor
from pesan.orders.models import Order
from pesan.payments.gateways.attempts import open_hosted_page
from pesan.payments.gateways.registry import Gateways
from pesan.payments.queries import get_offered_method
from pesan.payments.service import select_method
from pesan.payments.states import MethodKind


async def open_page_if_needed(
    gateways: Gateways, *, order: Order, method_id: UUID, actor: Actor, origin: str
) -> bool:
    """Whether the method is a provider's, whose page is open then; to be called outside any transaction.

    Raises MethodNotOffered, HoldExpired, WrongState, NothingToPay, GatewayUnavailable, GatewayRefused.
    """
    async with gateways.database.read(actor) as session:
        method = await get_offered_method(
            session, method_id, event_id=order.event_id, merchant_id=order.merchant_id
        )
    if method.kind != MethodKind.GATEWAY:
        return False
    return_url = f"{origin}{return_path(order.code)}"
    await open_hosted_page(gateways, order=order, method=method, actor=actor, return_url=return_url)
    return True


async def choose_method(
    gateways: Gateways, *, order: Order, method_id: UUID, actor: Actor, origin: str
) -> None:
    """Make this the way that the order is paid; see `open_page_if_needed` and `select_method`."""
    if await open_page_if_needed(gateways, order=order, method_id=method_id, actor=actor, origin=origin):
        return
    async with gateways.database.write(actor) as session:
        known = await session.get_one(Order, order.id)
        await select_method(session, order=known, method_id=method_id, actor=actor)
