"""What the pages of an event's tickets show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pesan.backoffice.forms.state import FormState
from pesan.backoffice.queries.offers import OwnPromo
from pesan.catalog.offers import Offer
from pesan.catalog.states import PromoKind
from pesan.kit.money import format_rupiah


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One ticket type in the list."""

    name: str
    description: str
    price: str
    colour: str
    inventory: int
    taken: int
    seats: int
    is_seated: bool
    is_hidden: bool
    is_archived: bool
    path: str


@dataclass(frozen=True, slots=True)
class PromoRow:
    """One promo code in the list."""

    code: str
    discount: str
    only_for: str
    uses: int
    max_uses: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    is_active: bool
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersPage:
    """Everything that an event sells, with the forms that add to it."""

    event_title: str
    event_path: str
    path: str
    capacity: int
    offers: Sequence[OfferRow]
    promos: Sequence[PromoRow]
    types: Sequence[tuple[str, str]]
    offer_form: FormState
    promo_form: FormState
    done: str = ""
    problem: str = ""
    problem_kind: str = ""

    @property
    def planned(self) -> int:
        """Places of all ticket types together, which may be more than the event has."""
        return sum(offer.inventory for offer in self.offers if not offer.is_archived)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPage:
    """One ticket type with its form and its seats."""

    event_title: str
    path: str
    row: OfferRow
    form: FormState
    done: str = ""
    problem: str = ""
    problem_kind: str = ""


def offer_row(offer: Offer, seats: int, path: str) -> OfferRow:
    """A ticket type as a row."""
    kind = offer.type
    return OfferRow(
        name=kind.name,
        description=kind.description,
        price=format_rupiah(kind.price_amount),
        colour=kind.colour,
        inventory=offer.inventory,
        taken=offer.inventory - offer.left,
        seats=seats,
        is_seated=kind.is_seated,
        is_hidden=kind.is_hidden,
        is_archived=kind.is_archived,
        path=f"{path}/{kind.id}",
    )


def promo_row(own: OwnPromo, names: dict[str, str], path: str) -> PromoRow:
    """A promo code as a row."""
    promo = own.promo
    is_percent = promo.kind == PromoKind.PERCENT
    return PromoRow(
        code=promo.code,
        discount=f"{promo.value} %" if is_percent else format_rupiah(promo.value),
        only_for=names.get(str(promo.ticket_type_id), ""),
        uses=own.uses,
        max_uses=own.max_uses,
        valid_from=promo.valid_from,
        valid_until=promo.valid_until,
        is_active=promo.is_active,
        path=f"{path}/promo/{promo.id}",
    )
