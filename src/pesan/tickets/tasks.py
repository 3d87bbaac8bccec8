"""Jobs of tickets."""

from collections.abc import Sequence
from uuid import UUID

from pesan.db import Actor, Database
from pesan.jobs import GiveUp, enqueue, enqueue_many, task
from pesan.jobs.registry import JobArgument
from pesan.kit import metrics
from pesan.kit.registry import Registry
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import WrongState
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import FulfilCompanion
from pesan.tickets import issue, reissue, transfer_signing
from pesan.tickets.handing_on import SIGN_TASK, TELL_TRANSFER_TASK
from pesan.tickets.keystore import KeyStore

_ACTOR = Actor.system("tickets")
_REISSUE_CHUNK = 100
TELL_EVENT_TASK = "checkout.tell_of_move"
TELL_ORDER_TASK = "checkout.tell_of_new_tickets"


@task("tickets.fulfil_order", lock="fulfil:{order_id}", priority=10)
async def fulfil_order(deps: Registry, order_id: UUID) -> None:
    """Sign the tickets of a paid order and complete it, in one move: never one without the other.

    Signing comes before the transaction, because a key store may be far away. An order that is completed already, or
    was refunded meanwhile, is left as it is; so is one whose event was cancelled: `checkout.cancel_event` sees to it.
    """
    async with deps[Database].read(_ACTOR) as session:
        entitlement = await issue.read_entitlement(session, order_id)
    if entitlement is None:
        raise GiveUp("tickets.order_missing")
    if entitlement.order.state != OrderState.PAID or entitlement.is_cancelled:
        return
    tickets = await issue.make_tickets(_keys(deps), entitlement)
    move = Move(
        OrderEvent.FULFIL,
        entitlement.order.event_id,
        _ACTOR,
        order_id,
        companions=(*tickets, FulfilCompanion(order_id)),
    )
    try:
        await deps[SaleDesk].submit(move)
    except WrongState:
        return  # another worker was first, or the order was refunded between reading and moving
    metrics.TICKETS_ISSUED.inc(amount=len(tickets))


@task("tickets.reissue_event", lock="reissue:{event_id}")
async def reissue_event(deps: Registry, event_id: UUID, occasion: str = "") -> None:
    """Sign the tickets of a moved event anew, in chunks; run again, it finds nothing more to do.

    **Enqueues** telling everybody who booked, once for the move that `occasion` names; without one, telling those
    whose tickets changed.
    """
    while outdated := await _list_outdated(deps, event_id):
        reissues = await reissue.sign_anew(_keys(deps), outdated)
        async with deps[Database].write(_ACTOR) as session:
            await reissue.write_reissues(session, reissues)
            if not occasion:
                await enqueue_many(session, [_tell(order_id, epoch) for order_id, epoch in _orders(outdated)])
    if occasion:
        async with deps[Database].write(_ACTOR) as session:
            await enqueue(session, TELL_EVENT_TASK, event_id=event_id, occasion=occasion)


@task("tickets.reissue_outdated", every="*/5 * * * *")
async def reissue_outdated(deps: Registry) -> None:
    """Find tickets that were signed while their event moved, and so missed its reissue."""
    async with deps[Database].write(_ACTOR) as session:
        found = await reissue.list_outdated_events(session)
        await enqueue_many(session, [("tickets.reissue_event", {"event_id": each}) for each in found])


@task(SIGN_TASK, lock="sign_transfer:{transfer_id}", priority=10)
async def sign_transfer(deps: Registry, transfer_id: UUID) -> None:
    """Sign a ticket that was handed on, unless it was handed on again, voided or signed with its event's move.

    **Enqueues** telling both.
    """
    async with deps[Database].read(_ACTOR) as session:
        unfinished = await transfer_signing.find_unfinished(session, transfer_id)
    if unfinished is None:
        return
    finished = await transfer_signing.finish(_keys(deps), unfinished)
    async with deps[Database].write(_ACTOR) as session:
        if await transfer_signing.write_finished(session, finished):
            await enqueue(session, TELL_TRANSFER_TASK, transfer_id=transfer_id)


async def _list_outdated(deps: Registry, event_id: UUID) -> Sequence[reissue.Outdated]:
    async with deps[Database].read(_ACTOR) as session:
        return await reissue.list_outdated(session, event_id, limit=_REISSUE_CHUNK)


def _orders(outdated: Sequence[reissue.Outdated]) -> list[tuple[UUID, int]]:
    """Each order once, with the epoch that its tickets have now."""
    return sorted({item.ticket.order_id: item.ticket.epoch + 1 for item in outdated}.items())


def _tell(order_id: UUID, epoch: int) -> tuple[str, dict[str, JobArgument]]:
    return TELL_ORDER_TASK, {"order_id": order_id, "occasion": f"epoch-{epoch}"}


def _keys(deps: Registry) -> KeyStore:
    return deps[KeyStore]  # a protocol names what a process registered
