"""Looking at orders after the fact, and what people make of it."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from pesan.audit import record
from pesan.db import Actor, Database, WriteSession
from pesan.orders.models import Order
from pesan.risk import queries
from pesan.risk.errors import ReviewNotFound, ReviewSettled
from pesan.risk.locks import lock_order
from pesan.risk.marks import Marks
from pesan.risk.models import RiskReview, RiskTrace
from pesan.risk.signals import Facts, Signals, find_signals
from pesan.risk.states import COUNTED, ListName, Mark, ReviewState, Verdict

ACTOR = Actor.system("risk")


async def look(database: Database, marks: Marks, order_id: UUID) -> None:
    """Count an order that was paid or whose proof came in, and raise a review where something speaks against it.

    The order itself stays as it is. Looked at again, it counts once, and only what is new raises anything.
    """
    async with database.write(ACTOR) as session:
        await _leave_traces(session, marks, order_id)
    # After that commit: of two orders that are looked at at once, the later of the two sees both.
    async with database.write(ACTOR) as session:
        order = await session.get_one(Order, order_id)
        found = find_signals(await _read_facts(session, marks, order))
        if found:
            await _raise(session, order_id, found)


async def settle(
    session: WriteSession, order_id: UUID, *, verdict: Verdict, note: str, actor: Actor
) -> RiskReview:
    """Close a review with what somebody made of it; the order is not touched.

    **Locks** the order. Raises ReviewNotFound, ReviewSettled.
    """
    order = await lock_order(session, order_id)
    review = await session.get(RiskReview, order_id, populate_existing=True)
    if review is None or order is None:
        raise ReviewNotFound
    if review.state != ReviewState.OPEN:
        raise ReviewSettled
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    review.state, review.verdict, review.note = ReviewState.SETTLED.value, verdict.value, note
    review.settled_at, review.settled_by = now, actor.user_id
    await record(session, order, action=f"order:risk:{verdict.value}", actor=actor, reason=note)
    await session.flush()
    return review


async def _leave_traces(session: WriteSession, marks: Marks, order_id: UUID) -> None:
    order = await session.get_one(Order, order_id)
    rows = [
        {"order_id": order.id, "mark": mark.value, "merchant_id": order.merchant_id, "digest": digest}
        for mark, digest in marks.of_order(order).items()
        if mark in COUNTED
    ]
    if rows:
        await session.execute(insert(RiskTrace).values(rows).on_conflict_do_nothing())


async def _read_facts(session: WriteSession, marks: Marks, order: Order) -> Facts:
    known, rules = marks.of_order(order), await queries.get_rules(session, order.merchant_id)
    entries = await queries.find_entries(session, order.merchant_id, known)
    counted = {mark: digest for mark, digest in known.items() if mark in COUNTED}
    return Facts(
        rules=rules,
        counts=await queries.count_traces(session, order.merchant_id, counted, hours=rules.hours),
        listed=[(ListName(entry.list), Mark(entry.mark)) for entry in entries],
        ip_country=order.ip_country,
        payments=await queries.read_payments(session, order.id),
    )


async def _raise(session: WriteSession, order_id: UUID, found: Signals) -> None:
    """Open a review, or open it again for what nobody has looked at yet."""
    order = await lock_order(session, order_id)
    review = await session.get(RiskReview, order_id)
    known = review.signals if review else {}
    new = sorted(signal for signal in found if signal not in known)
    if order is None or not new:
        return
    if review is None:
        review = RiskReview(order_id=order.id, merchant_id=order.merchant_id, event_id=order.event_id)
        session.add(review)
    elif review.state == ReviewState.SETTLED:
        review.opened_at = (await session.scalars(select(func.clock_timestamp()))).one()
        review.state, review.verdict, review.note = ReviewState.OPEN.value, None, None
        review.settled_at = review.settled_by = None
    # What it was first, it stays: a count of before says more than one that has grown since.
    review.signals = found | known
    await record(session, order, action="order:risk:raised", actor=ACTOR, data={"signals": new})
    await session.flush()
