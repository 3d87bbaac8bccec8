"""From what a buyer put together, ids and codes as they came, to wishes that the gate can decide on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar
from uuid import UUID

from pesan.catalog.errors import SeatNotFound, TicketTypeNotFound
from pesan.catalog.models import PromoCode, Seat, TicketType
from pesan.catalog.offers import get_promo_code, list_chosen_seats, list_offers, sells_types
from pesan.catalog.queries import TERMS_COLUMNS, Listing, Terms, get_listing
from pesan.catalog.terms import PromoTerms, SeatTerms, TypeTerms
from pesan.db import ReadSession
from pesan.orders.moves import LineWish, Placement, PromoWish, SeatWish, TypeWish
from pesan.orders.placing import preview
from pesan.orders.situation import Placed, Situation

_Kind = TypeVar("_Kind", TypeTerms, SeatTerms, PromoTerms)


@dataclass(frozen=True, slots=True)
class BasketItem:
    """Some tickets of one type, or places of the event itself where it sells no types."""

    quantity: int
    type_id: UUID | None = None
    seat_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Basket:
    """What a buyer wants of one event, with the codes that they typed."""

    event_id: UUID
    items: tuple[BasketItem, ...]
    promo_code: str = ""
    access_code: str = ""


@dataclass(frozen=True, slots=True)
class ReadBasket:
    """A basket whose parts were found; nothing is held, and nothing about it is decided."""

    listing: Listing
    types: Mapping[UUID, TicketType]
    seats: Mapping[UUID, Seat]
    promo: PromoCode | None
    lines: Sequence[LineWish]
    is_typed: bool

    @property
    def promo_wish(self) -> PromoWish | None:
        """The promo code for the gate."""
        return PromoWish(self.promo.id, self.promo.pool_id) if self.promo else None


async def read_basket(session: ReadSession, basket: Basket) -> ReadBasket:
    """Find what the basket names, of this event and as its buyer may see it.

    Raises EventNotFound, TicketTypeNotFound, SeatNotFound, PromoNotValid.
    """
    listing = await get_listing(session, event_id=basket.event_id)
    offers = await list_offers(session, basket.event_id, access_code=basket.access_code or None)
    types = {offer.type.id: offer.type for offer in offers}
    wanted = {seat_id for item in basket.items for seat_id in item.seat_ids}
    chosen = await list_chosen_seats(session, basket.event_id, wanted) if wanted else ()
    seats = {seat.id: seat for seat in chosen}
    promo = (
        await get_promo_code(session, basket.event_id, basket.promo_code)
        if basket.promo_code.strip()
        else None
    )
    lines = [_line(item, types, seats, basket.access_code) for item in basket.items]
    # Lines are listed by their ids, and those of one millisecond come in no order.
    ids = sorted(line.id for line in lines)
    lines = [replace(line, id=line_id) for line, line_id in zip(lines, ids, strict=True)]
    # An event may sell nothing but hidden types, which whoever has no access code does not see.
    is_typed = bool(types) or await sells_types(session, basket.event_id)
    return ReadBasket(listing, types, seats, promo, lines, is_typed)


def price(read: ReadBasket) -> Placed:
    """What the basket costs now, by the rules that an order goes by; whether places are left is not asked.

    Raises SaleClosed, QuantityNotAllowed, TicketTypeNeeded, SeatsNeeded, SeatNotFound, SeatTaken, PromoNotValid.
    """
    event = read.listing.event
    wish = Placement(event.id, "", tuple(read.lines), promo=read.promo_wish)
    situation = Situation(
        now=read.listing.now,
        orders={},
        claims={},
        pools={},
        terms={event.id: Terms(*(getattr(event, name) for name in TERMS_COLUMNS))},
        types={type_id: _terms(TypeTerms, offer) for type_id, offer in read.types.items()},
        seats={seat_id: _terms(SeatTerms, seat) for seat_id, seat in read.seats.items()},
        promos={read.promo.id: _terms(PromoTerms, read.promo)} if read.promo else {},
        typed=frozenset({event.id} if read.is_typed else ()),
    )
    return preview(wish, situation)


def _line(
    item: BasketItem, types: Mapping[UUID, TicketType], seats: Mapping[UUID, Seat], access_code: str
) -> LineWish:
    if item.type_id is not None and item.type_id not in types:
        raise TicketTypeNotFound
    if any(seat_id not in seats for seat_id in item.seat_ids):
        raise SeatNotFound
    kind = None
    if item.type_id is not None:
        kind = TypeWish(item.type_id, types[item.type_id].pool_id, access_code or None)
    chosen = tuple(SeatWish(seat_id, seats[seat_id].pool_id) for seat_id in item.seat_ids)
    return LineWish(item.quantity, kind, chosen)


def _terms(kind: type[_Kind], row: Any) -> _Kind:
    return kind(*(getattr(row, part.name) for part in fields(kind)))
