"""WhatsApp in this process: the fake that is shipped for development, on a socket, and what tests do with it.

An application learns of it by its settings: `settings.model_copy(update=whatsapp.settings)`; and the fake of the
application by `whatsapp.deliver_to(app)`, or an address. Updates wait until then.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from pesan.app.whatsapp_fake import Business, Faults, Terms, serving

WEBHOOK_PATH = "/api/webhooks/whatsapp"
BODY_TEMPLATE = "Halo {{1}}, ada kabar untukmu."
Json = dict[str, Any]


class FakeWhatsApp:
    """One business account there, with its customers; everything goes through the control API."""

    def __init__(self, business: Business, url: str, http: httpx.AsyncClient) -> None:
        self.business = business
        self.terms = business.terms
        self.url = url
        self._http = http
        self._opened: list[httpx.AsyncClient] = []

    @property
    def settings(self) -> Json:
        """The settings of an instance that uses this account, by their fields."""
        return {
            "wa_phone_id": self.terms.numbers[0].id,
            "wa_access_token": SecretStr(self.terms.access_token),
            "wa_verify_token": SecretStr(self.terms.verify_token),
            "wa_app_secret": SecretStr(self.terms.app_secret),
            "wa_business_id": self.terms.business_id,
            "wa_url": self.url,
            "wa_number": f"+{self.terms.numbers[0].display}",
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same as variables, for an instance in processes of its own."""
        return {
            f"PESAN_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in self.settings.items()
        }

    def deliver_to(self, target: Any) -> None:
        """Post webhooks to an address, or to the webhook of an application in this process."""
        if isinstance(target, str):
            self.business.postman.point_at(target)
            return
        transport = httpx.ASGITransport(target, raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport)
        self._opened.append(http)
        self.business.postman.point_at(f"http://127.0.0.1{WEBHOOK_PATH}", http)

    async def say(self, wa: str, text: str | None = None, **said: Any) -> Json:
        """A customer writes (see `saying.Say`); the message as the fake keeps it."""
        answer: Json = await self._ask("POST", f"/customers/{wa}/say", {"text": text, **said})
        return answer

    async def messages(
        self, wa: str, *, at_least: int = 0, within: float = 20, whole: bool = False
    ) -> list[Json]:
        """What a customer got, in order, waiting for `at_least` so many; with `whole` also what they wrote."""
        query = f"at_least={at_least}&within={within}&whole={whole}"
        found: list[Json] = await self._ask("GET", f"/customers/{wa}/messages?{query}")
        return found

    async def read(self, wa: str) -> None:
        """A customer opens the chat."""
        await self._ask("POST", f"/customers/{wa}/read", {})

    async def set_faults(self, **faults: Any) -> None:
        """Change what goes wrong (see `faults.Faults`); the rest stays."""
        await self._ask("POST", "/faults", faults)

    async def measures(self) -> Json:
        """What was taken, how fast, and what twice."""
        answer: Json = await self._ask("GET", "/measures")
        return answer

    async def move_clock(self, seconds: float = 0, *, is_stopped: bool | None = None) -> float:
        """Let time pass there; the moment it is then."""
        moved = await self._ask("POST", "/clock", {"forward": seconds, "is_stopped": is_stopped})
        return float(moved["now"])

    async def burst(self, **wanted: Any) -> Json:
        """A load of inbound messages (see `burst.Burst`), and how it was answered."""
        answer: Json = await self._ask("POST", "/burst", wanted)
        return answer

    async def create_template(
        self,
        name: str,
        body: str = BODY_TEMPLATE,
        *,
        category: str = "UTILITY",
        language: str = "id",
        **rest: Any,
    ) -> str:
        """A template that is approved at once unless the faults say otherwise; its id."""
        count = body.count("{{")
        example = {"example": {"body_text": [["contoh"] * count]}} if count else {}
        components = [{"type": "BODY", "text": body, **example}, *rest.pop("components", [])]
        wanted = {"name": name, "language": language, "category": category, "components": components, **rest}
        answer = await self._http.post(
            f"{self.url}/v24.0/{self.terms.business_id}/message_templates",
            json=wanted,
            headers={"authorization": f"Bearer {self.terms.access_token}"},
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    async def reset(self) -> None:
        """As it was at the start."""
        await self._ask("POST", "/reset", {})

    async def close(self) -> None:
        """Let go of what `deliver_to` opened."""
        for http in self._opened:
            await http.aclose()

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self._http.request(method, f"{self.url}/fake{path}", json=body)
        answer.raise_for_status()
        return answer.json()


@asynccontextmanager
async def running_whatsapp(
    terms: Terms | None = None, faults: Faults | None = None, *, seed: int | None = 1
) -> AsyncIterator[FakeWhatsApp]:
    """Serve a fake on a free port until the block ends; by default it answers and delivers at once."""
    business = Business(terms or Terms(retry_seconds=0.02), faults, seed=seed)
    async with serving(business) as url, httpx.AsyncClient(timeout=70) as http:
        fake = FakeWhatsApp(business, url, http)
        try:
            yield fake
        finally:
            await fake.close()
