"""A trip from its first message to the parcel: people join, order in the chat and on a page, pay, and are told."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import select

from pesan.capacity.models import CapacityPool
from pesan.catalog.models import Event, TicketType
from pesan.db import Database
from pesan.orders.models import Order
from pesan.settings import Settings
from tests.journeys.browser import visiting
from tests.journeys.guests import PAY_URL, add_methods
from tests.support.factories import SYSTEM
from tests.support.instance import shared_instance
from tests.support.people import transfer_slip
from tests.support.postgres import Server
from tests.support.schema import open_database
from tests.support.service import Service, free_port, services
from tests.support.whatsapp import WEBHOOK_PATH, FakeWhatsApp, running_whatsapp

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
LOST_SECONDS = 180  # what was lost on a busy machine is sent once more after two minutes
SITI, BUDI, DEWI = "6281234567890", "6281234567891", "6281234567892"


@pytest.fixture(scope="module")
async def whatsapp() -> AsyncIterator[FakeWhatsApp]:
    """WhatsApp, as far as anybody here can tell."""
    async with running_whatsapp() as whatsapp:
        yield whatsapp


@pytest.fixture(scope="module")
def settings(
    postgres: Server, template: str, role_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """An instance apart: the workers of the other journeys know no WhatsApp, and would take what is said here."""
    with shared_instance(postgres, template, role_prefix, tmp_path_factory.mktemp("home")) as settings:
        yield settings


@pytest.fixture(scope="module")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Its database, as the worker logs in."""
    opened = open_database(settings, "worker")
    yield opened
    await opened.dispose()


@pytest.fixture(scope="module")
async def service(
    settings: Settings, whatsapp: FakeWhatsApp, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """The whole service, with a number of its own."""
    async with services(settings, tmp_path_factory.mktemp("service")) as start:
        port = free_port()
        service = await start(port=port, PESAN_BASE_URL=f"http://127.0.0.1:{port}", **whatsapp.environment)
        whatsapp.deliver_to(f"{service.url}{WEBHOOK_PATH}")
        yield service


@dataclass
class Jastiper:
    """Somebody who shops, with a program that speaks for them."""

    http: httpx.AsyncClient
    whatsapp: FakeWhatsApp
    service: Service

    async def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """What the API answers to something that it must not refuse."""
        answer = await self.http.request(method, path, json=body or None)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def hear(self, wa: str, count: int) -> list[dict[str, Any]]:
        """What somebody has got, once it is so many messages.

        One whose answer was lost on a busy machine is sent once more after two minutes, and is waited for.
        """
        for _ in range(8):
            messages = await self.whatsapp.messages(wa, at_least=count, within=40)
            if len(messages) >= count:
                return messages
        raise AssertionError(f"{len(messages)} of {count} messages; the service says:\n{self.service.tail()}")


@pytest.fixture
async def tina(service: Service, whatsapp: FakeWhatsApp) -> AsyncIterator[Jastiper]:
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        person = {"email": "tina@contoh.id", "password": "koper-merah-terbang-9", "fullName": "Tina Wijaya"}
        registered = (await http.post("/api/auth/register", json=person)).raise_for_status().json()
        http.headers["authorization"] = f"Bearer {registered['token']}"
        yield Jastiper(http, whatsapp, service)


def text_of(message: dict[str, Any]) -> str:
    """What a message says, whatever its shape."""
    shape = message["shape"]
    return str(
        shape.get("body", {}).get("text") if isinstance(shape.get("body"), dict) else shape.get("body", "")
    )


def rows_of(message: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of a list."""
    return [row for section in message["shape"]["action"]["sections"] for row in section["rows"]]


async def merchant_of(database: Database, trip_id: str) -> UUID:
    """Whose a trip is."""
    async with database.read(SYSTEM) as session:
        return (await session.get_one(Event, UUID(trip_id))).merchant_id


async def stock(database: Database) -> tuple[int, int, int]:
    """Pieces in all, held and sold, of the only product."""
    async with database.read(SYSTEM) as session:
        kind = (await session.scalars(select(TicketType).where(TicketType.name == "Kit Kat Matcha"))).one()
        pool = await session.get_one(CapacityPool, kind.pool_id)
        return pool.capacity, pool.held, pool.used


async def wait_for(database: Database, wa: str, state: str) -> Order:
    """Somebody's order, once it is there."""
    async with asyncio.timeout(LOST_SECONDS):
        while True:
            async with database.read(SYSTEM) as session:
                found = await session.scalar(select(Order).where(Order.wa == f"+{wa}", Order.state == state))
            if found is not None:
                return found
            await asyncio.sleep(0.2)


async def join(tina: Jastiper, trip_id: str) -> None:
    """Three people join by a message, each in their own words."""
    for wa, said in (
        (SITI, "JOIN jpn25 | Nama: Siti"),
        (BUDI, "join JPN25 budi santoso"),
        (DEWI, "ikut jpn25, Dewi"),
    ):
        await tina.whatsapp.say(wa, said)
    greetings = [text_of((await tina.hear(wa, 1))[0]) for wa in (SITI, BUDI, DEWI)]
    assert [greeting.split("!")[0] for greeting in greetings] == [
        "Terima kasih Siti",
        "Terima kasih budi santoso",
        "Terima kasih Dewi",
    ]
    people = (await tina.ask("GET", f"/api/trips/{trip_id}/participants"))["participants"]
    assert sorted(person["phone"] for person in people) == [SITI, BUDI, DEWI]


async def offer(tina: Jastiper, trip_id: str, **product: Any) -> dict[str, Any]:
    """Something new, of which everybody hears."""
    made = await tina.ask("POST", f"/api/trips/{trip_id}/products", **product)
    return made["product"]


async def order_in_chat(tina: Jastiper, product_id: str) -> None:
    """Siti asks what there is, and taps."""
    await tina.whatsapp.say(SITI, "katalog")
    (row,) = rows_of((await tina.hear(SITI, 3))[2])
    assert row["title"] == "Kit Kat Matcha"
    for number, reply_id in enumerate((row["id"], f"q:{product_id}:1", f"o:{product_id}:1:1.1.1")):
        await tina.whatsapp.say(SITI, reply_id=reply_id)
        await tina.hear(SITI, 4 + number)


async def order_on_page(service: Service, browser: Browser, news: dict[str, Any]) -> None:
    """Budi opens the link of the news, and fills in the sheet."""
    link = re.search(r"/o/kitkat[^\"'} ]*", str(news["shape"]))
    assert link is not None
    async with visiting(browser) as guest:
        await guest.open(service.url + link[0])
        await guest.page.get_by_label("Jumlah Kit Kat Matcha").fill("1")
        await guest.page.get_by_role("checkbox", name=re.compile("Aku menyetujui")).check()
        await guest.page.get_by_role("button", name="Titip sekarang").click()
        await guest.page.wait_for_url(PAY_URL)
        await expect(guest.page.get_by_role("heading", level=1)).to_be_visible()
        assert guest.faults == []


async def come_too_late(tina: Jastiper, product_id: str) -> None:
    """Dewi wants one of what is promised to others."""
    await tina.whatsapp.say(DEWI, "katalog")
    await tina.hear(DEWI, 3)
    await tina.whatsapp.say(DEWI, reply_id=f"p:{product_id}")
    assert text_of((await tina.hear(DEWI, 4))[3]) == "Maaf, *Kit Kat Matcha* sudah habis."


async def prove(tina: Jastiper) -> None:
    """Siti sends a picture of her transfer."""
    picture = base64.b64encode(transfer_slip()).decode()
    await tina.whatsapp.say(SITI, image=picture, mime="image/jpeg")
    assert text_of((await tina.hear(SITI, 7))[6]).startswith("Terima kasih! Bukti bayar")


async def was_told(tina: Jastiper, wa: str, words: str) -> bool:
    """Whether somebody was told this, sooner or later."""
    count = 0
    async with asyncio.timeout(LOST_SECONDS):
        while True:
            messages = await tina.hear(wa, count)
            if any(words in str(message["shape"]) for message in messages):
                return True
            count = len(messages) + 1


async def test_a_trip_from_its_first_message_to_the_parcel(
    tina: Jastiper, service: Service, database: Database, browser: Browser
) -> None:
    trip = (await tina.ask("POST", "/api/trips", title="Jastip Jepang", slug="jpn25", isActive=True))["trip"]
    await add_methods(database, await merchant_of(database, trip["id"]))
    await join(tina, trip["id"])
    product = await offer(tina, trip["id"], slug="kitkat", title="Kit Kat Matcha", price=45_000, stock=2)
    news = [(await tina.hear(wa, 2))[1] for wa in (SITI, BUDI, DEWI)]
    assert all("Kit Kat Matcha" in str(message["shape"]) for message in news)

    await order_in_chat(tina, product["id"])
    await order_on_page(service, browser, news[1])
    await come_too_late(tina, product["id"])
    assert await stock(database) == (2, 2, 0)

    await prove(tina)
    for order in (await wait_for(database, SITI, "REVIEW"), await wait_for(database, BUDI, "HOLD")):
        confirmed = await tina.ask("PATCH", f"/api/orders/{order.id}/confirm")
        assert confirmed["order"]["status"] == "confirmed"
    assert await stock(database) == (2, 0, 2)
    assert await was_told(tina, SITI, "Titipanmu dikonfirmasi")

    order = await wait_for(database, SITI, "PAID")
    sent = await tina.ask("PATCH", f"/api/orders/{order.id}/ship", courier="JNE", trackingNo="CGK123")
    assert sent["order"]["status"] == "shipped"
    assert await was_told(tina, SITI, "Titipanmu dikirim")
    await tina.whatsapp.say(SITI, "status")
    assert await was_told(tina, SITI, "JNE CGK123")

    await tina.whatsapp.say(DEWI, "STOP")
    heard = len(await tina.hear(DEWI, 5))
    await offer(tina, trip["id"], slug="pocky", title="Pocky Stroberi", price=20_000, stock=9)
    assert await was_told(tina, BUDI, "Pocky Stroberi")
    assert len(await tina.hear(DEWI, heard)) == heard
