"""Jobs of the jastip desk."""

from uuid import UUID

from pesan.chats.intake import MESSAGE_TASK
from pesan.chats.topics import topic_of
from pesan.checkout.telling import tell
from pesan.db import Actor, Database
from pesan.jastip.announcing import announce
from pesan.jastip.chat.handling import handle
from pesan.jastip.companions import TELL_CHANGE_TASK
from pesan.jastip.links import Links
from pesan.jastip.models import Broadcast
from pesan.jastip.orphans import collect_pictures
from pesan.jastip.proof_notices import tell_jastiper
from pesan.jastip.queries.broadcasts import list_due_broadcasts
from pesan.jastip.queries.prices import get_proposal
from pesan.jastip.service.broadcasts import HAND_ON_TASK, hand_on
from pesan.jastip.service.prices import TELL_PRICE_TASK
from pesan.jastip.service.products import ANNOUNCE_TASK
from pesan.jastip.service.ratings import report_rating
from pesan.jobs import enqueue, enqueue_many, task
from pesan.kit.registry import Registry
from pesan.notifications.channels import Channels
from pesan.notifications.states import Kind
from pesan.orders.dues import owes_balance
from pesan.orders.queries import get_order
from pesan.realtime import Hub
from pesan.settings import Settings
from pesan.storage import Storage

_ACTOR = Actor.system("jastip")


@task("jastip.fulfil_order", lock="fulfil:{order_id}", priority=10)
async def fulfil_order(deps: Registry, order_id: UUID) -> None:
    """What a paid order of a trip means for now: its buyer is told that it is bought for them; a person sends it.

    Of an order whose deposit is paid they are told what is left, and that it is confirmed once that is paid too.
    """
    async with deps[Database].write(_ACTOR) as session:
        order = await get_order(session, order_id)
        kind = Kind.DEPOSIT_RECEIVED if owes_balance(order) else Kind.ORDER_CONFIRMED
        await tell(session, deps[Channels], order, kind)


# Few tries: whatever else this person writes waits for them, a STOP too.
@task(MESSAGE_TASK, queue="chat", lock="chat:{person}", priority=10, attempts=5)
async def handle_message(deps: Registry, update_id: UUID, person: str) -> None:  # noqa: ARG001  the lock's
    """Do what somebody wrote and answer it; what one person writes is handled one after the other."""
    await handle(deps, update_id)


@task("jastip.start_broadcasts", every="* * * * *")
async def start_broadcasts(deps: Registry) -> None:
    """Begin whatever is due, and go on with what a dead worker left in the middle."""
    async with deps[Database].write(_ACTOR) as session:
        due = await list_due_broadcasts(session)
        await enqueue_many(session, [(HAND_ON_TASK, {"broadcast_id": broadcast_id}) for broadcast_id in due])


@task(HAND_ON_TASK, lock="broadcast:{broadcast_id}")
async def hand_on_broadcast(deps: Registry, broadcast_id: UUID) -> None:
    """Hand a broadcast on to the sender, one chunk in each transaction, until nobody waits any more."""
    is_unfinished = True
    while is_unfinished:
        async with deps[Database].write(_ACTOR) as session:
            is_unfinished = await hand_on(session, broadcast_id, links=deps[Links], actor=_ACTOR)
            trip_id = (await session.get_one(Broadcast, broadcast_id)).event_id
        deps[Hub].hint(topic_of(trip_id))


@task("jastip.report_rating")
async def note_report(deps: Registry, order_id: UUID) -> None:
    """Somebody reported what was said of a jastiper: people of the platform look at it."""
    async with deps[Database].write(_ACTOR) as session:
        await report_rating(session, order_id)


@task("jastip.collect_pictures", every="41 3 * * *")
async def collect_unnamed(deps: Registry) -> None:
    """Delete pictures that nothing shows any more."""
    await collect_pictures(deps[Database], deps[Storage])


@task(ANNOUNCE_TASK, lock="announce:{product_id}")
async def announce_product(deps: Registry, product_id: UUID, after: str = "") -> None:
    """Tell the next chunk of a trip's people of a new product, and have the rest told in the same transaction."""
    async with deps[Database].write(_ACTOR) as session:
        last = await announce(
            session,
            product_id,
            after=UUID(after) if after else None,
            links=deps[Links],
            base_url=deps[Settings].base_url,
        )
        if last is not None:
            await enqueue(session, ANNOUNCE_TASK, product_id=product_id, after=str(last))


@task(TELL_PRICE_TASK, priority=10)
async def tell_of_price(deps: Registry, proposal_id: UUID) -> None:
    """Ask a buyer whether they agree to another price, once for each proposal."""
    async with deps[Database].write(_ACTOR) as session:
        proposal = await get_proposal(session, proposal_id)
        order = await get_order(session, proposal.order_id)
        await tell(session, deps[Channels], order, Kind.PRICE_PROPOSED, occasion=str(proposal_id))


@task(TELL_CHANGE_TASK, priority=10)
async def tell_of_change(deps: Registry, proposal_id: UUID, *, is_settled: bool, is_owed: bool) -> None:
    """Tell a buyer who agreed to a lower price that nothing is left to pay, and what goes back to them."""
    async with deps[Database].write(_ACTOR) as session:
        order = await get_order(session, (await get_proposal(session, proposal_id)).order_id)
        told = {Kind.ORDER_CONFIRMED: is_settled, Kind.REFUND_DUE: is_owed}
        for kind in (kind for kind, is_told in told.items() if is_told):
            await tell(session, deps[Channels], order, kind, occasion=str(proposal_id))


@task("jastip.tell_of_proof", priority=10)
async def tell_of_proof(deps: Registry, order_id: UUID) -> None:
    """Tell a jastiper that somebody sent a proof of payment."""
    async with deps[Database].write(_ACTOR) as session:
        await tell_jastiper(session, order_id, base_url=deps[Settings].base_url)
