"""What the festival of the demo sells: kinds of tickets, numbered seats, something for neighbours, a promo code."""

from dataclasses import dataclass

from pesan.catalog.models import Event
from pesan.catalog.service import (
    PromoDraft,
    SeatDraft,
    TicketTypeDraft,
    add_seats,
    create_promo_code,
    create_ticket_type,
)
from pesan.catalog.states import PromoKind
from pesan.db import Actor, WriteSession


@dataclass(frozen=True, slots=True)
class Stalls:
    """The ticket types of an event, the promo codes, and how many rows and seats a seated type has."""

    types: tuple[TicketTypeDraft, ...] = ()
    promos: tuple[PromoDraft, ...] = ()
    rows: int = 4
    seats_per_row: int = 10


FESTIVAL = Stalls(
    types=(
        TicketTypeDraft(
            name="Tiga hari",
            description="Semua panggung, Jumat sampai Minggu.",
            price_amount=275_000,
            inventory=500,
            max_per_order=6,
            colour="#0f766e",
            position=1,
        ),
        TicketTypeDraft(
            name="Sabtu saja",
            description="Isosolo di atas danau dan musik malam.",
            price_amount=125_000,
            inventory=200,
            max_per_order=6,
            colour="#b45309",
            position=2,
        ),
        TicketTypeDraft(
            name="Tribun tepi danau",
            description="Kursi bernomor di bawah atap.",
            price_amount=450_000,
            inventory=40,
            max_per_order=4,
            is_seated=True,
            colour="#7c3aed",
            position=3,
        ),
        TicketTypeDraft(
            name="Warga Kalkote",
            description="Untuk tetangga panggung.",
            price_amount=50_000,
            inventory=60,
            max_per_order=4,
            is_hidden=True,
            access_code="KALKOTE",
            position=4,
        ),
    ),
    promos=(PromoDraft(code="DANAU10", kind=PromoKind.PERCENT, value=10, max_uses=100),),
)


async def set_up(session: WriteSession, event: Event, stalls: Stalls, actor: Actor) -> None:
    """Everything that `stalls` names, for an event that sells nothing of its own kind yet."""
    for draft in stalls.types:
        offer = await create_ticket_type(session, event=event, draft=draft, actor=actor)
        if draft.is_seated:
            await add_seats(session, event=event, offer=offer, drafts=_seats(draft.name, stalls), actor=actor)
    for promo in stalls.promos:
        await create_promo_code(session, event=event, draft=promo, actor=actor)


def _seats(section: str, stalls: Stalls) -> list[SeatDraft]:
    """Rows of seats; the two at the aisle of the first row take a wheelchair."""
    return [
        SeatDraft(section, chr(ord("A") + row), str(seat + 1), seat, row, is_accessible=row == 0 and seat < 2)
        for row in range(stalls.rows)
        for seat in range(stalls.seats_per_row)
    ]
