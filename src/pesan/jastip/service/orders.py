"""Orders of a trip: placed, confirmed, rejected, sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pesan.capacity.errors import SoldOut
from pesan.checkout import service as checkout
from pesan.checkout.room import DiskRoom
from pesan.checkout.schemas import BuyerFields
from pesan.checkout.service import Agreed, Once
from pesan.db import Actor, Database, ReadSession
from pesan.jastip.companions import NewTripOrder, Parcel
from pesan.jastip.errors import JoinPending, ParticipantNotFound, ProductNotFound, TripClosed
from pesan.jastip.models import Participant
from pesan.jastip.queries.trips import ProductView, get_product, get_trip
from pesan.jastip.states import JoinState, ProductStatus
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_id
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.dues import owes_balance
from pesan.orders.models import Order
from pesan.orders.moves import LineWish, Move, Origin, TypeWish
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import FulfilCompanion


@dataclass(frozen=True, slots=True)
class Counter:
    """Where orders are taken: the process's database, its sale desk and its room on the disk."""

    database: Database
    sales: SaleDesk
    room: DiskRoom


@dataclass(frozen=True, slots=True)
class Item:
    """Some pieces of one product."""

    product_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody who takes part orders; all of one trip's, all or nothing."""

    participant_id: UUID
    items: tuple[Item, ...]
    notes: str | None = None
    email: str | None = None


async def place_order(
    counter: Counter,
    wanted: Wanted,
    *,
    actor: Actor,
    locale: Locale,
    origin: Origin | None = None,
    once: Once | None = None,
    agreed: Agreed | None = None,
) -> Moved | Replayed:
    """Hold the pieces for somebody who takes part; `actor` must be able to see them.

    Raises ParticipantNotFound, JoinPending, ProductNotFound, TripClosed, SoldOut, and whatever `place_hold` refuses.
    """
    async with counter.database.read(actor) as session:
        person = await get_participant(session, wanted.participant_id)
        views = [await get_product(session, item.product_id) for item in wanted.items]
        await _require_orderable(session, person, views)
    agreed = agreed or Agreed(new_id(), ())
    mine = NewTripOrder(agreed.order_id, person.merchant_id, person.event_id, person.id)
    return await checkout.place_hold(
        counter.sales,
        event_id=person.event_id,
        buyer=BuyerFields.model_construct(
            name=person.name, wa=person.wa, email=wanted.email, notes=wanted.notes
        ),
        actor=actor,
        locale=locale,
        room=counter.room,
        lines=_lines(wanted.items, views),
        origin=origin,
        once=once,
        agreed=Agreed(
            agreed.order_id, agreed.legal_ids, (*agreed.companions, mine), has_guardian=agreed.has_guardian
        ),
    )


async def confirm_order(
    counter: Counter, order: Order, *, actor: Actor, once: Once | None = None
) -> Moved | Replayed:
    """The jastiper has the money that is due now: a proof is accepted, and what has none was paid in cash.

    `order` is as the jastiper saw it: what was confirmed since is refused, and never taken for the balance.
    Raises AlreadyDecided, WrongState, BalanceSettled.
    """
    if owes_balance(order):
        is_proved = order.balance_submitted_at is not None
        accept = checkout.accept_balance_proof if is_proved else checkout.accept_balance_cash
        return await accept(counter.sales, order=order, actor=actor, once=once)
    if order.state == OrderState.REVIEW:
        return await checkout.approve(counter.sales, order=order, actor=actor, once=once)
    return await checkout.accept_cash(counter.sales, order=order, actor=actor, once=once)


async def reject_order(
    counter: Counter, order: Order, *, actor: Actor, reason: str, once: Once | None = None
) -> Moved | Replayed:
    """The jastiper does not take the order: its proof is refused, or the order that waited for one is cancelled.

    Of an order whose deposit is paid only the proof of its balance is refused, and the order goes on.
    Raises AlreadyDecided, WrongState: what was paid is refunded instead.
    """
    if order.balance_submitted_at is not None:
        refuse = checkout.refuse_balance_proof
        return await refuse(counter.sales, order=order, actor=actor, reason=reason, once=once)
    if order.state == OrderState.REVIEW:
        return await checkout.reject(counter.sales, order=order, actor=actor, reason=reason, once=once)
    return await checkout.cancel(counter.sales, order=order, actor=actor, reason=reason, once=once)


async def ship_order(
    counter: Counter,
    order: Order,
    *,
    actor: Actor,
    courier: str,
    tracking_no: str | None,
    once: Once | None = None,
) -> Moved | Replayed:
    """The parcel is on its way: PAID → COMPLETED, and its money is earned. Raises BalanceDue, WrongState."""
    companions = (FulfilCompanion(order.id), Parcel(order.id, courier, tracking_no))
    move = Move(
        OrderEvent.FULFIL,
        order.event_id,
        actor,
        order.id,
        companions=companions,
        data={"courier": courier},
        wanted=once.wanted if once else None,
        render=once.render if once else None,
    )
    return await counter.sales.submit(move)


async def get_participant(session: ReadSession, participant_id: UUID) -> Participant:
    """Somebody who takes part, if the session's actor may know; raises ParticipantNotFound."""
    found = await session.get(Participant, participant_id)
    if found is None:
        raise ParticipantNotFound
    return found


async def _require_orderable(session: ReadSession, person: Participant, views: Sequence[ProductView]) -> None:
    if person.state == JoinState.PENDING:
        raise JoinPending
    if any(view.product.event_id != person.event_id for view in views):
        raise ProductNotFound
    trip = await get_trip(session, person.event_id)
    if not trip.is_open:
        raise TripClosed
    # Nothing left is for the gate to say, which gives expired holds back first.
    if any(view.product.status == ProductStatus.SOLD_OUT for view in views):
        raise SoldOut
    if any(view.product.status != ProductStatus.ACTIVE for view in views):
        raise ProductNotFound


def _lines(items: Sequence[Item], views: Sequence[ProductView]) -> list[LineWish]:
    return [
        LineWish(item.quantity, TypeWish(view.type.id, view.type.pool_id))
        for item, view in zip(items, views, strict=True)
    ]
