"""A deposit and its rest in the chat: what is asked for, and a picture that is the proof of the rest."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, select

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry, running
from pesan.db import Actor, Database
from pesan.jastip.models import PriceProposal
from pesan.jastip.service.orders import confirm_order, reject_order
from pesan.jastip.service.prices import NewPrice, accept_price, propose_price
from pesan.kit.money import format_rupiah
from pesan.kit.registry import Registry
from pesan.messaging.whatsapp.inbound import MediaRef
from pesan.orders.models import Order, OrderLine
from pesan.payments.models import PaymentProof
from pesan.settings import Settings
from tests.jastip.test_chat_proofs import SITI, upload
from tests.support.chatting import Chatter
from tests.support.database import offenders
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey, make_product
from tests.support.whatsapp import FakeWhatsApp

DEPOSIT, REST = format_rupiah(30_000), format_rupiah(70_000)


@pytest.fixture
def settings(settings: Settings, whatsapp: FakeWhatsApp) -> Settings:
    return settings.model_copy(update=whatsapp.settings)


@pytest.fixture
async def registry(settings: Settings, database_url: URL) -> AsyncIterator[Registry]:
    """The objects of a worker, who handles what was stored."""
    registry = build_registry(Instance(settings, database_url, None), "worker")
    async with running(registry):
        yield registry


@pytest.fixture
async def journey(make, database, settings) -> Journey:
    return await make_journey(make, database, settings, slug="jpn25", deposit_percent=30)


@pytest.fixture
async def siti(journey, registry) -> Chatter:
    """Takes part in a trip that asks for a deposit."""
    person = Chatter(registry, f"+{SITI}")
    await person.write("JOIN jpn25 | Nama: Siti")
    return person


async def buy(journey: Journey, person: Chatter) -> list[dict]:
    """Order one piece of something by a tap."""
    product = await make_product(journey)
    return await person.tap(f"o:{product.id}:1:1.1.1")


async def pay_deposits(journey: Journey, database: Database) -> None:
    """The jastiper took the deposit of every order in cash."""
    for order in await orders(database):
        await confirm_order(journey.counter, order, actor=journey.staff)


async def reprice(journey: Journey, database: Database, amount: int) -> None:
    """The buyer of the only order agreed to another price of what they ordered."""
    (placed,) = await orders(database)
    async with database.write(journey.staff) as session:
        product_id = (await session.scalars(select(OrderLine.ticket_type_id))).one()
        wish = NewPrice(product_id, amount)
        await propose_price(session, wish, trip_id=journey.id, actor=journey.staff)
        proposal_id = (await session.scalars(select(PriceProposal.id))).one()
    guest = Actor.guest(placed.code)
    await accept_price(database, journey.counter.sales, proposal_id, order_id=placed.id, actor=guest)


async def orders(database: Database) -> list[Order]:
    async with database.read(SYSTEM) as session:
        return list(await session.scalars(select(Order).order_by(Order.placed_at)))


async def stands(database: Database) -> list[tuple[str, bool, int]]:
    """Of each order its state, whether a proof of its rest waits, and how many proofs it has."""
    async with database.read(SYSTEM) as session:
        proofs = list(await session.scalars(select(PaymentProof.order_id)))
    return [
        (order.state, order.balance_submitted_at is not None, proofs.count(order.id))
        for order in await orders(database)
    ]


async def test_the_deposit_is_asked_for_and_not_the_total(journey, siti):
    product = await make_product(journey)

    (question,) = await siti.tap(f"q:{product.id}:1")
    (noted,) = await siti.tap(f"o:{product.id}:1:1.1.1")
    (status,) = await siti.write("status")

    assert f"uang muka (DP) *{DEPOSIT}* dulu" in question["body"]
    assert f"Bayar uang muka (DP) *{DEPOSIT}* sebelum" in noted["body"]
    assert f"Sisanya {REST}" in noted["body"]
    assert f"menunggu uang muka {DEPOSIT}" in status["body"]


async def test_a_picture_is_the_proof_of_the_rest_once_the_deposit_is_paid(journey, siti, whatsapp, database):
    await buy(journey, siti)
    await pay_deposits(journey, database)
    (before,) = await siti.write("status")
    (answer,) = await siti.show(await upload(whatsapp))
    (after,) = await siti.write("status")
    (second,) = await siti.show(await upload(whatsapp))

    assert f"sudah dibayar {DEPOSIT}, sisa {REST}" in before["body"]
    assert answer["body"].startswith("Terima kasih! Bukti pelunasan untuk pesanan *")
    assert f"sudah dibayar {DEPOSIT}, bukti pelunasan sedang diperiksa" in after["body"]
    assert second["body"] == "Tidak ada pesananmu yang menunggu pembayaran."
    assert await stands(database) == [("PAID", True, 1)]


async def test_a_refused_proof_of_the_rest_is_sent_again(journey, siti, whatsapp, database):
    await buy(journey, siti)
    await pay_deposits(journey, database)
    await siti.show(await upload(whatsapp))
    (proved,) = await orders(database)
    await reject_order(journey.counter, proved, actor=journey.staff, reason="Buram")

    await siti.show(await upload(whatsapp))
    (proved,) = await orders(database)
    await confirm_order(journey.counter, proved, actor=journey.staff)

    assert await stands(database) == [("PAID", False, 2)]
    assert [order.balance_due_amount for order in await orders(database)] == [0]
    assert await offenders(database) == []


async def test_with_a_rest_and_a_new_order_they_are_asked_which(journey, siti, whatsapp, database):
    await buy(journey, siti)
    await pay_deposits(journey, database)
    await buy(journey, siti)

    (question,) = await siti.show(await upload(whatsapp))
    before = await stands(database)
    rows = question["sections"][0]["rows"]
    for _ in range(2):
        (answer,) = await siti.tap(rows[1]["id"])

    assert before == [("PAID", False, 0), ("HOLD", False, 0)]
    assert [row["description"].rpartition(" · ")[2] for row in rows] == [DEPOSIT, f"sisa {REST}"]
    assert answer["body"].startswith("Terima kasih! Bukti pelunasan untuk pesanan *")
    assert await stands(database) == [("PAID", True, 1), ("HOLD", False, 0)]


async def test_the_picture_of_a_deposit_is_no_proof_of_the_rest(journey, siti, whatsapp, database):
    await buy(journey, siti)
    await buy(journey, siti)
    (question,) = await siti.show(await upload(whatsapp))
    chosen = question["sections"][0]["rows"][1]["id"]
    await siti.tap(chosen)
    await confirm_order(journey.counter, (await orders(database))[0], actor=journey.staff)

    (answer,) = await siti.tap(chosen)

    assert f"sudah dibayar {DEPOSIT}, sisa {REST}" in answer["body"]
    assert await stands(database) == [("PAID", False, 1), ("HOLD", False, 0)]


async def test_what_is_paid_in_full_waits_for_no_picture(journey, siti, whatsapp, database):
    await buy(journey, siti)
    for _ in range(2):
        await pay_deposits(journey, database)

    (answer,) = await siti.show(await upload(whatsapp))

    assert answer["body"] == "Tidak ada pesananmu yang menunggu pembayaran."
    assert await stands(database) == [("PAID", False, 0)]


@pytest.mark.parametrize(
    ("amount", "outcome", "stand"),
    [
        (120_000, "proof_taken", ("PAID", True, 1)),
        (80_000, "proof_taken", ("PAID", True, 1)),
        (30_000, "price_changed", ("PAID", False, 0)),
    ],
    ids=["dearer", "cheaper", "nothing-left"],
)
async def test_a_picture_sent_before_the_price_changed_is_not_lost_silently(
    journey, siti, whatsapp, database, amount, outcome, stand
):
    await buy(journey, siti)
    await pay_deposits(journey, database)
    media = MediaRef(await upload(whatsapp), "image/jpeg", None, None)
    update_id = await siti.send(kind="image", media=media)
    await reprice(journey, database, amount)

    (answer,) = await siti.handle(update_id)

    assert (await siti.outcome(), await stands(database)) == (outcome, [stand])
    assert ("baru saja berubah" in answer["body"]) == (outcome == "price_changed")


async def test_a_picture_that_waited_for_the_first_is_not_handed_in_after_a_refusal(
    journey, siti, whatsapp, database
):
    await buy(journey, siti)
    await pay_deposits(journey, database)
    await siti.show(await upload(whatsapp))
    media = MediaRef(await upload(whatsapp), "image/jpeg", None, None)
    update_id = await siti.send(kind="image", media=media)
    (proved,) = await orders(database)
    await reject_order(journey.counter, proved, actor=journey.staff, reason="Buram")

    await siti.handle(update_id)

    assert (await siti.outcome(), await stands(database)) == ("no_open_order", [("PAID", False, 1)])
