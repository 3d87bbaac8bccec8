"""Retention: what is over goes after its time, what still counts stays, and a dry run changes nothing."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine

from pesan.audit.models import AuditEntry
from pesan.audit.verify import verify
from pesan.identity.models import Session
from pesan.identity.service import log_in
from pesan.notifications.models import Delivery, Notification
from pesan.notifications.service import notify
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.models import PaymentProof
from pesan.privacy import retention
from pesan.privacy.models import ContactProof
from pesan.privacy.states import ERASED
from pesan.storage import Storage
from tests.payments.steps import send_proof
from tests.support.factories import PASSWORD, SYSTEM

# Everything that a test made, as if it had happened so long ago.
AGING = {
    "orders": ("state_changed_at", "placed_at"),
    "events": ("starts_at", "ends_at"),
    "payment_proofs": ("uploaded_at",),
    "sessions": ("expires_at",),
    "notifications": ("created_at",),
    "contact_proofs": ("asked_at",),
}


@pytest.fixture
async def age(database_url):
    """Makes everything `days` older."""
    owner = create_async_engine(database_url)

    async def older(days: int) -> None:
        async with owner.begin() as connection:
            for table, columns in AGING.items():
                change = ", ".join(f"{name} = {name} - make_interval(days => {days})" for name in columns)
                await connection.execute(text(f"UPDATE {table} SET {change}"))

    yield older
    await owner.dispose()


async def all_of(database, kind):
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(kind).order_by(kind.id))).all()


@pytest.fixture
async def rejected(make, deps) -> Order:
    """A booking that was refused, with its proof."""
    order = await make.order(email="siti@contoh.id", buyer_name="Siti Rahma")
    proof = await send_proof(make, order)
    await deps[Storage].put(proof.object_key, b"picture", "image/jpeg")
    move = Move(OrderEvent.REJECT, order.event_id, SYSTEM, order.id, reason="Nominal kurang")
    await make.move(move)
    return order


async def rows_of(outcomes) -> dict[str, int]:
    return {outcome.kind: outcome.rows for outcome in outcomes if outcome.rows}


async def test_dry_run_says_what_would_go_and_changes_nothing(deps, rejected, database, settings, age):
    await age(91)

    found = await rows_of(await retention.preview(database, settings))

    assert found == {"proofs": 1}
    assert len(await all_of(database, PaymentProof)) == 1


async def test_proofs_go_with_their_pictures_and_the_merchant_reads_so(
    deps, rejected, make, database, settings, age
):
    waiting = await make.order(await make.event())
    await send_proof(make, waiting)
    (gone, _) = await all_of(database, PaymentProof)
    await age(91)

    done = await rows_of(await retention.apply(database, deps[Storage], settings))

    assert done == {"proofs": 1}
    assert [proof.order_id for proof in await all_of(database, PaymentProof)] == [waiting.id]
    assert not await deps[Storage].exists(gone.object_key)
    assert (await all_of(database, Order))[0].buyer_name == "Siti Rahma"
    async with database.read(SYSTEM) as session:
        query = select(AuditEntry).where(AuditEntry.subject_id == rejected.merchant_id)
        last = (await session.scalars(query.order_by(AuditEntry.seq.desc()))).first()
        assert (last.action, last.data) == ("merchant:retention:applied", {"kind": "proofs", "rows": 1})
        assert await verify(session) == []


async def test_contacts_go_from_what_is_over_and_stay_where_it_is_not(
    deps, rejected, make, database, settings, age
):
    paid = await make.order(await make.event(), state=OrderState.PAID, buyer_name="Budi Santoso")
    await age(800)

    await retention.apply(database, deps[Storage], settings)

    orders = {order.id: order for order in await all_of(database, Order)}
    assert (orders[rejected.id].buyer_name, orders[rejected.id].email) == (ERASED, None)
    assert orders[rejected.id].total_amount == rejected.total_amount
    assert (orders[paid.id].buyer_name, orders[paid.id].erased_at) == ("Budi Santoso", None)
    assert await rows_of(await retention.preview(database, settings)) == {}


async def test_traces_go_after_their_time(deps, make, database, settings, age):
    user = await make.user()
    await log_in(database, email=user.email, password=PASSWORD)
    order = await make.order()
    told = {"order_id": order.id, "merchant_id": order.merchant_id, "kind": Kind.TICKET_READY}
    async with database.write(SYSTEM) as session:
        await notify(session, **told, channels=[ChannelName.EMAIL])
    await age(400)

    done = await rows_of(await retention.apply(database, deps[Storage], settings))

    assert (done["sessions"], done["notifications"]) == (1, 1)
    async with database.identity() as session:
        assert (await session.scalars(select(Session))).all() == []
    assert [await all_of(database, kind) for kind in (Notification, Delivery, ContactProof)] == [[], [], []]


async def test_batches_are_bounded_and_the_rest_goes_next_time(
    deps, make, database, settings, age, monkeypatch
):
    event = await make.event()
    for _ in range(3):
        await make.order(event, state=OrderState.CANCELLED, email="siti@contoh.id")
    await age(800)
    monkeypatch.setattr(retention, "_ORDERS", 1)
    monkeypatch.setattr(retention, "MOST_BATCHES", 2)

    runs = [await rows_of(await retention.apply(database, deps[Storage], settings)) for _ in range(3)]

    assert runs == [{"contacts": 2}, {"contacts": 1}, {}]
