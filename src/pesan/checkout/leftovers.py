"""What a job should have done by now, and whatever it left: found again by sweeps, and by `pesan doctor`."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from pesan.capacity.states import Bucket
from pesan.db import ReadSession
from pesan.orders.states import FULFIL_TASK, SHIPPED, SLOTTED

_NO_LIVE_JOB = (
    "NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.task_name = {task}"
    " AND j.args ->> '{name}' = {id}::text AND j.status IN ('todo', 'doing'))"
)

UNFULFILLED = (
    "SELECT o.id AS order_id, o.fulfilment, o.state_changed_at"  # noqa: S608
    " FROM orders o JOIN events e ON e.id = o.event_id"
    " WHERE o.state = 'PAID' AND e.status <> 'cancelled'"
    f" AND o.fulfilment NOT IN ({', '.join(repr(kind) for kind in sorted(SHIPPED))})"
    " AND o.state_changed_at < clock_timestamp() - interval '{age}'"
)
"""Orders that were paid `age` ago and got nothing for it; those of a cancelled event never will.

Goods that are shopped for are sent by a person, days later.
"""

# Who got the time that they booked before the event was cancelled lost nothing.
_HAD_ITS_TIME = (
    f"(o.state = 'COMPLETED' AND o.fulfilment IN ({', '.join(repr(kind) for kind in sorted(SLOTTED))})"  # noqa: S608
    " AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.order_id = o.id AND c.resource IS NOT NULL"
    f" AND c.bucket <> '{Bucket.RELEASED.value}' AND upper(c.period) > e.updated_at))"
)
NOT_WOUND_UP = (
    "SELECT e.id AS event_id FROM events e WHERE e.status = 'cancelled'"  # noqa: S608
    " AND e.updated_at < clock_timestamp() - interval '{age}' AND ("
    "EXISTS (SELECT 1 FROM orders o WHERE o.event_id = e.id"
    f" AND o.state IN ('HOLD', 'REVIEW', 'PAID', 'COMPLETED') AND NOT {_HAD_ITS_TIME})"
    " OR EXISTS (SELECT 1 FROM tickets t WHERE t.event_id = e.id AND t.voided_at IS NULL))"
)
"""Events that were cancelled `age` ago and still have an order with places, or a ticket that admits."""

_FULFIL_AGAIN = text(
    UNFULFILLED.format(age="2 minutes")
    + " AND "
    + _NO_LIVE_JOB.format(
        task=f"replace('{FULFIL_TASK}', '{{fulfilment}}', o.fulfilment)", name="order_id", id="o.id"
    )
    + " ORDER BY o.state_changed_at LIMIT 500"
)
_CANCEL_AGAIN = text(
    NOT_WOUND_UP.format(age="2 minutes")
    + " AND "
    + _NO_LIVE_JOB.format(task="'checkout.cancel_event'", name="event_id", id="e.id")
    + " ORDER BY e.id LIMIT 50"
)


async def list_unfulfilled(session: ReadSession) -> Sequence[tuple[UUID, str]]:
    """(order, name of the task that fulfils it) of orders that were paid a while ago and wait for nobody."""
    rows = await session.execute(_FULFIL_AGAIN)
    return [(row.order_id, FULFIL_TASK.format(fulfilment=row.fulfilment)) for row in rows]


async def list_not_wound_up(session: ReadSession) -> Sequence[UUID]:
    """The cancelled events of which something is left and that nobody is busy with."""
    return (await session.scalars(_CANCEL_AGAIN)).all()
