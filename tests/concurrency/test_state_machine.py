"""Any sequence of moves, alone or in groups, leaves the real gate where a model of a few lines says."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from pesan.app.modules import list_invariants
from pesan.capacity.models import CapacityPool
from pesan.catalog.models import Event
from pesan.catalog.service import create_event
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.orders.gate import transition_many
from pesan.orders.moves import Amendment, LineWish, Move, Moved, Placement, Release, Repricing
from pesan.orders.states import OrderEvent
from pesan.settings import Settings
from pesan.tenancy.service import create_merchant
from tests.support.factories import SYSTEM, event_draft
from tests.support.postgres import Server
from tests.support.schema import open_database

# Some seven hundred steps: minutes on a machine that does something else as well.
pytestmark = [pytest.mark.every_postgres, pytest.mark.timeout(600)]

CAPACITY = 6
HOLD_LIMIT = 3
MOST_PER_ORDER = 3
PRICE, DEARER = 150_000, 1_000
LATER = [event for event in OrderEvent if event is not OrderEvent.PLACE]
GUEST = Actor.guest()

# Written down a second time on purpose, from the table of the architecture.
STEPS = {
    ("HOLD", "submit_proof"): "REVIEW",
    ("HOLD", "pay"): "PAID",
    ("REVIEW", "pay"): "PAID",
    ("REVIEW", "approve"): "PAID",
    ("REVIEW", "reject"): "REJECTED",
    ("PAID", "fulfil"): "COMPLETED",
    ("HOLD", "expire"): "EXPIRED",
    ("HOLD", "cancel"): "CANCELLED",
    ("REVIEW", "cancel"): "CANCELLED",
    ("EXPIRED", "pay_late"): "PAID",
    ("CANCELLED", "pay_late"): "PAID",
    ("REJECTED", "pay_late"): "PAID",
    ("PAID", "pay_again"): "PAID",
    ("COMPLETED", "pay_again"): "COMPLETED",
    ("REFUNDED", "pay_again"): "REFUNDED",
    ("PAID", "refund"): "REFUNDED",
    ("COMPLETED", "refund"): "REFUNDED",
    ("COMPLETED", "amend"): "COMPLETED",
    ("PAID", "settle_balance"): "PAID",
    ("PAID", "submit_balance_proof"): "PAID",
    ("PAID", "refuse_balance_proof"): "PAID",
    ("PAID", "reprice"): "PAID",
}
HELD = {"HOLD"}
USED = {"REVIEW", "PAID", "COMPLETED"}


@dataclass
class Known:
    """What the model knows of one order."""

    id: UUID
    line_id: UUID
    code: str
    places: int
    state: str = "HOLD"
    is_over: bool = False
    owes: bool = True
    is_shown: bool = False
    price: int = PRICE

    def follow(self, event: str) -> None:
        """What a move does to the balance; whatever leads on forgets the proof of one."""
        if event == "settle_balance":
            self.owes = False
        if event == "reprice":
            self.owes, self.price = True, self.price + DEARER
        if event == "submit_balance_proof":
            self.is_shown = True
        elif event != "pay_again":
            self.is_shown = False


@dataclass
class Model:
    """The whole rule, without a database."""

    orders: list[Known] = field(default_factory=list)

    def places(self, states: set[str]) -> int:
        return sum(order.places for order in self.orders if order.state in states)

    def grants(self, places: int) -> bool:
        held, used = self.places(HELD), self.places(USED)
        return held + places <= HOLD_LIMIT and used + held + places <= CAPACITY

    def allows(self, order: Known, event: str) -> bool:
        target = STEPS.get((order.state, event))
        if target is None:
            return False
        if event == "submit_proof":
            return not order.is_over
        if event == "expire":
            return order.is_over
        if event == "amend":
            return order.places > 1
        if event == "fulfil":
            return not order.owes
        if event in {"settle_balance", "submit_balance_proof"}:
            return order.owes and not (event == "submit_balance_proof" and order.is_shown)
        if event == "refuse_balance_proof":
            return order.is_shown
        if event == "reprice":
            return not order.is_shown
        return True

    def target(self, order: Known, event: str) -> str:
        """Where the move leads; late money that finds no places left stays where it is, due back."""
        fits = self.places(HELD | USED) + order.places <= CAPACITY
        return STEPS[order.state, event] if event != "pay_late" or fits else order.state


def _is_repriced(order: Known, orders: list[Known], events: list[OrderEvent]) -> bool:
    earlier = zip(orders, events, strict=True)
    return any(other is order and event is OrderEvent.REPRICE for other, event in earlier)


class Gate(RuleBasedStateMachine):
    """Plays moves against the gate and the model, and compares them after each step."""

    database: Database
    runner: asyncio.Runner
    owner: Server
    database_name: str

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.event: Event = self.runner.run(self._make_event())

    async def _make_event(self) -> Event:
        async with self.database.write(SYSTEM) as session:
            slug = f"m-{uuid4().hex[:12]}"
            merchant = await create_merchant(session, name="Teater Kecil", slug=slug, actor=SYSTEM)
            draft = event_draft(
                capacity=CAPACITY,
                hold_ratio=Decimal(HOLD_LIMIT) / CAPACITY,
                max_per_order=MOST_PER_ORDER,
                deposit_percent=40,
            )
            return await create_event(
                session,
                merchant_id=merchant.id,
                draft=draft,
                actor=SYSTEM,
                status="open",
                fulfilment="jastip",
            )

    async def _submit(self, moves: list[Move]) -> list[Any]:
        async with self.database.sale() as session:
            return list(await transition_many(session, moves))

    def _move(self, order: Known, event: OrderEvent) -> Move:
        back = Amendment(1, (Release(order.line_id, self.event.pool_id, 1),))
        change = back if event is OrderEvent.AMEND else Amendment()
        price = Repricing((order.line_id,), order.places, order.price, order.price + DEARER)
        return Move(
            event,
            self.event.id,
            Actor.guest(order.code) if event is OrderEvent.REPRICE else SYSTEM,
            order.id,
            reason="Nominal tidak sesuai",
            amendment=change,
            repricing=price if event is OrderEvent.REPRICE else Repricing(),
        )

    @rule(places=st.integers(1, MOST_PER_ORDER))
    def place(self, places: int) -> None:
        self._place_group([places])

    @rule(group=st.lists(st.integers(1, MOST_PER_ORDER), min_size=2, max_size=5))
    def place_together(self, group: list[int]) -> None:
        self._place_group(group)

    def _place_group(self, group: list[int]) -> None:
        wishes = [Placement(self.event.id, "Siti Rahma", (LineWish(places),)) for places in group]
        outcomes = self.runner.run(self._submit([Move.place(wish, GUEST) for wish in wishes]))
        for wish, outcome in zip(wishes, outcomes, strict=True):
            assert isinstance(outcome, Moved) == self.model.grants(wish.quantity)
            if isinstance(outcome, Moved):
                self.model.orders.append(Known(wish.order_id, wish.lines[0].id, outcome.code, wish.quantity))

    @precondition(lambda self: self.model.orders)
    @rule(
        data=st.data(),
        events=st.lists(st.sampled_from(LATER), min_size=1, max_size=4),
    )
    def move(self, data: st.DataObject, events: list[OrderEvent]) -> None:
        chosen = [data.draw(st.sampled_from(self.model.orders)) for _ in events]
        # Its buyer is asked about one price at a time.
        pairs = [
            (order, event)
            for place, (order, event) in enumerate(zip(chosen, events, strict=True))
            if event is not OrderEvent.REPRICE or not _is_repriced(order, chosen[:place], events[:place])
        ]
        outcomes = self.runner.run(self._submit([self._move(order, event) for order, event in pairs]))
        for (order, event), outcome in zip(pairs, outcomes, strict=True):
            allowed = self.model.allows(order, event.value)
            assert isinstance(outcome, Moved if allowed else PesanError), (order, event, outcome)
            if allowed:
                order.state = self.model.target(order, event.value)
                order.follow(event.value)
                order.places -= event is OrderEvent.AMEND  # one of them went back

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data())
    def time_runs_out(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.model.orders))
        with self.owner.connect(self.database_name) as connection:
            connection.execute(
                "UPDATE orders SET hold_expires_at = now() - interval '1 s' WHERE id = %s", [order.id]
            )
        order.is_over = True

    @invariant()
    def counters_are_those_of_the_model(self) -> None:
        held, used = self.runner.run(self._counters())
        assert (held, used) == (self.model.places(HELD), self.model.places(USED))
        assert held + used <= CAPACITY

    async def _counters(self) -> tuple[int, int]:
        async with self.database.read(SYSTEM) as session:
            pool = await session.get_one(CapacityPool, self.event.pool_id)
            return pool.held, pool.used

    def teardown(self) -> None:
        assert self.runner.run(self._offenders()) == []

    async def _offenders(self) -> list[Any]:
        found: list[Any] = []
        async with self.database.read(SYSTEM) as session:
            for rule_ in list_invariants():
                if rule_.name.split(".")[0] in {"orders", "capacity", "audit"}:
                    found += (await session.execute(text(rule_.sql))).all()
        return found


def test_any_sequence_of_moves_agrees_with_the_model(settings: Settings, postgres: Server, database_url):
    with asyncio.Runner() as runner:
        database = open_database(settings, "worker")
        attributes = {
            "database": database,
            "runner": runner,
            "owner": postgres,
            "database_name": database_url.database,
        }
        try:
            run_state_machine_as_test(type("BoundGate", (Gate,), attributes), settings=EXAMPLES)
        finally:
            runner.run(database.dispose())


EXAMPLES = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
