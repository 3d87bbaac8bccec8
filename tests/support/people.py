"""Guests and reviewers as their browsers act: the whole way of a booking over HTTP, patient where it is busy."""

import asyncio
import io
import random
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from PIL import Image

BUSY = {429, 503}
# A status page asks every ten seconds; a hundred guests who ask all the time would only keep the machine from the rest.
POLL_SECONDS = 2.0
JOURNEY_SECONDS = 240


async def patiently(client: httpx.AsyncClient, method: str, path: str, **what: Any) -> httpx.Response:
    """Ask again while the answer is that it is busy, as long as it says."""
    while True:
        try:
            answer = await client.request(method, path, **what)
        except httpx.TransportError as error:
            raise RuntimeError(f"{method} {path} broke: {error!r}") from error
        if answer.status_code not in BUSY:
            return answer
        await asyncio.sleep(float(answer.headers.get("retry-after", "1")) * random.uniform(0.5, 1.0))


@dataclass
class Guest:
    """One person who books one place; remembers every status that was not a success."""

    client: httpx.AsyncClient
    event_id: UUID
    name: str = "Budi Santoso"
    code: str = ""
    surprises: list[tuple[str, int]] = field(default_factory=list)

    async def book(self, to_review: asyncio.Queue[str]) -> str:
        """Hold, choose a method, send the proof, wait for the reviewer and the ticket; the ticket's QR text."""
        async with asyncio.timeout(JOURNEY_SECONDS):
            held = await self._ask("POST", "/api/bookings/hold", json=self._wish())
            self.code = held["code"]
            booking = await self._ask("GET", f"/api/bookings/{self.code}")
            order = f"/api/bookings/{booking['id']}"
            await self._ask("POST", f"{order}/select-method", json={"methodId": booking["methods"][0]["id"]})
            await self._ask(
                "POST", f"{order}/proof", files={"file": ("bukti.jpg", transfer_slip(), "image/jpeg")}
            )
            await to_review.put(self.code)
            await self._wait_for("COMPLETED")
            booking = await self._ask("GET", f"/api/bookings/{self.code}")
            qr: str = booking["tickets"][0]["qr"]
            return qr

    def _wish(self) -> dict[str, Any]:
        return {"eventId": str(self.event_id), "name": self.name, "qty": 1}

    async def _wait_for(self, state: str) -> None:
        while (await self._ask("GET", f"/api/bookings/{self.code}/status"))["state"] != state:
            await asyncio.sleep(POLL_SECONDS)

    async def _ask(self, method: str, path: str, **what: Any) -> Any:
        answer = await patiently(self.client, method, path, headers={"x-booking-code": self.code}, **what)
        if answer.is_error:
            self.surprises.append((path, answer.status_code))
        answer.raise_for_status()
        return answer.json()


@dataclass
class Reviewer:
    """One member of the staff, signed in, who approves what comes."""

    client: httpx.AsyncClient
    merchant_slug: str

    async def approve_all(self, waiting: asyncio.Queue[str]) -> None:
        """Approve every code of `waiting`, until cancelled."""
        token = await self._form_token()
        while True:
            code = await waiting.get()
            path = f"/organizer/{self.merchant_slug}/review/{code}/approve"
            answer = await patiently(self.client, "POST", path, data={"csrf_token": token})
            if answer.status_code != httpx.codes.SEE_OTHER:
                raise RuntimeError(f"{path} answered {answer.status_code}")

    async def _form_token(self) -> str:
        page = await patiently(self.client, "GET", "/backoffice/account")
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found, "every page of the desk has a form"
        return found[1]


def transfer_slip() -> bytes:
    """A picture that could be a screenshot of a transfer; no two are alike."""
    picture = Image.new("RGB", (360, 640), tuple(random.randrange(256) for _ in range(3)))
    for _ in range(40):
        box = (random.randrange(300), random.randrange(600))
        picture.paste(tuple(random.randrange(256) for _ in range(3)), (*box, box[0] + 60, box[1] + 20))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return file.getvalue()
