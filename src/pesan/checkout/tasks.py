"""Jobs of checkout."""

from uuid import UUID

from sqlalchemy import func, select

from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.checkout import cancellation
from pesan.checkout.leftovers import list_not_wound_up, list_unfulfilled
from pesan.checkout.reminders import list_near, remind_next
from pesan.checkout.resending import RESEND_TASK, find_letter
from pesan.checkout.statements import match_lines
from pesan.checkout.telling import kind_of, list_expecting, occasion_of, tell
from pesan.checkout.transfer_letters import tell_both, tell_holders
from pesan.db import Actor, Database
from pesan.jobs import enqueue_many, task
from pesan.kit.registry import Registry
from pesan.notifications.channels import Channels
from pesan.notifications.states import Kind
from pesan.orders.desk import SaleDesk
from pesan.orders.queries import get_order
from pesan.orders.states import TELL_BUYER_TASK, OrderEvent
from pesan.payments.refunds.queries import get_refund
from pesan.payments.refunds.states import TELL_REFUND_TASK
from pesan.payments.statements.states import MATCH_TASK
from pesan.tickets.handing_on import TELL_TRANSFER_TASK

_ACTOR = Actor.system("checkout")
_TELL_CHUNK = 100


@task(TELL_BUYER_TASK)
async def tell_buyer(deps: Registry, order_id: UUID, event: str, occasion: str = "") -> None:
    """Write down, once, that the buyer is told of a move, by every channel they gave an address for."""
    async with deps[Database].write(_ACTOR) as session:
        order = await get_order(session, order_id)
        kind = await kind_of(session, order, OrderEvent(event))
        if kind is not None:
            occasion = occasion or await occasion_of(session, order, kind)
            await tell(session, deps[Channels], order, kind, occasion=occasion)


@task(MATCH_TASK, lock="match_statement:{method_id}")
async def match_statement(deps: Registry, method_id: UUID) -> None:
    """Settle what the new lines of an account's statement prove, and leave the rest to people."""
    await match_lines(deps[Database], deps[SaleDesk], method_id)


@task(RESEND_TASK)
async def resend_letter(deps: Registry, order_id: UUID, occasion: str) -> None:
    """Write down, once for each time somebody asked, that the buyer is told again where their order stands now."""
    async with deps[Database].write(_ACTOR) as session:
        order = await get_order(session, order_id)
        kind = await find_letter(session, order)
        if kind is not None:
            await tell(session, deps[Channels], order, kind, occasion=occasion)


@task("checkout.tell_of_new_tickets")
async def tell_of_new_tickets(deps: Registry, order_id: UUID, occasion: str) -> None:
    """Tell a buyer whose tickets were replaced, because the event moved while they were made."""
    async with deps[Database].write(_ACTOR) as session:
        order = await get_order(session, order_id)
        await tell(session, deps[Channels], order, Kind.EVENT_MOVED, occasion=occasion)


@task(TELL_TRANSFER_TASK)
async def tell_of_transfer(deps: Registry, transfer_id: UUID) -> None:
    """Tell whoever has a ticket now, and whoever had it."""
    async with deps[Database].write(_ACTOR) as session:
        await tell_both(session, deps[Channels], transfer_id)


@task("checkout.tell_of_move", lock="tell_of_move:{event_id}")
async def tell_of_move(deps: Registry, event_id: UUID, occasion: str) -> None:
    """Tell everybody who expects to come that the event moved, once for the move that `occasion` names."""
    after: UUID | None = None
    while True:
        async with deps[Database].write(_ACTOR) as session:
            is_ahead = Event.ends_at > func.clock_timestamp(), Event.status != EventStatus.CANCELLED
            if not await session.scalar(select(Event.id).where(Event.id == event_id, *is_ahead)):
                return
            orders = await list_expecting(session, event_id, after=after, limit=_TELL_CHUNK)
            for order in orders:
                await tell(session, deps[Channels], order, Kind.EVENT_MOVED, occasion=occasion)
            await tell_holders(session, deps[Channels], orders, Kind.TICKET_MOVED, occasion=occasion)
        if not orders:
            return
        after = orders[-1].id


@task("checkout.remind", every="*/10 * * * *")
async def remind(deps: Registry) -> None:
    """Remind the buyers of every event that is near, a chunk at a time; run twice, it writes once."""
    async with deps[Database].read(_ACTOR) as reading:
        events = await list_near(reading)
    for event_id in events:
        after: UUID | None = None
        while True:
            async with deps[Database].write(_ACTOR) as session:
                after = await remind_next(session, deps[Channels], event_id, after=after)
            if after is None:
                break


@task(TELL_REFUND_TASK)
async def tell_of_refund(deps: Registry, refund_id: UUID) -> None:
    """Tell a buyer, once, that their money was sent."""
    async with deps[Database].write(_ACTOR) as session:
        refund = await get_refund(session, refund_id)
        order = await get_order(session, refund.order_id)
        await tell(session, deps[Channels], order, Kind.REFUNDED, occasion=str(refund.source_id))


@task("checkout.cancel_event", lock="cancel_event:{event_id}")
async def cancel_event(deps: Registry, event_id: UUID) -> None:
    """Wind up a cancelled event, a chunk of orders at a time; run again, it does what is left."""
    after: UUID | None = None
    while True:
        async with deps[Database].write(cancellation.ACTOR) as session:
            orders = await cancellation.tell_next(session, deps[Channels], event_id, after=after)
            asked_by = await cancellation.find_canceller(session, event_id)
        if not orders:
            return
        await cancellation.end_all(deps[SaleDesk], orders, asked_by=asked_by)
        after = orders[-1].id


@task("checkout.finish_cancellations", every="*/5 * * * *")
async def finish_cancellations(deps: Registry) -> None:
    """Find what came in while an event was being cancelled, or was left when its job was parked."""
    async with deps[Database].write(_ACTOR) as session:
        found = await list_not_wound_up(session)
        await enqueue_many(session, [("checkout.cancel_event", {"event_id": each}) for each in found])


@task("checkout.fulfil_left_behind", every="*/5 * * * *")
async def fulfil_left_behind(deps: Registry) -> None:
    """Enqueue fulfilment again for paid orders whose job is gone; the same order twice does no harm."""
    async with deps[Database].write(_ACTOR) as session:
        found = await list_unfulfilled(session)
        await enqueue_many(session, [(name, {"order_id": order_id}) for order_id, name in found])
