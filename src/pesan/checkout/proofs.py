"""A proof on its way from the buyer's phone to the reviewer: received, made harmless, stored, handed in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

from pesan.checkout.service import Once, submit_proof
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.idempotency.service import find_answer
from pesan.kit.metrics import UPLOAD_ERRORS
from pesan.kit.registry import Registry
from pesan.orders import Companion, Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.dues import owes_balance
from pesan.orders.errors import BalanceProofWaiting, HoldExpired, WrongState
from pesan.orders.models import Order
from pesan.orders.queries import is_hold_over
from pesan.orders.states import OrderState
from pesan.payments.errors import ProofNotExpected
from pesan.payments.proofs import describe_proof, require_room
from pesan.payments.queries import find_open_payment
from pesan.storage import Kind, Storage
from pesan.storage.inspection import Inspector
from pesan.storage.stored import stored
from pesan.storage.uploads import Received, receive

KeyOf = Callable[[Received], Awaitable[Once | None]]


async def take_proof(
    deps: Registry,
    *,
    order: Order,
    stream: AsyncIterator[bytes],
    filename: str | None,
    actor: Actor,
    key: KeyOf | None = None,
) -> Moved | Replayed:
    """Receive a file and hand it in as the proof of a held order, or of a balance.

    `key` makes the caller's idempotency key once the file is there, because its digest is part of the request. No
    transaction is open while the file is read and inspected; the object is removed again when the move is refused.
    Raises UploadRefused and its kinds, TooManyProofs, ProofNotExpected, HoldExpired, WrongState, StorageUnavailable.
    """
    try:
        async with receive(stream, filename=filename) as received:
            once = await key(received) if key else None
            # Before anything else, because an order that has its proof would refuse a repeated request for its state.
            if earlier := await find_answer(deps[Database], actor, once.wanted if once else None):
                return Replayed(earlier)
            await _require_acceptable(deps[Database], order, received, actor)
            return await _hand_in(deps, order=order, received=received, actor=actor, once=once)
    except PesanError as error:
        UPLOAD_ERRORS.inc(error.code)
        raise


async def _require_acceptable(database: Database, order: Order, received: Received, actor: Actor) -> None:
    """Refuse early what the gate would refuse later, before CPU and storage are spent on it."""
    is_held = order.state == OrderState.HOLD
    if not is_held and not owes_balance(order):
        raise WrongState(state=order.state, extra={"state": order.state})
    if order.balance_submitted_at is not None:
        raise BalanceProofWaiting(state=order.state, extra={"state": order.state})
    async with database.read(actor) as session:
        if is_held and await is_hold_over(session, order.id):
            raise HoldExpired(extra={"state": OrderState.EXPIRED.value})
        chosen = await find_open_payment(session, order.id)
        if chosen is not None and chosen.gateway_account_id is not None:
            raise ProofNotExpected
        await require_room(session, order.id, received.size)


async def _hand_in(
    deps: Registry, *, order: Order, received: Received, actor: Actor, once: Once | None
) -> Moved | Replayed:
    clean = await deps[Inspector].inspect(received.path, Kind.PROOF)
    async with stored(deps[Storage], Kind.PROOF, clean) as object_key:
        proof = describe_proof(
            order_id=order.id,
            merchant_id=order.merchant_id,
            object_key=object_key,
            received=received,
            clean=clean,
        )
        return await submit_proof(
            deps[SaleDesk], order=order, proof=cast("Companion", proof), actor=actor, once=once
        )
