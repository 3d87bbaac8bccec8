"""Believable merchants, events and orders, made by the services that make the real ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from pesan.catalog.models import Event, PromoCode, Seat, Slot, TicketType
from pesan.catalog.offers import list_seats
from pesan.catalog.service import (
    EventDraft,
    PromoDraft,
    SeatDraft,
    SlotTime,
    TicketTypeDraft,
    add_seats,
    create_event,
    create_promo_code,
    create_ticket_type,
    ensure_slot,
)
from pesan.catalog.states import TICKETS, EventStatus, PromoKind
from pesan.db import Actor, Database
from pesan.identity.models import User
from pesan.identity.service import create_user, log_in, set_membership
from pesan.identity.states import MerchantRole, PlatformRole
from pesan.orders.gate import transition_many
from pesan.orders.models import Order
from pesan.orders.moves import LineWish, Move, Moved, Placement
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.models import PaymentMethod
from pesan.payments.service import MethodDraft, create_method
from pesan.payments.states import MethodKind
from pesan.tenancy.models import Merchant
from pesan.tenancy.service import create_merchant
from pesan.web.cookies import SESSION

SYSTEM = Actor.system("tests")
PASSWORD = "kuda-terbang-biru-42"
# The way to each state, from the hold on; approvals and fulfilment are the system's here.
WAYS: dict[OrderState, tuple[OrderEvent, ...]] = {
    OrderState.HOLD: (),
    OrderState.REVIEW: (OrderEvent.SUBMIT_PROOF,),
    OrderState.PAID: (OrderEvent.SUBMIT_PROOF, OrderEvent.APPROVE),
    OrderState.COMPLETED: (OrderEvent.SUBMIT_PROOF, OrderEvent.APPROVE, OrderEvent.FULFIL),
    OrderState.REJECTED: (OrderEvent.SUBMIT_PROOF, OrderEvent.REJECT),
    OrderState.CANCELLED: (OrderEvent.CANCEL,),
}


class Make:
    """Makes what a test needs; every method takes the overrides that matter to the test."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers = count(1)

    async def merchant(self, **overrides: Any) -> Merchant:
        """A merchant with a slug of its own."""
        number = next(self._numbers)
        wanted = {"name": f"Penyelenggara {number}", "slug": f"penyelenggara-{number}", **overrides}
        async with self._database.write(SYSTEM) as session:
            return await create_merchant(session, actor=SYSTEM, **wanted)

    async def merchant_of(self, merchant_id: UUID) -> Merchant:
        """The merchant of this id."""
        async with self._database.read(SYSTEM) as session:
            return await session.get_one(Merchant, merchant_id)

    async def user(
        self,
        merchant: Merchant | None = None,
        role: MerchantRole = MerchantRole.STAFF,
        *,
        platform_role: PlatformRole | None = None,
        **overrides: Any,
    ) -> User:
        """A person with the password PASSWORD, who works for `merchant` where one is given."""
        number = next(self._numbers)
        wanted = {
            "email": f"petugas{number}@contoh.id",
            "name": f"Petugas {number}",
            "password": PASSWORD,
            **overrides,
        }
        async with self._database.write(SYSTEM) as session:
            user = await create_user(session, actor=SYSTEM, platform_role=platform_role, **wanted)
            if merchant is not None:
                await set_membership(
                    session, user_id=user.id, merchant_id=merchant.id, role=role, actor=SYSTEM
                )
        return user

    async def session_of(self, user: User) -> dict[str, str]:
        """The cookies of a browser in which `user`, whose password is PASSWORD, has signed in."""
        opened = await log_in(self._database, email=user.email, password=PASSWORD)
        return {SESSION: opened.token}

    async def event(
        self,
        merchant: Merchant | None = None,
        *,
        status: str = EventStatus.OPEN,
        fulfilment: str = TICKETS,
        **draft: Any,
    ) -> Event:
        """An event on sale: 10 places at Rp 150.000, all of which may be held at once, in 30 days."""
        owner = merchant or await self.merchant()
        async with self._database.write(SYSTEM) as session:
            return await create_event(
                session,
                merchant_id=owner.id,
                draft=event_draft(**draft),
                actor=SYSTEM,
                status=status,
                fulfilment=fulfilment,
            )

    async def slot(
        self, event: Event, starts_at: datetime, *, minutes: int = 15, resource: int | None = None
    ) -> Slot:
        """A time of a booth of the event's; without a number, of one that no other test has."""
        booth = next(self._numbers) + 1_000_000 if resource is None else resource
        ends_at = starts_at + timedelta(minutes=minutes)
        async with self._database.sale() as session:
            return await ensure_slot(
                session, SlotTime(event.merchant_id, event.id, booth, starts_at, ends_at)
            )

    async def ticket_type(self, event: Event, **overrides: Any) -> TicketType:
        """A ticket type of the event's: 5 places at Rp 100.000."""
        wanted = {"name": "Reguler", "price_amount": 100_000, "inventory": 5, **overrides}
        async with self._database.write(SYSTEM) as session:
            return await create_ticket_type(
                session, event=event, draft=TicketTypeDraft(**wanted), actor=SYSTEM
            )

    async def seats(self, offer: TicketType, count: int = 1, *, section: str = "A") -> Sequence[Seat]:
        """Seats in one row of a seated ticket type."""
        drafts = [SeatDraft(section, "1", str(number), number, 0) for number in range(1, count + 1)]
        async with self._database.write(SYSTEM) as session:
            event = await session.get_one(Event, offer.event_id)
            known = await session.get_one(TicketType, offer.id)
            await add_seats(session, event=event, offer=known, drafts=drafts, actor=SYSTEM)
        async with self._database.read(SYSTEM) as session:
            return [seat for seat in await list_seats(session, event.id) if seat.section == section]

    async def promo(self, event: Event, **overrides: Any) -> PromoCode:
        """A promo code of the event's: ten percent off, as often as people like."""
        wanted = {"code": f"HEMAT{next(self._numbers)}", "kind": PromoKind.PERCENT, "value": 10, **overrides}
        async with self._database.write(SYSTEM) as session:
            return await create_promo_code(session, event=event, draft=PromoDraft(**wanted), actor=SYSTEM)

    async def method(self, merchant: Merchant, **overrides: Any) -> PaymentMethod:
        """A bank account of the merchant's, to which every event of theirs can be paid."""
        number = next(self._numbers)
        wanted = {
            "kind": MethodKind.BANK,
            "display_name": "Transfer BCA",
            "bank_name": "BCA",
            "account_no": f"{8_000_000_000 + number}",
            "account_holder": merchant.name,
            **overrides,
        }
        async with self._database.write(SYSTEM) as session:
            return await create_method(
                session, merchant_id=merchant.id, draft=MethodDraft(**wanted), actor=SYSTEM
            )

    async def order(
        self, event: Event | None = None, *, state: OrderState = OrderState.HOLD, **wish: Any
    ) -> Order:
        """An order that went its whole way to `state` through the gate."""
        chosen = event or await self.event()
        lines = (LineWish(wish.pop("quantity", 1)),)
        placement = Placement(chosen.id, **{"buyer_name": "Budi Santoso", "lines": lines, **wish})
        await self.move(Move.place(placement, Actor.guest()))
        for step in WAYS[state]:
            reason = "Nominal tidak sesuai" if step is OrderEvent.REJECT else None
            await self.move(Move(step, chosen.id, SYSTEM, placement.order_id, reason=reason))
        async with self._database.read(SYSTEM) as session:
            return await session.get_one(Order, placement.order_id)

    async def move(self, move: Move) -> Moved:
        """One move through the gate; raises the refusal."""
        async with self._database.sale() as session:
            (outcome,) = await transition_many(session, [move])
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Moved)
        return outcome


def event_draft(**overrides: Any) -> EventDraft:
    """What an organizer would say of an event, limits out of the way."""
    draft = EventDraft(
        title="Malam Keroncong Kota Tua",
        starts_at=datetime.now(UTC) + timedelta(days=30),
        capacity=10,
        price_amount=150_000,
        venue="Taman Fatahillah",
        city="Jakarta",
        hold_ratio=Decimal(1),
        max_holds_per_contact=100_000,
        max_holds_per_ip=100_000,
    )
    return replace(draft, **overrides)
