"""The service between a business and its customers: takes messages, and tells what became of them."""

import asyncio
from secrets import token_hex, token_urlsafe
from typing import Any

import httpx

from pesan.app.whatsapp_fake.catalogue import Catalogue
from pesan.app.whatsapp_fake.clock import Clock
from pesan.app.whatsapp_fake.errors import GraphError, in_status
from pesan.app.whatsapp_fake.events import Events
from pesan.app.whatsapp_fake.faults import Chance, Faults
from pesan.app.whatsapp_fake.fetching import fetch_link
from pesan.app.whatsapp_fake.limits import PairRate
from pesan.app.whatsapp_fake.measures import Measures
from pesan.app.whatsapp_fake.media import Media
from pesan.app.whatsapp_fake.people import Customer, Entry, People
from pesan.app.whatsapp_fake.postman import Postman
from pesan.app.whatsapp_fake.prices import price
from pesan.app.whatsapp_fake.rules.media import MEDIA_ERROR
from pesan.app.whatsapp_fake.rules.messages import Outgoing, read_message
from pesan.app.whatsapp_fake.rules.reading import UNEXPECTED, Part
from pesan.app.whatsapp_fake.rules.templates import Template
from pesan.app.whatsapp_fake.shown import show
from pesan.app.whatsapp_fake.terms import Number, Terms
from pesan.app.whatsapp_fake.updates import MESSAGES, Update

OUTSIDE_WINDOW, TO_ITSELF, NO_USER_ID, STOPPED = 131047, 131021, 131062, 131050
TOO_MANY = 130429
_STEPS = ("sent", "delivered", "read")


class Business:
    """One business account with its numbers, templates, files and customers, all in memory."""

    def __init__(self, terms: Terms, faults: Faults | None = None, *, seed: int | None = None) -> None:
        self.terms = terms
        self.clock = Clock()
        self.chance = Chance(faults or Faults(), seed)
        self.measures = Measures()
        self.media = Media(self.clock)
        self.catalogue = Catalogue(self.clock)
        self.people = People()
        self.events = Events()
        self.pairs = PairRate(self.clock)
        self.http = httpx.AsyncClient(timeout=20.0, limits=httpx.Limits(max_connections=64))
        self.postman = Postman(terms, self.chance, self.measures, self.http)
        self._first_faults = self.chance.faults.model_copy(deep=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to deliver."""
        self.postman.start()

    async def stop(self) -> None:
        """Let go of everything."""
        self.events.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.postman.stop()
        await self.http.aclose()

    def reset(self) -> None:
        """As it was at the start, and nothing of before is delivered any more; where webhooks go stays."""
        for task in self._tasks:
            task.cancel()
        self.postman.forget()
        self.chance.faults = self._first_faults.model_copy(deep=True)
        for part in (self.clock, self.measures):
            part.reset()
        for store in (self.media, self.catalogue, self.people, self.pairs):
            store.clear()
        self.events.tell("reset")

    def take(self, number: Number, body: Any) -> Entry:
        """Take a message; raises GraphError for one that may not be sent, or not now."""
        message = read_message(body, self.media, self.catalogue.find)
        customer = self._find_recipient(message)
        self._refuse(number, customer, message)
        now = self.clock.now()
        self.measures.take(number.id, customer.wa, message.opaque)
        template = message.template
        entry = Entry(
            id=f"wamid.{token_urlsafe(24)}",
            by="business",
            sender=number.id,
            kind=message.kind,
            content=message.content,
            at=int(now),
            shown=show(message),
            opaque=message.opaque,
            context=message.context,
            status="accepted",
            pricing=price(template, is_open=customer.window_left(number.id, now) > 0, now=now),
        )
        error = self._find_obstacle(customer, template)
        if error is None:
            customer.entries.append(entry)
            self.events.tell("message", wa=customer.wa, name=customer.name, entry=entry.as_json())
        self._spawn(self._report(number, customer, entry, error))
        return entry

    def mark_read(self, number: Number, body: Any) -> None:
        """The business read what a customer wrote, and may be typing."""
        part = Part(body, "").only("messaging_product", "status", "message_id", "typing_indicator")
        part.one_of("messaging_product", {"whatsapp"}, code=UNEXPECTED)
        part.one_of("status", {"read"})
        message_id = part.text("message_id", 300)
        is_typing = part.has("typing_indicator")
        if is_typing:
            part.part("typing_indicator").only("type").one_of("type", {"text"})
        found = self.people.find_author(message_id)
        if found is None or found[1].sender != number.id:
            raise GraphError(UNEXPECTED, f"Object with ID '{message_id}' does not exist")
        customer, entry = found
        entry.advance("read")
        self.events.tell("status", wa=customer.wa, id=entry.id, status="read", is_typing=is_typing)

    def read_by(self, customer: Customer, number_id: str = "") -> int:
        """The customer opened the chat: everything in it is read now; how many messages that were."""
        unread = [
            entry
            for entry in customer.entries
            if entry.by == "business" and entry.sender.startswith(number_id) and entry.advance("read")
        ]
        for entry in unread:
            self._tell_status(customer, entry, "read")
        return len(unread)

    def create_template(self, body: Any) -> Template:
        """A template that is decided on later, as the faults say."""
        template = self.catalogue.create(body)
        faults = self.chance.faults
        if faults.templates != "PENDING":
            self._spawn(self._decide(template, faults.templates))
        return template

    def decide(self, template: Template, event: str, reason: str = "NONE") -> None:
        """A template is approved, rejected, paused, disabled."""
        template.status, template.reason = event, reason
        item = {
            "event": event,
            "message_template_id": int(template.id),
            "message_template_name": template.name,
            "message_template_language": template.language,
            "message_template_category": template.category,
            "reason": reason,
        }
        self.postman.tell(Update("message_template_status_update", "", item, key=template.name))
        self.events.tell("template", name=template.name, status=event)

    def _find_recipient(self, message: Outgoing) -> Customer:
        if message.to:
            return self.people.meet(message.to)
        customer = self.people.find_by_user_id(message.user_id)
        if customer is None or (message.template and message.template.category == "AUTHENTICATION"):
            raise GraphError(NO_USER_ID)
        return customer

    def _refuse(self, number: Number, customer: Customer, message: Outgoing) -> None:
        if customer.wa in {one.display for one in self.terms.numbers}:
            raise GraphError(TO_ITSELF)
        is_open = customer.window_left(number.id, self.clock.now()) > 0
        if message.template is None and not is_open:
            why = "more than 24 hours have passed since the customer last replied to this number."
            raise GraphError(OUTSIDE_WINDOW, f"Message failed to send because {why}")
        faults = self.chance.faults
        if faults.throughput and self.measures.in_last_second(number.id) >= faults.throughput:
            raise GraphError(TOO_MANY, "Cloud API message throughput has been reached.")
        if faults.pair_rate:
            self.pairs.count(number.id, customer.wa)

    def _find_obstacle(self, customer: Customer, template: Template | None) -> int | None:
        """The code that the message will be reported as failed with."""
        error = self.chance.faults.undeliverable.get(customer.wa)
        is_marketing = template is not None and template.category == "MARKETING"
        return STOPPED if error is None and is_marketing and customer.has_stopped_marketing else error

    async def _report(self, number: Number, customer: Customer, entry: Entry, error: int | None) -> None:
        faults = self.chance.faults
        media = entry.shown.get("media")
        if error is None and media and media["link"] and self.terms.fetches_links:
            error = await fetch_link(self.http, self.media, number, media)
        if error is not None:
            await asyncio.sleep(self.chance.seconds(faults.status_delay_ms))
            entry.status, entry.error = "failed", error
            self._tell_status(customer, entry, "failed")
            return
        far = _STEPS.index(faults.statuses) + 1 if faults.statuses in _STEPS else 0
        for step in _STEPS[:far]:
            await asyncio.sleep(self.chance.seconds(faults.status_delay_ms))
            if entry.advance(step):
                self._tell_status(customer, entry, step)

    def _tell_status(self, customer: Customer, entry: Entry, status: str) -> None:
        item: dict[str, Any] = {
            "id": entry.id,
            "status": status,
            "timestamp": str(int(self.clock.now())),
            **({} if customer.hides_number else {"recipient_id": customer.wa}),
            "recipient_user_id": customer.user_id,
        }
        if entry.opaque:
            item["biz_opaque_callback_data"] = entry.opaque
        if status in {"sent", "delivered"}:
            item["pricing"] = entry.pricing
        if status == "failed" and entry.error is not None:
            details = "Media could not be fetched" if entry.error == MEDIA_ERROR else ""
            item["errors"] = [in_status(entry.error, details)]
        number = self.terms.find_number(entry.sender)
        self.postman.tell(Update(MESSAGES, "statuses", item, number, key=customer.wa))
        self.events.tell("status", wa=customer.wa, id=entry.id, status=status, error=entry.error)

    async def _decide(self, template: Template, event: str) -> None:
        await asyncio.sleep(self.chance.seconds(self.chance.faults.template_delay_ms))
        self.decide(template, event, "NONE" if event == "APPROVED" else "INCORRECT_CATEGORY")

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def new_message_id() -> str:
    """An id for what a customer writes."""
    return f"wamid.{token_hex(20).upper()}"
