"""Choosing tickets on the pages: what is for sale, what was chosen of it, and what that costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from pesan.catalog.models import Seat
from pesan.catalog.offers import Offer, find_free_seats, list_chosen_seats, list_offers, sells_types
from pesan.catalog.queries import Listing
from pesan.catalog.seating import list_section, list_sections
from pesan.checkout.baskets import Basket, BasketItem, ReadBasket, price, read_basket
from pesan.db import ReadSession
from pesan.errors import PesanError
from pesan.kit.i18n import Locale
from pesan.orders.situation import Placed
from pesan.storefront.basket_views import LineView, OfferView, SeatMapView, SeatView, ShopView, SumsView
from pesan.storefront.choices import SEAT, Choice
from pesan.storefront.offers import offer_state, places_left
from pesan.storefront.ticketing_schemas import OfferState


@dataclass(frozen=True, slots=True)
class Shopping:
    """An event's ticket types with the seats that were chosen."""

    listing: Listing
    offers: Sequence[Offer]
    seats: Mapping[UUID, Seat]
    choice: Choice
    is_typed: bool

    @property
    def basket(self) -> Basket:
        """The choice for the checkout. A seat that is gone stays in it, so that nobody pays for less than they saw."""
        by_type: dict[UUID | None, list[UUID]] = {}
        for seat_id in self.choice.seat_ids:
            seat = self.seats.get(seat_id)
            by_type.setdefault(seat.ticket_type_id if seat else None, []).append(seat_id)
        items = [BasketItem(number, type_id) for type_id, number in self.choice.quantities.items()]
        items += [BasketItem(len(ids), type_id, tuple(ids)) for type_id, ids in by_type.items()]
        return Basket(self.listing.event.id, tuple(items), self.choice.promo, self.choice.access)


async def load_shopping(session: ReadSession, listing: Listing, choice: Choice) -> Shopping:
    """What an event sells to whoever chose this; `offers` is empty when it sells none that they may see."""
    event_id = listing.event.id
    offers = await list_offers(session, event_id, access_code=choice.access or None)
    chosen = await list_chosen_seats(session, event_id, choice.seat_ids) if choice.seat_ids else ()
    is_typed = bool(offers) or await sells_types(session, event_id)
    return Shopping(listing, offers, {seat.id: seat for seat in chosen}, choice, is_typed)


async def show_shop(session: ReadSession, shopping: Shopping, locale: Locale) -> ShopView:
    """The ticket types with the sums of what was chosen; a promo code that does not apply takes nothing off."""
    offers = [_show_offer(offer, shopping) for offer in shopping.offers]
    opened = any(offer.type.is_hidden for offer in shopping.offers)
    view = ShopView(
        offers, shopping.choice, shopping.is_typed, opens_nothing=bool(shopping.choice.access) and not opened
    )
    if shopping.choice.is_empty:
        return view
    try:
        return replace(view, sums=await _sums(session, shopping.basket))
    except PesanError as refusal:
        problem = refusal.text(locale)
    try:
        without = replace(shopping.basket, promo_code="")
        sums = await _sums(session, without) if shopping.choice.promo else None
    except PesanError:
        sums = None
    return replace(view, sums=sums, problem=problem)


async def show_seats(
    session: ReadSession, shopping: Shopping, type_id: UUID, section: str
) -> SeatMapView | None:
    """One section of a seated ticket type; None when there is no such type."""
    offer = next((one for one in shopping.offers if one.type.id == type_id and one.type.is_seated), None)
    if offer is None:
        return None
    sections = await list_sections(session, type_id)
    shown = section if section in sections else next(iter(sections), "")
    seats = await list_section(session, type_id, shown)
    free = await find_free_seats(session, shopping.listing.event.id)
    left, top = min((s.x for s in seats), default=0), min((s.y for s in seats), default=0)
    views = [_show_seat(seat, free, (left, top), shopping.choice) for seat in seats]
    here = {str(seat.id) for seat in seats}
    return SeatMapView(
        _show_offer(offer, shopping),
        sections,
        shown,
        views,
        width=max((view.x for view in views), default=0) + 1,
        height=max((view.y for view in views), default=0) + 1,
        kept=[pair for pair in shopping.choice.pairs if pair[0] != SEAT or pair[1] not in here],
    )


def show_sums(read: ReadBasket, placed: Placed) -> SumsView:
    """A basket's lines and sums."""
    labels = {line.id: [read.seats[seat.seat_id].label for seat in line.seats] for line in read.lines}
    lines = [LineView(line.title, line.quantity, line.amount, labels[line.id]) for line in placed.lines]
    sums = placed.totals
    return SumsView(lines, sums.subtotal, sums.discount, sums.fees, sums.tax, sums.total)


async def _sums(session: ReadSession, basket: Basket) -> SumsView:
    read = await read_basket(session, basket)
    return show_sums(read, price(read))


def _show_offer(offer: Offer, shopping: Shopping) -> OfferView:
    kind, listing = offer.type, shopping.listing
    left = places_left(offer, listing)
    seats = [seat.label for seat in shopping.seats.values() if seat.ticket_type_id == kind.id]
    return OfferView(
        id=str(kind.id),
        name=kind.name,
        description=kind.description,
        price_amount=kind.price_amount,
        colour=kind.colour,
        state=offer_state(offer, listing),
        left=left,
        most=min(left, kind.max_per_order, listing.event.max_per_order),
        quantity=shopping.choice.quantities.get(kind.id, 0),
        is_seated=kind.is_seated,
        opens_at=kind.sale_opens_at if offer_state(offer, listing) is OfferState.NOT_YET else None,
        seats=seats,
    )


def _show_seat(seat: Seat, free: bytes, corner: tuple[int, int], choice: Choice) -> SeatView:
    is_free = bool(free[seat.ordinal >> 3] >> (seat.ordinal & 7) & 1)
    # One that somebody else took meanwhile falls out of the choice with the next step.
    is_chosen = is_free and seat.id in choice.seat_ids
    others = tuple(seat_id for seat_id in choice.seat_ids if seat_id != seat.id)
    toggled = replace(choice, seat_ids=others if is_chosen else (*others, seat.id))
    return SeatView(
        id=str(seat.id),
        label=seat.label,
        row=seat.row,
        number=seat.number,
        x=seat.x - corner[0],
        y=seat.y - corner[1],
        is_free=is_free,
        is_chosen=is_chosen,
        is_accessible=seat.is_accessible,
        toggle=toggled.query,
    )
