"""A whole journey of people whose every word is marked: none of the marks is found in logs, jobs or metrics."""

import asyncio
import re
from dataclasses import dataclass, field

import httpx
import pytest

from pesan.identity.states import MerchantRole
from tests.storage.files import encoded, picture
from tests.support.factories import PASSWORD
from tests.support.service import Service

pytestmark = pytest.mark.timeout(240)
PROOF = encoded(picture(300, 500), "PNG")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PROOF_LINK = re.compile(r"/backoffice/proofs/([A-Za-z0-9_.~-]+)")
BUYER = {
    "name": "Kanariawati Rahasianti",
    "wa": "0812-5550-1234",
    "email": "kanari.rahasia@surat.contoh.id",
    "notes": "catatan-kanari-7788, kartu 4111 1111 1111 1111",
}
WRONG_PASSWORD = "sandi-kanari-99"
FILE_NAME = "bukti-kanari-5566.png"
# Parts that stay recognisable however they are written: with another prefix, cut, or in another case.
MARKS = [
    "kanariawati",
    "rahasianti",
    "81255501234",
    "812-5550-1234",
    "5550-1234",
    "kanari.rahasia",
    "catatan-kanari",
    "4111 1111 1111",
    "4111111111111",
    WRONG_PASSWORD,
    PASSWORD,
    "bukti-kanari",
]


@dataclass
class Journey:
    """Walks through the service, and keeps what nobody else may see."""

    client: httpx.AsyncClient
    secrets: list[str] = field(default_factory=list)

    async def book(self, event_id: str, method_id: str) -> str:
        """From a refused sheet to a proof; the booking's code."""
        await self.client.post("/api/bookings/hold", json={"eventId": "x", **BUYER, "qty": "kanariawati"})
        held = await self.client.post("/api/bookings/hold", json={"eventId": event_id, **BUYER})
        booking = held.raise_for_status().json()
        code, path = str(booking["code"]), f"/api/bookings/{booking['id']}"
        self.secrets += [code, *self.client.cookies.values()]
        (await self.client.post(f"{path}/select-method", json={"methodId": method_id})).raise_for_status()
        await self.client.post(f"{path}/proof", files={"file": (FILE_NAME, b"<svg/>", "image/svg+xml")})
        proof = await self.client.post(f"{path}/proof", files={"file": (FILE_NAME, PROOF, "image/png")})
        proof.raise_for_status()
        for page in (
            f"/b/{code}",
            f"/b?code={code}",
            f"/b/{code}/summary.pdf",
            f"/b/{code}?wa={BUYER['wa']}",
            "/b?code=4111111111111111",
            "/events?q=4111+1111+1111+1111",
        ):
            await self.client.get(page)
        return code

    async def fail_to_sign_in(self) -> None:
        """A person who forgot, from an address that nobody has."""
        page = await self.client.get("/backoffice/login")
        form = {"email": BUYER["email"], "password": WRONG_PASSWORD, "csrf_token": token_of(page)}
        assert (await self.client.post("/backoffice/login", data=form)).status_code == 401

    async def review(self, merchant: str, code: str) -> None:
        """Look at the proof, approve it, search for the buyer, export everybody."""
        home = f"/organizer/{merchant}"
        page = await self.client.get(f"{home}/review/{code}")
        links = PROOF_LINK.findall(page.text)
        self.secrets += [*links, *self.client.cookies.values()]
        for link in links:
            (await self.client.get(f"/backoffice/proofs/{link}")).raise_for_status()
        form = {"csrf_token": token_of(page)}
        approved = await self.client.post(f"{home}/review/{code}/approve", data=form)
        assert approved.status_code == 303
        await self.client.get(f"{home}/bookings", params={"q": BUYER["wa"]})
        exported = await self.client.post(f"{home}/bookings/export?format=csv", data=form)
        assert BUYER["email"] in exported.text

    async def use_the_ticket(self, code: str) -> None:
        """Wait for it, and have it verified, by itself and with one letter wrong."""
        async with asyncio.timeout(60):
            while (await self.client.get(f"/api/bookings/{code}/status")).json()["state"] != "COMPLETED":
                await asyncio.sleep(0.2)
        booking = (await self.client.get(f"/api/bookings/{code}")).json()
        ticket = booking["tickets"][0]["qr"]
        self.secrets.append(ticket)
        for payload in (ticket, ticket[:-1] + "A"):
            await self.client.post("/api/verify/qr", json={"payload": payload})


def token_of(page: httpx.Response) -> str:
    found = TOKEN.search(page.text)
    assert found is not None
    return found[1]


def written_by(service: Service, database: str, postgres) -> str:
    """Everything that operators and their tools read."""
    files = [service.log, *(service.home / "logs").glob("*.jsonl")]
    text = "\n".join(path.read_text(errors="replace") for path in files)
    with postgres.connect(database) as owner:
        jobs = owner.execute("SELECT args::text, lock, queueing_lock FROM procrastinate_jobs").fetchall()
        failures = owner.execute("SELECT code FROM job_failures").fetchall()
    return "\n".join([text, str(jobs), str(failures)])


async def test_nothing_personal_is_written_where_operators_read(live_server, make, postgres, database_url):
    merchant = await make.merchant(slug="kopi-senja")
    method = await make.method(merchant)
    event = await make.event(merchant)
    organizer = await make.session_of(await make.user(merchant, MerchantRole.ORGANIZER))
    service = await live_server(PESAN_LOG_LEVEL="debug")
    async with (
        httpx.AsyncClient(base_url=service.url, timeout=30) as guest,
        httpx.AsyncClient(base_url=service.url, timeout=30, cookies=organizer) as desk,
    ):
        buyer, staff = Journey(guest), Journey(desk)
        code = await buyer.book(str(event.id), str(method.id))
        await buyer.fail_to_sign_in()
        await staff.review(merchant.slug, code)
        await buyer.use_the_ticket(code)
        metrics = (await guest.get("/metrics")).text
    await service.stop()

    written = written_by(service, database_url.database, postgres)
    assert [route for route in ("/api/bookings/hold", "checkout.tell_buyer") if route not in written] == []
    everything = (written + metrics).lower()
    marks = [*MARKS, *buyer.secrets, *staff.secrets]
    assert [mark for mark in marks if mark.lower() in everything] == []
