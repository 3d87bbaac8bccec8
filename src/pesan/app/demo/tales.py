"""What happened at an event before anybody looked: its orders, each made and moved by the gate."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pesan.app.demo.people import Buyer
from pesan.app.demo.receipts import Receipt, draw_receipt
from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.orders.gate import transition_many
from pesan.orders.models import Order
from pesan.orders.moves import Companion, LineWish, Move, Moved, Placement
from pesan.orders.queries import list_due_holds
from pesan.orders.states import OrderEvent
from pesan.payments import CaptureCompanion, CashCompanion, ProofCompanion
from pesan.payments.proofs import describe_proof
from pesan.payments.queries import list_methods
from pesan.payments.service import select_method
from pesan.payments.states import MethodKind
from pesan.storage import Kind, Storage
from pesan.storage.inspection import Inspector
from pesan.storage.stored import stored
from pesan.storage.uploads import receive

_REJECTED = "Nominal di bukti tidak sama dengan tagihan. Silakan pesan lagi dan transfer sesuai jumlahnya."
_CANCELLED = "Pemesan berhalangan hadir."
_SYSTEM = Actor.system("demo")


class Ending(StrEnum):
    """How a sale ended after its orders came in."""

    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Tale:
    """The orders of an event, as the quantities of each.

    `copied` wait for review with a receipt that was somebody else's; `fills_queue` holds whatever may be held.
    """

    free: tuple[int, ...] = ()
    counter: tuple[int, ...] = ()
    approved: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    copied: tuple[int, ...] = ()
    rejected: tuple[int, ...] = ()
    cancelled: tuple[int, ...] = ()
    held: tuple[int, ...] = ()
    fills_queue: bool = False
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a tale plays: one event, the staff who decide, the buyers who come, the adapters."""

    database: Database
    storage: Storage
    inspector: Inspector
    event: Event
    zone: str
    staff: Actor
    buyers: Iterator[Buyer]


@dataclass(frozen=True, slots=True)
class Booked:
    """An order of the tale with whoever made it."""

    buyer: Buyer
    order_id: UUID
    code: str
    amount: int


async def play(scene: Scene, tale: Tale) -> None:
    """Let everything happen that the tale tells of, one after the other: few places may be held at once."""
    for quantity in tale.free:
        await _book(scene, quantity)
    for quantity in tale.counter:
        await _sell_at_the_counter(scene, quantity)
    picture: bytes | None = None
    for quantity in tale.approved:
        booked = await _book(scene, quantity)
        picture = await pay(scene, booked)
        await approve(scene, booked)
    for quantity in tale.rejected:
        booked = await _book(scene, quantity)
        picture = await pay(scene, booked)
        await move(scene, step(scene, OrderEvent.REJECT, booked.order_id, reason=_REJECTED))
    for quantity in tale.cancelled:
        booked = await _book(scene, quantity)
        await move(scene, step(scene, OrderEvent.CANCEL, booked.order_id, reason=_CANCELLED))
    for quantity in tale.waiting:
        await pay(scene, await _book(scene, quantity))
    for quantity in tale.copied:
        await pay(scene, await _book(scene, quantity), picture=picture)
    for quantity in tale.held:
        await choose_method(scene, await _book(scene, quantity))
    if tale.fills_queue:
        await fill_queue(scene)


async def fill_queue(scene: Scene) -> None:
    """Hold what may be held, after giving back what ran out: an event with a full queue for an hour.

    Whatever refuses the next one ends it: its places, or that the event is over, or what somebody made of it since.
    """
    async with scene.database.sale() as session:
        due = await list_due_holds(session, sale_id=scene.event.id, limit=500)
    for order_id, event_id in due:
        await move(scene, Move(OrderEvent.EXPIRE, event_id, _SYSTEM, order_id))
    with suppress(PesanError):
        while True:
            await _book(scene, 1)


async def _book(scene: Scene, quantity: int, *, actor: Actor | None = None) -> Booked:
    """The next buyer books, from no machine in particular."""
    buyer = next(scene.buyers)
    wish = Placement(scene.event.id, buyer.name, (LineWish(quantity),), wa=buyer.wa, email=buyer.email)
    moved = await move(scene, Move.place(wish, actor or Actor.guest()))
    return Booked(buyer, moved.order_id, moved.code, moved.total_amount)


async def _sell_at_the_counter(scene: Scene, quantity: int) -> None:
    sold = await _book(scene, quantity, actor=scene.staff)
    cash = CashCompanion(sold.order_id, scene.event.merchant_id, sold.amount)
    await move(scene, step(scene, OrderEvent.PAY, sold.order_id, cash))


async def pay(scene: Scene, booked: Booked, *, picture: bytes | None = None) -> bytes:
    """The buyer chooses a method, transfers the exact amount and sends the bank's receipt, or that `picture`."""
    receipt = await choose_method(scene, booked)
    if picture is None:
        picture = await asyncio.to_thread(draw_receipt, receipt)
    guest = Actor.guest(booked.code)
    async with _stored_proof(scene, booked, picture) as proof:
        await move(scene, step(scene, OrderEvent.SUBMIT_PROOF, booked.order_id, proof, actor=guest))
    return picture


async def approve(scene: Scene, booked: Booked) -> None:
    """The staff have the money."""
    capture = CaptureCompanion(booked.order_id, scene.event.merchant_id, booked.amount)
    await move(scene, step(scene, OrderEvent.APPROVE, booked.order_id, capture))


async def choose_method(scene: Scene, booked: Booked) -> Receipt:
    """The buyer chooses how to pay, and does not pay yet; what the bank would show of it."""
    actor = Actor.guest(booked.code)
    async with scene.database.write(actor) as session:
        methods = await list_methods(session, scene.event.merchant_id, only_active=True)
        own = [method for method in methods if method.kind != MethodKind.GATEWAY]  # those that take a proof
        method = own[booked.order_id.int % len(own)]
        order = await session.get_one(Order, booked.order_id)
        payment = await select_method(session, order=order, method_id=method.id, actor=actor)
    return Receipt(
        sender=booked.buyer.name,
        recipient=method.account_holder or method.display_name,
        account=f"{method.bank_name} {method.account_no}" if method.account_no else "QRIS",
        amount=payment.amount,
        at=order.placed_at,
        zone=scene.zone,
        seed=f"{scene.event.slug}/{booked.buyer.name}",
    )


@asynccontextmanager
async def _stored_proof(scene: Scene, booked: Booked, picture: bytes) -> AsyncIterator[ProofCompanion]:
    async with receive(once(picture), filename="bukti-transfer.jpg") as received:
        clean = await scene.inspector.inspect(received.path, Kind.PROOF)
    async with stored(scene.storage, Kind.PROOF, clean) as object_key:
        yield describe_proof(
            order_id=booked.order_id,
            merchant_id=scene.event.merchant_id,
            object_key=object_key,
            received=received,
            clean=clean,
        )


async def once(content: bytes) -> AsyncIterator[bytes]:
    """A file as an upload's stream."""
    yield content


def step(
    scene: Scene,
    event: OrderEvent,
    order_id: UUID,
    *companions: Companion,
    actor: Actor | None = None,
    reason: str | None = None,
) -> Move:
    """A move of an order of the tale, by the event's staff unless somebody else is named."""
    who = actor or scene.staff
    return Move(event, scene.event.id, who, order_id, reason=reason, companions=companions)


async def move(scene: Scene, move: Move) -> Moved:
    """One move through the gate; raises what refused it."""
    return await granted(scene.database, move)


async def granted(database: Database, move: Move) -> Moved:
    """The same, of any order."""
    async with database.sale() as session:
        (outcome,) = await transition_many(session, [move])
    if isinstance(outcome, PesanError):
        raise outcome
    assert isinstance(outcome, Moved)
    return outcome
