"""What the tests of the guest's way have in common."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
from playwright.async_api import Page, expect
from sqlalchemy import text

from pesan.catalog.models import Event
from pesan.checkout.links import event_path
from pesan.db import Database
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.service import MethodDraft, create_method
from pesan.payments.states import MethodKind
from pesan.tenancy.models import Merchant
from tests.support.factories import SYSTEM, Make
from tests.support.service import Service

QRIS = (
    "00020101021126730021ID.CO.CONTOHBAYAR.WWW011893600999001234567802150000123456789010303UMI51440014ID.CO.QRIS.WWW"
    "0215ID10999000000010303UMI5204581253033605802ID5916KOPI CONTOH JAYA6015JAKARTA SELATAN61051219063047292"
)
WHATSAPP = "+6281200000009"
# The worker's time for something: a job that failed twice, as while the database is busy, rests a quarter of a minute.
WORK_SECONDS = 90
STATUS_URL = re.compile(r"/b/[0-9A-Z]{13}$")
PAY_URL = re.compile(r"/pay/[0-9A-Z]{13}")


@dataclass(frozen=True)
class Fair:
    """A merchant with a bank account and a QRIS, and one event on sale."""

    database: Database
    make: Make
    service: Service
    merchant: Merchant
    event: Event

    @property
    def path(self) -> str:
        """The event's page."""
        return event_path(self.event.slug, self.event.short_id)

    def url(self, path: str = "") -> str:
        """The address of a page; the event's without a path."""
        return self.service.url + (path or self.path)

    async def order(self, code: str) -> Order:
        """The order as it stands in the database."""
        async with self.database.read(SYSTEM) as session:
            row = await session.execute(text("SELECT id FROM orders WHERE code = :code"), {"code": code})
            return await session.get_one(Order, row.scalar_one())

    async def wait_for(self, code: str, state: OrderState) -> None:
        """Wait until the worker has brought the order there."""
        async with asyncio.timeout(WORK_SECONDS):
            while (await self.order(code)).state != state:
                await asyncio.sleep(0.1)

    async def decide(self, code: str, event: OrderEvent, reason: str | None = None) -> None:
        """What a reviewer would do."""
        order = await self.order(code)
        await self.make.move(Move(event, order.event_id, SYSTEM, order.id, reason=reason))

    async def choose(self, code: str, kind: MethodKind) -> None:
        """Choose how to pay an order."""
        headers = {"X-Booking-Code": code}
        async with httpx.AsyncClient(base_url=self.service.url, headers=headers) as client:
            booking = (await client.get(f"/api/bookings/{code}")).raise_for_status().json()
            chosen = next(method["id"] for method in booking["methods"] if method["kind"] == kind)
            path = f"/api/bookings/{booking['id']}/select-method"
            (await client.post(path, json={"methodId": chosen})).raise_for_status()

    async def cancel(self, code: str) -> None:
        """Cancel an order somewhere else, as its guest."""
        headers = {"X-Booking-Code": code}
        async with httpx.AsyncClient(base_url=self.service.url, headers=headers) as client:
            path = f"/api/bookings/{(await self.order(code)).id}/cancel"
            (await client.post(path)).raise_for_status()

    async def show_as(self, code: str, state: OrderState) -> None:
        """Write a state that other people would have to bring about, for a page that shows it."""
        async with self.database.sale() as session:
            await session.execute(
                text("UPDATE orders SET state = :state WHERE code = :code"), {"state": state, "code": code}
            )

    async def end_hold_in(self, code: str, seconds: float) -> None:
        """Let a hold end soon."""
        change = text(
            "UPDATE orders SET hold_expires_at = clock_timestamp() + make_interval(secs => :seconds) WHERE code = :code"
        )
        async with self.database.sale() as session:
            await session.execute(change, {"seconds": seconds, "code": code})


async def open_fair(database: Database, make: Make, service: Service, **event: object) -> Fair:
    """A merchant with everything that a sale needs."""
    merchant = await make.merchant(name="Ruang Temu Bandung", accent="#0f6b4f")
    async with database.write(SYSTEM) as session:
        stored = await session.get_one(Merchant, merchant.id)
        stored.contact_wa, stored.contact_email = WHATSAPP, "halo@ruangtemu.example.com"
    await add_methods(database, merchant.id)
    return Fair(database, make, service, merchant, await make.event(merchant, **event))


async def add_methods(database: Database, merchant_id: UUID) -> None:
    """A bank account and a static QRIS."""
    bank = MethodDraft(
        MethodKind.BANK,
        display_name="Transfer BCA",
        bank_name="BCA",
        account_no="1234567890",
        account_holder="PT Ruang Temu",
    )
    for draft in (bank, MethodDraft(MethodKind.QRIS, qris_payload=QRIS)):
        async with database.write(SYSTEM) as session:
            await create_method(session, merchant_id=merchant_id, draft=draft, actor=SYSTEM)


async def fill_sheet(page: Page, **typed: str) -> None:
    """Type into the booking sheet as a person does, key by key."""
    for name, value in typed.items():
        await page.locator(f"#{name}").press_sequentially(value)


async def press_hold(page: Page) -> None:
    """Accept the terms, and hold what was chosen."""
    await page.locator("#terms").check()
    await page.get_by_role("button", name="Tahan tempat").click()


async def hold_a_place(page: Page, fair: Fair, **typed: str) -> str:
    """From the event's page to a hold; the booking's code."""
    await page.goto(fair.url())
    await page.get_by_role("link", name="Pesan tempat").click()
    await fill_sheet(page, **{"name": "Asep Budiawan", **typed})
    await press_hold(page)
    await expect(page).to_have_url(PAY_URL)
    return page.url.rpartition("/")[2]


async def send_proof(page: Page, proof: Path) -> None:
    """Choose the first way to pay, and hand in a screenshot."""
    await page.get_by_role("button", name="Transfer BCA").click()
    await page.set_input_files("#file", proof)
    await page.get_by_role("button", name="Kirim bukti").click()
