"""The booth desk of a process: moves of sessions in transactions of their own, hinted at when committed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from pesan.booths.ending import taking_off
from pesan.booths.errors import BoothBusy, NotPaidYet
from pesan.booths.fulfilling import find_booked, fulfilment
from pesan.booths.gate import Outcome, transition_many
from pesan.booths.moves import Moved, SessionMove
from pesan.booths.queries.due import list_due, list_in_the_way, list_refunded
from pesan.booths.rescheduling import NewTime, rescheduling
from pesan.booths.states import UNFULFILLED, SessionEvent, SessionState
from pesan.booths.topics import topic_of
from pesan.checkout.links import order_topic
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.idempotency.service import Answer, Replay, Wanted, answer_once
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import WrongState
from pesan.orders.moves import Move, Replayed
from pesan.orders.moves import Moved as OrderMoved
from pesan.orders.queries import get_order
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.refunds.errors import Overruled
from pesan.realtime import Hub

SWEEP_CHUNK = 500
_CLOCK = Actor.system("booths")
Render = Callable[[Moved], Answer]


class BoothDesk:
    """Where moves of sessions are handed in."""

    def __init__(self, database: Database, hub: Hub, sales: SaleDesk) -> None:
        self._database = database
        self._hub = hub
        self._sales = sales

    async def submit(
        self, move: SessionMove, *, wanted: Wanted | None = None, render: Render | None = None
    ) -> Moved | Replayed:
        """The committed outcome of one move; raises the PesanError that refused it.

        With `wanted`, the answer that `render` makes of it is stored in the same transaction, and a request that is
        sent again gets it. A booth whose session is over by the clock is not busy: that is written down first. A
        booking that is not paid is called off by its order's own gate.
        """
        try:
            return await self._run(move, wanted, render)
        except NotPaidYet:
            if move.event is not SessionEvent.OVERRIDE:
                raise
            return await self._call_off(move, wanted, render)
        except BoothBusy:
            if not await self.sweep(SessionEvent.FINISH):
                raise
        return await self._run(move, wanted, render)

    async def fulfil(self, order_id: UUID, *, seen_by: Actor) -> bool:
        """Make the session of a paid order and complete it, in one move; False when `seen_by` sees no such booking.

        An order that is completed already, or was refunded meanwhile, is left as it is; so is one whose outlet was
        cancelled: `checkout.cancel_event` sees to it.
        """
        async with self._database.read(seen_by) as session:
            booked = await find_booked(session, order_id)
        if booked is None:
            return False
        if booked.order.state != OrderState.PAID or booked.is_cancelled:
            return True
        await self.make_way(booked.booth.number, booked.starts_at, booked.ends_at)
        try:
            await self._sales.submit(fulfilment(booked))
        except WrongState:
            return True  # somebody else was first, or the order was refunded between reading and moving
        self.hint([booked.order.event_id])
        return True

    async def reschedule(self, session_id: UUID, to: NewTime, *, actor: Actor) -> None:
        """Give a session another time, whose slot is there; its order's gate exchanges the two.

        Raises SessionNotFound, NotReschedulable, SlotTaken, SlotHeld.
        """
        async with self._database.read(actor) as session:
            move = await rescheduling(session, session_id, to, actor=actor)
        await self.make_way(to.booth.number, to.span.starts_at, to.span.ends_at)
        try:
            await self._sales.submit(move)
        except Overruled as overruled:
            raise overruled.refusal from overruled
        self.hint([move.sale_id])

    async def make_way(self, resource: int, starts_at: datetime, ends_at: datetime) -> None:
        """Take sessions whose money went back out of the way of whoever has their time now.

        A refund gives the time back at once, and its session leaves by a job of its own, or goes on where it runs.
        """
        async with self._database.sale() as session:
            found = await list_in_the_way(session, resource, starts_at, ends_at)
            outcomes = await transition_many(session, [taking_off(each) for each in found])
        self._hint_moves([outcome for outcome in outcomes if isinstance(outcome, Moved)])

    async def sweep_refunded(self) -> int:
        """Take the sessions off the day whose money went back, where their own job did not; returns how many."""
        async with self._database.sale() as session:
            found = await list_refunded(session, limit=SWEEP_CHUNK)
            outcomes = await transition_many(session, [taking_off(each) for each in found])
        moved = [outcome for outcome in outcomes if isinstance(outcome, Moved)]
        self._hint_moves(moved)
        return len(moved)

    async def sweep(self, event: SessionEvent) -> int:
        """Write down what the clock has done by itself, in chunks: EXPIRE or FINISH; returns how many."""
        done = 0
        while True:
            async with self._database.sale() as session:
                due = await list_due(session, event, limit=SWEEP_CHUNK)
                outcomes = await transition_many(session, [SessionMove(event, each, _CLOCK) for each in due])
            moved = [outcome for outcome in outcomes if isinstance(outcome, Moved)]
            self._hint_moves(moved)
            done += len(moved)
            # What is refused stands as it should already, or waits for the next sweep.
            if len(due) < SWEEP_CHUNK or not moved:
                return done

    def hint(self, event_ids: Iterable[UUID]) -> None:
        """Say that something changed at these outlets; after the commit."""
        for event_id in set(event_ids):
            self._hub.hint(topic_of(event_id))

    def _hint_moves(self, moved: Sequence[Moved]) -> None:
        """Outlets hear of all their sessions, and a customer's page of its own alone: an outlet may be busy."""
        self.hint(outcome.event_id for outcome in moved)
        for outcome in moved:
            self._hub.hint(order_topic(outcome.session_id))

    async def _run(self, move: SessionMove, wanted: Wanted | None, render: Render | None) -> Moved | Replayed:
        moved: list[Moved] = []

        async def make() -> Answer:
            moved.append(_granted(await transition_many(session, [move])))
            return render(moved[0]) if render else Answer(204, b"")

        async with self._database.sale() as session:
            if wanted is None:
                await make()
            elif isinstance(found := await answer_once(session, wanted, make), Replay):
                return Replayed(found.answer)
        self._hint_moves(moved)
        return moved[0]

    async def _call_off(
        self, move: SessionMove, wanted: Wanted | None, render: Render | None
    ) -> Moved | Replayed:
        """Cancel an unpaid order; raises its gate's refusals, and NotPaidYet for any other target."""
        if move.target not in {None, SessionState.OVERRIDDEN}:
            raise NotPaidYet
        async with self._database.read(move.actor) as session:
            order = await get_order(session, move.session_id)

        def answer(outcome: OrderMoved) -> Answer:
            return render(_called_off(outcome)) if render else Answer(204, b"")

        cancel = Move(
            OrderEvent.CANCEL,
            order.event_id,
            move.actor,
            order.id,
            reason=move.reason,
            wanted=wanted,
            render=answer if wanted else None,
        )
        outcome = await self._sales.submit(cancel)
        return outcome if isinstance(outcome, Replayed) else _called_off(outcome)


def _granted(outcomes: Sequence[Outcome]) -> Moved:
    (outcome,) = outcomes
    if isinstance(outcome, PesanError):
        raise outcome
    return outcome


def _called_off(outcome: OrderMoved) -> Moved:
    state = UNFULFILLED[outcome.state]
    return Moved(outcome.order_id, outcome.merchant_id, outcome.event_id, state, outcome.at)
