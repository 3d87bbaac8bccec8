"""A trip that asks for a deposit: first that, then the rest, and nothing is sent before."""

import pytest
from sqlalchemy import text

from pesan.chats.catalogue import CATALOGUE
from pesan.checkout.letters import letter_composers
from pesan.checkout.tasks import tell_buyer
from pesan.errors import InvalidInput
from pesan.jastip.service.orders import confirm_order, reject_order, ship_order
from pesan.jastip.service.trips import TripDraft, amend_trip
from pesan.jastip.tasks import fulfil_order
from pesan.kit.money import format_rupiah
from pesan.notifications.render import facts_of, sentences
from pesan.notifications.states import Kind
from pesan.notifications.whatsapp import chat_of
from pesan.orders.errors import BalanceDue, BalanceSettled
from pesan.orders.queries import get_order
from tests.checkout.conftest import BASE_URL, deps
from tests.support.database import offenders
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order

__all__ = ["deps"]
pytestmark = pytest.mark.every_postgres


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings, deposit_percent=30)


@pytest.fixture
async def placed(journey):
    person, product = await make_participant(journey), await make_product(journey)
    return await order(journey, person, (product, 2), email="siti@contoh.id")


async def stand(database, placed):
    async with database.read(SYSTEM) as session:
        return await get_order(session, placed.id)


async def ship(journey, placed):
    await ship_order(journey.counter, placed, actor=journey.staff, courier="JNE", tracking_no=None)


async def test_the_jastiper_takes_the_deposit_then_the_rest_and_sends(journey, database, placed):
    await confirm_order(journey.counter, placed, actor=journey.staff)
    paid = await stand(database, placed)
    with pytest.raises(BalanceDue) as refusal:
        await ship(journey, paid)
    await confirm_order(journey.counter, paid, actor=journey.staff)
    with pytest.raises(BalanceSettled):
        await confirm_order(journey.counter, paid, actor=journey.staff)
    await ship(journey, paid)

    assert (placed.total_amount, placed.balance_due_amount) == (200_000, 140_000)
    assert (paid.state, paid.balance_due_amount) == ("PAID", 140_000)
    assert refusal.value.params == {"amount": format_rupiah(140_000)}
    assert (await stand(database, placed)).state == "COMPLETED"
    assert await offenders(database) == []


async def test_an_order_may_wait_for_its_rest_and_its_parcel(
    journey, database, placed, postgres, database_url
):
    """A person shops for it and sends it, days later: nobody forgot it."""
    await confirm_order(journey.counter, placed, actor=journey.staff)
    with postgres.connect(database_url.database) as connection:
        connection.execute("UPDATE orders SET state_changed_at = now() - interval '3 days'")

    assert await offenders(database) == []


async def test_rejecting_a_paid_order_without_a_proof_is_refused(journey, database, placed):
    await confirm_order(journey.counter, placed, actor=journey.staff)
    paid = await stand(database, placed)
    with pytest.raises(Exception, match=r"orders\.wrong_state"):
        await reject_order(journey.counter, paid, actor=journey.staff, reason="Toko tutup")

    assert (await stand(database, placed)).state == "PAID"


async def test_the_letter_says_what_is_still_to_pay_and_where(journey, database, placed, deps):
    async def letter(kind):
        return await letter_composers(deps).of(kind).compose(placed.id, kind)

    await confirm_order(journey.counter, placed, actor=journey.staff)
    first, too_early = await letter(Kind.DEPOSIT_RECEIVED), await letter(Kind.ORDER_CONFIRMED)
    await confirm_order(journey.counter, await stand(database, placed), actor=journey.staff)
    too_late, last = await letter(Kind.DEPOSIT_RECEIVED), await letter(Kind.ORDER_CONFIRMED)
    facts, said = first.facts, sentences(first)
    facts_after, said_after = last.facts, sentences(last)

    assert (too_early, too_late) == (None, None)
    assert format_rupiah(140_000) in chat_of(first).body
    template = CATALOGUE["deposit_received"].use("id", facts_of(first), path="pay/x")
    assert "Rp 140.000" in template.body
    assert (facts.amount, facts.balance) == (format_rupiah(60_000), format_rupiah(140_000))
    assert (said["button"], said["url"]) == ("Bayar sisanya", f"{BASE_URL}/pay/{placed.code}")
    assert (facts_after.amount, facts_after.balance) == (format_rupiah(200_000), "")
    assert (said_after["button"], said_after["url"]) == ("Lihat pesanan", f"{BASE_URL}/b/{placed.code}")


async def test_a_deposit_is_told_as_one_and_the_rest_as_the_confirmation(journey, database, placed, deps):
    await confirm_order(journey.counter, placed, actor=journey.staff)
    for _ in range(2):
        await fulfil_order(deps, placed.id)
    await confirm_order(journey.counter, await stand(database, placed), actor=journey.staff)
    await tell_buyer(deps, placed.id, "settle_balance", "move-3")

    async with database.read(SYSTEM) as session:
        told = await session.scalars(text("SELECT kind FROM notifications ORDER BY created_at"))
    assert list(told) == ["deposit_received", "order_confirmed"]


async def test_each_settlement_is_told_once(journey, database, placed, deps):
    await confirm_order(journey.counter, placed, actor=journey.staff)
    await confirm_order(journey.counter, await stand(database, placed), actor=journey.staff)
    for _ in range(2):
        await tell_buyer(deps, placed.id, "settle_balance", "move-3")

    async with database.read(SYSTEM) as session:
        told = (await session.execute(text("SELECT kind, occasion FROM notifications"))).all()
        jobs = await session.scalars(
            text(
                "SELECT args ->> 'occasion' FROM procrastinate_jobs WHERE args ->> 'event' = 'settle_balance'"
            )
        )
    assert [tuple(row) for row in told] == [("order_confirmed", "move-3")]
    assert list(jobs) == ["move-3"]


async def test_a_trips_deposit_is_changed_for_what_is_ordered_later(journey, database, placed):
    async with database.write(journey.staff) as session:
        await amend_trip(session, journey.id, said={"deposit_percent": 100}, actor=journey.staff)
    later = await order(journey, await make_participant(journey), (await make_product(journey), 1))

    assert (later.balance_due_amount, (await stand(database, placed)).balance_due_amount) == (0, 140_000)


@pytest.mark.parametrize("percent", [0, -1, 101])
def test_a_deposit_is_a_share_of_the_whole(percent):
    with pytest.raises(InvalidInput):
        TripDraft(title="Jepang", slug="jpn25", deposit_percent=percent).of_event()
