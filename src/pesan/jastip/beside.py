"""What a trip's order shows on its page: its parcel, its invoice, and the link that brings others along."""

from dataclasses import dataclass
from datetime import datetime

from pesan.catalog.models import Event
from pesan.catalog.zones import zone_of
from pesan.checkout.beside import Part
from pesan.checkout.links import prices_path, status_path
from pesan.db import ReadSession
from pesan.jastip.asking import invitation_path
from pesan.jastip.queries.prices import list_proposals
from pesan.jastip.queries.ratings import find_rating
from pesan.jastip.queries.takers import find_invited, find_trip_order
from pesan.jastip.queries.trips import list_trips_by_id
from pesan.jastip.states import ProposalState
from pesan.jastip.views import Invitation
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.tenancy.models import Merchant


@dataclass(frozen=True, slots=True)
class OrderPart:
    """The facts; `courier` is empty until the parcel was handed over."""

    title: str
    zone: str
    invoice_path: str
    courier: str = ""
    tracking_no: str = ""
    shipped_at: datetime | None = None
    invitation: Invitation | None = None
    rating_path: str = ""
    score: int = 0
    prices_path: str = ""
    is_asked: bool = False


async def find_order_part(session: ReadSession, order: Order, origin: str) -> Part | None:
    """The part of a trip's order, if the session's actor sees that order."""
    own = await find_trip_order(session, order.id)
    if own is None:
        return None
    # A trip that was deleted since is nobody's to see any more; what was ordered on it still is.
    event = await session.get_one(Event, order.event_id)
    merchant = await session.get_one(Merchant, order.merchant_id)
    trip = (await list_trips_by_id(session, [order.event_id])).get(order.event_id)
    invited = await find_invited(session, own.participant_id) if trip and trip.is_open else None
    rating = await find_rating(session, order.id)
    proposed = (await list_proposals(session, [order.id])).get(order.id, [])
    part = OrderPart(
        event.title,
        zone_of(event, merchant),
        f"{status_path(order.code)}/invoice",
        own.courier or "",
        own.tracking_no or "",
        own.shipped_at,
        Invitation(origin + invitation_path(trip.trip.slug, invited.code), invited.came)
        if trip and invited
        else None,
        f"{status_path(order.code)}/rating" if own.shipped_at else "",
        rating.score if rating else 0,
        prices_path(order.code) if proposed else "",
        order.state == OrderState.PAID
        and any(each.proposal.state == ProposalState.PROPOSED for each in proposed),
    )
    return Part("jastip/order_part.html", part)
