"""A ticket type's sale as a buyer sees it; for the API and the pages alike."""

from pesan.catalog.offers import Offer
from pesan.catalog.queries import Listing
from pesan.catalog.states import SaleState, sale_state
from pesan.storefront.ticketing_schemas import OfferState


def offer_state(offer: Offer, listing: Listing) -> OfferState:
    """What can be done about a ticket type now: by its event's sale, its own window, and its places."""
    by_event = sale_state(listing.event, listing.now)
    if by_event in _BY_EVENT:
        return _BY_EVENT[by_event]
    if by_event is not SaleState.OPEN:
        return OfferState.CLOSED
    kind = offer.type
    if kind.sale_opens_at is not None and listing.now < kind.sale_opens_at:
        return OfferState.NOT_YET
    if kind.sale_closes_at is not None and kind.sale_closes_at <= listing.now:
        return OfferState.SALE_OVER
    return OfferState.OPEN if places_left(offer, listing) else OfferState.SOLD_OUT


def places_left(offer: Offer, listing: Listing) -> int:
    """How many of a type can be had: its own places, within those of the event, which all types share."""
    return max(0, min(offer.left, listing.places.available))


_BY_EVENT = {SaleState.NOT_YET: OfferState.NOT_YET, SaleState.SALE_OVER: OfferState.SALE_OVER}
