"""Staff at the gate with their phones: paired, scanning with a network and without one, and told apart afterwards."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import text

from pesan.catalog.models import Event
from pesan.db import Database
from pesan.gates.service.devices import revoke_device
from pesan.gates.service.gates import RulesDraft, close_gate, reopen_gate, set_rules
from pesan.gates.states import Reentry, StaticCodes
from pesan.identity.models import User
from pesan.orders.states import OrderState
from pesan.tickets.issue import void_tickets
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from pesan.tickets.slices import Slices
from tests.gates.phones import Entrance, open_entrance
from tests.journeys.browser import Tab
from tests.journeys.guests import Fair
from tests.journeys.phones import GatePhone, holding
from tests.support.factories import PASSWORD, SYSTEM, Make
from tests.support.service import Service

pytestmark = pytest.mark.browser
# Longer than a busy phone takes for a code, and far less than a slice.
SOON_SECONDS = 20


@dataclass
class Evening:
    """An event whose doors are open, its gate, and what people bring."""

    fair: Fair
    entrance: Entrance
    slices: Slices

    @property
    def url(self) -> str:
        return self.fair.service.url

    async def sell(
        self, count: int = 1, event: Event | None = None, name: str = "Budi Santoso"
    ) -> list[Ticket]:
        """Tickets as people have them on their phones."""
        order = await self.fair.make.order(
            event or self.fair.event, state=OrderState.PAID, quantity=count, buyer_name=name
        )
        await self.fair.wait_for(order.code, OrderState.COMPLETED)
        async with self.fair.database.read(SYSTEM) as session:
            return list(await list_tickets(session, order.id))

    async def live(self, ticket: Ticket, slices_ago: int = 0) -> str:
        """The code that a screen showed some slices ago; that of the last one is of no use once the next begins."""
        seconds = self.slices.seconds
        left = seconds - datetime.now(UTC).timestamp() % seconds
        if slices_ago == 1 and left < SOON_SECONDS:
            await asyncio.sleep(left + 1)
        return self.slices.live_text(ticket, datetime.now(UTC) - slices_ago * timedelta(seconds=seconds))

    async def conflicts(self) -> list[tuple[str, int]]:
        """What a person has to look at."""
        query = text("SELECT kind, scan_count FROM scan_conflicts WHERE event_id = :event")
        async with self.fair.database.read(self.entrance.actor) as session:
            rows = await session.execute(query, {"event": self.fair.event.id})
            return [(row.kind, row.scan_count) for row in rows]

    async def rule(self, draft: RulesDraft) -> None:
        """Say how the gates work from now on."""
        entrance = self.entrance
        async with self.fair.database.write(entrance.actor) as session:
            await set_rules(session, event=entrance.event, draft=draft, actor=entrance.actor)

    async def turn(self, change: Callable[..., Awaitable[None]]) -> None:
        """Close the gate, or open it again."""
        entrance = self.entrance
        async with self.fair.database.write(entrance.actor) as session:
            await change(session, entrance.gate.id, event_id=entrance.event.id, actor=entrance.actor)

    async def revoke(self, name: str) -> None:
        """Take a device's permission back."""
        entrance = self.entrance
        async with self.fair.database.write(entrance.actor) as session:
            found = await session.execute(
                text("SELECT id FROM gate_devices WHERE name = :name"), {"name": name}
            )
            await revoke_device(session, found.scalar_one(), event_id=entrance.event.id, actor=entrance.actor)


@pytest.fixture
async def evening(database: Database, make: Make, service: Service, settings) -> Evening:
    merchant = await make.merchant(name="Ruang Temu Bandung")
    event = await make.event(
        merchant, starts_at=datetime.now(UTC) + timedelta(hours=2), capacity=50, max_per_order=5
    )
    fair = Fair(database, make, service, merchant, event)
    entrance = await open_entrance(make, database, event, "Pintu Utara")
    return Evening(fair, entrance, Slices(settings.secret, settings.ticket_slice_seconds))


async def sign_in_and_pair(evening: Evening, phone: GatePhone, staff: User) -> None:
    """The whole way of somebody new: sent to log in, then to a second step, then paired."""
    page, code = phone.tab.page, await evening.entrance.code()
    assert await phone.tab.inspect(f"{evening.url}/gate?pair={code}") == []
    await phone.tab.open(f"{evening.url}/gate?pair={code}")
    await page.get_by_label("Nama perangkat").fill("HP Sari")
    await page.get_by_role("button", name="Pasangkan").click()
    await page.get_by_role("link", name="Masuk ke akun").click()
    await page.get_by_label("E-mail").fill(staff.email)
    await page.get_by_label("Kata sandi").fill(PASSWORD)
    await page.get_by_role("button", name="Masuk", exact=True).click()
    await expect(page.get_by_label("Kode pemasangan")).to_have_value(f"{code[:4]}-{code[4:]}")
    await page.get_by_role("button", name="Pasangkan").click()
    await page.get_by_role("link", name="Buka langkah kedua").click()
    await turn_on_second_step(phone.tab)
    await phone.pair(code, "HP Sari")


async def turn_on_second_step(tab: Tab) -> None:
    page = tab.page
    await page.get_by_label("Kata sandi").fill(PASSWORD)
    await page.get_by_role("button", name="Siapkan aplikasi").click()
    secret = await page.locator("p.code").inner_text()
    await page.get_by_label("Kode dari aplikasi").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Aktifkan").click()
    await expect(page.get_by_role("heading", name="Langkah kedua aktif")).to_be_visible()


def forged(code: str) -> str:
    """The code with another signature's end."""
    return code[:-3] + ("000" if code[-3:] != "000" else "001")


async def test_a_phone_is_paired_and_judges_what_it_is_shown(
    evening: Evening, make: Make, browser: Browser
) -> None:
    staff = await make.user(evening.fair.merchant)
    good, live, old, late, later = await evening.sell(5)
    (gone,) = await evening.sell()
    (other,) = await evening.sell(event=await make.event(evening.fair.merchant))
    async with evening.fair.database.sale() as session:
        await void_tickets(session, [gone.order_id])
    async with holding(browser, evening.url) as phone:
        await sign_in_and_pair(evening, phone, staff)
        assert await phone.tab.inspect(f"{evening.url}/gate") == []
        page = phone.tab.page
        await page.get_by_role("button", name="Nyalakan kamera").click()
        assert await phone.locks() == [1, 2]
        # This camera has no light.
        await expect(page.locator("#torch")).to_be_hidden()
        await phone.hold(good.qr_text)
        # Held in view, it is judged once.
        await phone.says("Silakan masuk", "Budi Santoso")
        await expect(page.locator("#count-inside")).to_have_text("1")
        await expect(page.locator("#history-list > li")).to_have_count(1)
        # Out of view: a machine that looks at no frame for three seconds would take it for another showing.
        await phone.hold()
        # A refusal stands until somebody taps it away.
        await phone.scan(good.qr_text)
        await expect(page.locator("#verdict")).to_be_visible()
        assert await phone.tab.axe() == []
        await phone.says("Sudah masuk", "Pintu Utara")
        await phone.judges(forged(good.qr_text), "Tiket palsu")
        await phone.judges(gone.qr_text, "Tiket batal")
        await phone.judges(other.qr_text, "Acara lain")
        await phone.judges("https://contoh.id/promo/makan-malam-untuk-dua-orang-di-bandung", "Bukan tiket")
        await phone.judges(await evening.live(live), "Silakan masuk")
        await phone.judges(await evening.live(old, slices_ago=3), "Kode basi")
        await phone.judges(await evening.live(old, slices_ago=1), "Silakan masuk")
        soon = datetime.now(UTC) + timedelta(minutes=5)
        await evening.rule(RulesDraft(opens_at=soon))
        await phone.judges(late.qr_text, "Belum dibuka", "Minta menunggu")
        await evening.rule(RulesDraft(closes_at=soon - timedelta(minutes=6)))
        await phone.judges(late.qr_text, "Sudah ditutup")
        await evening.rule(RulesDraft(static_codes=StaticCodes.WARN))
        await phone.judges(late.qr_text, "Periksa dulu", "Cocokkan nama dengan identitasnya")
        await send_again(phone, await evening.live(later))
        await expect(page.locator("#count-inside")).to_have_text("5")


async def send_again(phone: GatePhone, text: str) -> None:
    """What the server refuses stands aside and is named, until somebody has it sent once more."""
    page, warning = phone.tab.page, phone.tab.page.locator("#scan-warning")
    problem = {"code": "http.invalid", "detail": "Belum bisa diterima"}
    await page.context.set_offline(True)
    await phone.judges(text, "Silakan masuk")
    await page.route("**/v1/scans/bulk", lambda route: route.fulfill(status=422, json=problem))
    await page.context.set_offline(False)
    await expect(warning).to_contain_text("1 pindaian ditolak server")
    await page.unroute("**/v1/scans/bulk")
    # A device that is refused says what for.
    await page.route("**/v1/gates/*", lambda route: route.fulfill(status=403, json=problem))
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(warning).to_contain_text("Belum bisa tersambung: Belum bisa diterima")
    await page.unroute("**/v1/gates/*")
    await page.get_by_role("button", name="Riwayat").click()
    await expect(page.locator("#unsent-list")).to_contain_text("Belum bisa diterima")
    await page.get_by_role("button", name="Coba kirim lagi").click()
    await expect(warning).to_be_hidden()


async def test_two_phones_go_on_without_a_network_and_a_conflict_is_shown(
    evening: Evening, browser: Browser
) -> None:
    first, shared, both, later = await evening.sell(4)
    (ani,) = await evening.sell(name="Ani Wijaya")
    await evening.rule(RulesDraft(reentry=Reentry.AFTER_EXIT))
    session = evening.entrance.cookies
    async with holding(browser, evening.url, session) as sari, holding(browser, evening.url, session) as tono:
        await sari.pair(await evening.entrance.code(), "HP Sari")
        await tono.pair_by_camera(await evening.entrance.code(), "HP Tono")
        async with watching(evening, sari) as board:
            await sari.judges(first.qr_text, "Silakan masuk")
            await expect(board.locator(".tile").filter(has_text="Di dalam")).to_contain_text("1 pernah masuk")
        await expect(tono.tab.page.locator("#count-inside")).to_have_text("1")
        await tono.vouch_for("ani", "Ponsel mati, KTP cocok")
        await tono.says("Silakan masuk", "Ani Wijaya")
        await tono.tab.page.get_by_role("button", name="Keluar", exact=True).click()
        await tono.judges(ani.qr_text, "Silakan keluar", "Ani Wijaya")
        await tono.judges(shared.qr_text, "Belum masuk")
        await tono.tab.page.get_by_role("button", name="Masuk", exact=True).click()
        await expect(sari.tab.page.locator("#count-left")).to_have_text("1")
        for phone in (sari, tono):
            await phone.lose_network()
        await tono.judges(first.qr_text, "Sudah masuk", "Pintu Utara")
        await tono.judges(forged(first.qr_text), "Tiket palsu")
        await sari.judges(shared.qr_text, "Silakan masuk", "Budi Santoso")
        await sari.judges(shared.qr_text, "Sudah masuk")
        await tono.judges(shared.qr_text, "Silakan masuk")
        # It was sold after the phone's last word from the server.
        (new,) = await evening.sell(name="Rina Putri")
        await sari.judges(new.qr_text, "Periksa dulu", "Cocokkan acara dan tanggal")
        await expect(sari.tab.page.locator("#scan-state-text")).to_contain_text("3 menunggu dikirim")
        await expect(sari.tab.page.locator("#count-inside")).to_have_text("3")

        await tono.find_network()
        assert await evening.conflicts() == []
        await sari.find_network()
        assert await evening.conflicts() == [("double_entry", 2)]
        await expect(sari.tab.page.locator("#last-text")).to_contain_text("Konflik")
        await read_conflict(evening, tono)

        # The other way round.
        for phone in (sari, tono):
            await phone.lose_network()
            await phone.judges(both.qr_text, "Silakan masuk")
        await sari.find_network()
        assert len(await evening.conflicts()) == 1
        await tono.find_network()
        assert await evening.conflicts() == [("double_entry", 2)] * 2
        await expect(tono.tab.page.locator("#last-text")).to_contain_text("Konflik")

        await sari.lose_network()
        await sari.judges(later.qr_text, "Silakan masuk")
        await evening.revoke("HP Sari")
        await sari.tab.page.context.set_offline(False)
        await expect(sari.tab.page.get_by_text("Izin perangkat ini sudah dicabut")).to_be_visible()
        await expect(sari.tab.page.get_by_text("1 pindaian belum terkirim")).to_be_visible()
        await sari.pair(await evening.entrance.code(), "HP Sari")
        await tono.judges(later.qr_text, "Sudah masuk", "Pintu Utara")
        await pair_anew(evening, tono)


async def test_a_closed_gate_s_phone_stops_and_works_on_once_it_is_open_again(
    evening: Evening, browser: Browser
) -> None:
    first, second = await evening.sell(2)
    async with holding(browser, evening.url, evening.entrance.cookies) as phone:
        page, state = phone.tab.page, phone.tab.page.locator("#scan-state")
        await phone.pair(await evening.entrance.code(), "HP Sari")
        await phone.lose_network()
        await phone.judges(first.qr_text, "Silakan masuk")
        await evening.turn(close_gate)
        await page.context.set_offline(False)
        await expect(state).to_have_text("Gerbang ditutup penyelenggara: pemindaian berhenti")
        await phone.judges(second.qr_text, "Gerbang ditutup", "Arahkan ke gerbang lain")

        await phone.tab.page.context.set_offline(True)
        await page.reload()
        await expect(state).to_have_attribute("data-state", "shut")
        await phone.judges(second.qr_text, "Gerbang ditutup")
        await page.context.set_offline(False)
        await evening.turn(reopen_gate)
        await phone.is_synced()
        await phone.judges(second.qr_text, "Silakan masuk")
        await expect(page.locator("#count-inside")).to_have_text("2")


@asynccontextmanager
async def watching(evening: Evening, phone: GatePhone) -> AsyncIterator[Page]:
    """The organizer's live board, which moves by itself."""
    page, event = await phone.tab.page.context.new_page(), evening.fair.event
    await page.goto(
        f"{evening.url}/organizer/{evening.fair.merchant.slug}/events/{event.short_id}/gates/board"
    )
    await page.evaluate("window.isSame = true")
    yield page
    assert await page.evaluate("window.isSame")
    await page.close()


async def read_conflict(evening: Evening, phone: GatePhone) -> None:
    """What the organizer is told of a ticket that let two people in."""
    page, event = await phone.tab.page.context.new_page(), evening.fair.event
    path = f"/organizer/{evening.fair.merchant.slug}/events/{event.short_id}/gates/conflicts"
    await page.goto(evening.url + path)
    told = page.get_by_role("article").filter(has_text="Budi Santoso")
    await expect(told).to_have_count(1)
    await expect(told.get_by_role("row").filter(has_text="HP Sari")).to_contain_text("Yang dihitung")
    await expect(told.get_by_role("row").filter(has_text="HP Tono")).to_contain_text("tanpa jaringan")
    await page.close()


async def pair_anew(evening: Evening, phone: GatePhone) -> None:
    """A phone that is shown another code has to be let go first, and then keeps nothing of what it had."""
    page, code = phone.tab.page, await evening.entrance.code()
    await page.goto(f"{evening.url}/gate?pair={code}")
    await page.get_by_role("button", name="Ya, lepas dan hapus").click()
    await expect(page.get_by_label("Kode pemasangan")).to_have_value(f"{code[:4]}-{code[4:]}")
    await page.reload()
    await expect(page.get_by_role("heading", name="Pasangkan perangkat ini")).to_be_visible()
