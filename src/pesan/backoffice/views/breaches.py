"""Whom a breach touched, as a list that may be handed over: to recognise people, not to reach them."""

from collections.abc import Sequence

from pesan.backoffice.views.review import masked
from pesan.kit.export import Cell
from pesan.kit.ids import shown_code
from pesan.kit.names import mask_name
from pesan.kit.times import in_zone
from pesan.orders.models import Order


def breach_cells(found: tuple[Order, str, str], zone: str) -> Sequence[Cell]:
    """One booking, masked for everybody: such a list is shown to others."""
    order, event, merchant = found
    wa, email = masked(order.wa, order.email)
    return [
        merchant,
        event,
        shown_code(order.code, is_open=False),
        mask_name(order.buyer_name),
        wa,
        email,
        in_zone(order.placed_at, zone).replace(microsecond=0),
    ]
