"""Jobs of tickets."""

from uuid import UUID

from pesan.db import Actor, Database
from pesan.jobs import GiveUp, task
from pesan.kit.registry import Registry
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import WrongState
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import FulfilCompanion
from pesan.tickets import issue, reissue
from pesan.tickets.keystore import KeyStore

_ACTOR = Actor.system("tickets")
_REISSUE_CHUNK = 100


@task("tickets.fulfil_order", lock="fulfil:{order_id}", priority=10)
async def fulfil_order(deps: Registry, order_id: UUID) -> None:
    """Sign the tickets of a paid order and complete it, in one move: never one without the other.

    Signing comes before the transaction, because a key store may be far away. An order that is completed already, or
    was refunded meanwhile, is left as it is.
    """
    async with deps[Database].read(_ACTOR) as session:
        entitlement = await issue.read_entitlement(session, order_id)
    if entitlement is None:
        raise GiveUp("tickets.order_missing")
    if entitlement.order.state != OrderState.PAID:
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


@task("tickets.reissue_event", lock="reissue:{event_id}")
async def reissue_event(deps: Registry, event_id: UUID) -> None:
    """Sign the tickets of a moved event anew, in chunks; run again, it finds nothing more to do."""
    while True:
        async with deps[Database].read(_ACTOR) as session:
            outdated = await reissue.list_outdated(session, event_id, limit=_REISSUE_CHUNK)
        if not outdated:
            return
        reissues = await reissue.sign_anew(_keys(deps), outdated)
        async with deps[Database].write(_ACTOR) as session:
            await reissue.write_reissues(session, reissues)


def _keys(deps: Registry) -> KeyStore:
    return deps[KeyStore]  # a protocol names what a process registered
