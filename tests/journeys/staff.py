"""What the tests of the staff's way have in common."""

import re
from dataclasses import dataclass
from io import BytesIO
from uuid import uuid4

import httpx
from PIL import Image, ImageDraw
from playwright.async_api import Page, expect

from pesan.catalog.models import Event
from pesan.db import Database
from pesan.identity.service import create_user, set_membership, set_platform_role
from pesan.identity.states import MerchantRole, PlatformRole
from pesan.tenancy.models import Merchant
from tests.journeys.browser import scripts_ran
from tests.journeys.guests import add_methods
from tests.support.factories import SYSTEM, Make
from tests.support.service import Service

PASSWORD = "kuda sepeda awan"


@dataclass(frozen=True)
class Desk:
    """A merchant with an event, and a service that people sign in to."""

    database: Database
    service: Service
    merchant: Merchant
    event: Event

    def url(self, path: str) -> str:
        """The address of one of the merchant's staff pages."""
        return f"{self.service.url}/organizer/{self.merchant.slug}{path}"

    async def hire(self, name: str, role: MerchantRole | PlatformRole) -> str:
        """Somebody new; their e-mail address."""
        email = f"{name.split(maxsplit=1)[0].lower()}@{self.merchant.slug}.example"
        async with self.database.write(SYSTEM) as session:
            user = await create_user(session, email=email, name=name, password=PASSWORD, actor=SYSTEM)
        async with self.database.write(SYSTEM) as session:
            if isinstance(role, PlatformRole):
                await set_platform_role(session, user_id=user.id, role=role, actor=SYSTEM)
            else:
                await set_membership(
                    session, user_id=user.id, merchant_id=self.merchant.id, role=role, actor=SYSTEM
                )
        return email

    async def send_proof(self, name: str, text: str = "") -> str:
        """A guest books, chooses how to pay and sends a proof, by the API; the booking's code."""
        async with httpx.AsyncClient(base_url=self.service.url) as client:
            hold = await client.post(
                "/api/bookings/hold", json={"eventId": str(self.event.id), "name": name, "qty": 1}
            )
            booking = hold.raise_for_status().json()
            headers = {"X-Booking-Code": booking["code"]}
            path = f"/api/bookings/{booking['id']}"
            item = (
                (await client.get(f"/api/bookings/{booking['code']}", headers=headers))
                .raise_for_status()
                .json()
            )
            method = item["methods"][0]["id"]
            chosen = await client.post(f"{path}/select-method", json={"methodId": method}, headers=headers)
            chosen.raise_for_status()
            files = {"file": ("bukti.png", screenshot(text or name), "image/png")}
            (await client.post(f"{path}/proof", files=files, headers=headers)).raise_for_status()
        return str(booking["code"])


async def open_desk(database: Database, make: Make, service: Service) -> Desk:
    """A merchant with everything that a review needs."""
    merchant = await make.merchant(name="Kopi Senja", slug=f"kopi-{uuid4().hex[:12]}", accent="#0f766e")
    await add_methods(database, merchant.id)
    return Desk(database, service, merchant, await make.event(merchant, capacity=50))


async def sign_in(page: Page, desk: Desk, email: str, *, to: str = "/review", scripts: bool = True) -> None:
    """Ask for a page, be sent to log in, and arrive."""
    await page.goto(desk.url(to))
    await page.locator("#email").fill(email)
    await page.locator("#password").fill(PASSWORD)
    await page.get_by_role("button", name="Masuk").click()
    await expect(page).to_have_url(re.compile(re.escape(desk.url(to)) + "$"))
    if scripts:
        await scripts_ran(page)


def screenshot(text: str) -> bytes:
    """A transfer's receipt as a phone shows it."""
    picture = Image.new("RGB", (540, 1080), "#f4f7fb")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 540, 160), fill="#123f8c")
    draw.text((40, 60), "Transfer berhasil", fill="#ffffff", font_size=36)
    draw.text((40, 240), text, fill="#111111", font_size=40)
    for place in range(len(text) % 7 + 3):
        draw.rectangle((40, 400 + place * 60, 120 + place * 50, 430 + place * 60), fill="#8893a6")
    content = BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
