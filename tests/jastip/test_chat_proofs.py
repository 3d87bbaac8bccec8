"""A picture in the chat: the proof of the order that waits for one, taken from WhatsApp's own store."""

import base64
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, select, update

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry, running
from pesan.chats.models import ChatUpdate
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.messaging.whatsapp.inbound import MediaRef
from pesan.orders.models import Order
from pesan.payments.models import PaymentProof
from pesan.settings import Settings
from tests.support.chatting import Chatter
from tests.support.factories import SYSTEM
from tests.support.people import transfer_slip
from tests.support.trips import Journey, make_journey, make_product
from tests.support.whatsapp import FakeWhatsApp

SITI = "6281234567890"


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
    return await make_journey(make, database, settings, slug="jpn25")


@pytest.fixture
async def siti(journey, registry) -> Chatter:
    """Takes part in a trip and ordered one thing."""
    person = Chatter(registry, f"+{SITI}")
    await person.write("JOIN jpn25 | Nama: Siti")
    await buy(journey, person)
    return person


async def buy(journey: Journey, person: Chatter) -> None:
    """Order one piece of something by a tap."""
    product = await make_product(journey)
    await person.tap(f"o:{product.id}:1:1.1.1")


async def upload(whatsapp: FakeWhatsApp, picture: bytes | None = None, mime: str = "image/jpeg") -> str:
    """A picture that a customer sent; its id in WhatsApp's store."""
    encoded = base64.b64encode(transfer_slip() if picture is None else picture).decode()
    said = await whatsapp.say(SITI, image=encoded, mime=mime)
    return str(said["shape"]["id"])


async def orders(database: Database) -> list[tuple[str, int]]:
    """The states of all orders as they were placed, and how many proofs each has."""
    async with database.read(SYSTEM) as session:
        found = list(await session.scalars(select(Order).order_by(Order.placed_at)))
        proofs = list(await session.scalars(select(PaymentProof.order_id)))
        return [(order.state, proofs.count(order.id)) for order in found]


async def test_a_picture_is_the_proof_of_the_only_order_that_waits(siti, whatsapp, database):
    (answer,) = await siti.show(await upload(whatsapp))

    assert answer["body"].startswith("Terima kasih! Bukti bayar untuk pesanan *")
    assert await orders(database) == [("REVIEW", 1)]


async def test_a_picture_is_handed_in_once_however_often_it_is_handled(siti, whatsapp, database):
    media = MediaRef(await upload(whatsapp), "image/jpeg", None, None)
    update_id = await siti.send(kind="image", media=media)
    await siti.handle(update_id)
    async with database.write(SYSTEM) as session:
        # As if whoever handled it had died before answering.
        await session.execute(update(ChatUpdate).where(ChatUpdate.id == update_id).values(handled_at=None))

    await siti.handle(update_id)

    assert (await siti.outcome(), await orders(database)) == ("proof_taken", [("REVIEW", 1)])


async def test_with_several_orders_they_are_asked_which(siti, journey, whatsapp, database):
    await buy(journey, siti)

    (question,) = await siti.show(await upload(whatsapp))
    before = await orders(database)
    chosen = question["sections"][0]["rows"][1]["id"]
    (answer,) = await siti.tap(chosen)
    again = await siti.tap(chosen)

    assert (question["kind"], before) == ("choices", [("HOLD", 0), ("HOLD", 0)])
    assert answer["body"].startswith("Terima kasih!")
    assert (again[0]["body"], await orders(database)) == (answer["body"], [("REVIEW", 1), ("HOLD", 0)])


@pytest.mark.parametrize(
    ("proved", "asked", "stand"),
    [(4, ["choices"], ["HOLD"] * 2 + ["REVIEW"] * 4), (5, ["text"], ["REVIEW"] * 6)],
    ids=["two-wait", "the-oldest-waits"],
)
async def test_an_order_that_waits_is_found_behind_any_number_of_proved_ones(
    siti, journey, whatsapp, database, proved, asked, stand
):
    for _ in range(5):
        await buy(journey, siti)
    for _ in range(proved):
        (question,) = await siti.show(await upload(whatsapp))
        await siti.tap(question["sections"][0]["rows"][0]["id"])

    answers = await siti.show(await upload(whatsapp))

    assert [answer["kind"] for answer in answers] == asked
    assert [state for state, _ in await orders(database)] == stand


async def test_of_many_orders_that_wait_as_many_are_shown_as_a_list_holds(siti, journey, whatsapp, database):
    for _ in range(10):
        await buy(journey, siti)

    (question,) = await siti.show(await upload(whatsapp))

    assert len(question["sections"][0]["rows"]) == 10
    assert await orders(database) == [("HOLD", 0)] * 11


async def test_nobody_hands_in_somebody_elses_picture(siti, journey, whatsapp, database, registry):
    await buy(journey, siti)
    (question,) = await siti.show(await upload(whatsapp))
    other = Chatter(registry)
    await other.write("JOIN jpn25 | Nama: Budi")

    assert await other.tap(question["sections"][0]["rows"][0]["id"]) == []
    assert await orders(database) == [("HOLD", 0), ("HOLD", 0)]


async def test_a_picture_without_an_order_that_waits_is_told_so(siti, whatsapp, database):
    await siti.show(await upload(whatsapp))

    assert [each["body"] for each in await siti.show(await upload(whatsapp))] == [
        "Tidak ada pesananmu yang menunggu pembayaran."
    ]
    assert await orders(database) == [("REVIEW", 1)]


async def test_what_is_no_picture_is_refused_with_the_reason(siti, whatsapp, database):
    (answer,) = await siti.show(await upload(whatsapp, b"<html>bukan gambar</html>"))

    assert answer["body"].startswith("Bukti ini tidak bisa dipakai: ")
    assert await orders(database) == [("HOLD", 0)]


async def test_a_picture_that_whatsapp_has_no_more_is_asked_for_again(siti, database):
    (answer,) = await siti.show("1000000000000001")

    assert answer["body"] == "Kami tidak bisa mengunduh fotonya. Kirim sekali lagi, ya."
    assert await orders(database) == [("HOLD", 0)]


async def test_a_strangers_picture_is_not_answered(registry, whatsapp, database):
    assert await Chatter(registry).show(await upload(whatsapp)) == []
