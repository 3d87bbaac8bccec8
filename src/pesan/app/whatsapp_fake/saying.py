"""What customers do: write, send files, tap buttons, react; and how the business is told (protocols.md §6.4)."""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pesan.app.whatsapp_fake.business import Business, new_message_id
from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.media import INBOUND_SECONDS
from pesan.app.whatsapp_fake.people import Customer, Entry
from pesan.app.whatsapp_fake.rules.reading import WRONG
from pesan.app.whatsapp_fake.shown import show_plain
from pesan.app.whatsapp_fake.terms import Number
from pesan.app.whatsapp_fake.updates import MESSAGES, Update

MAX_BASE64 = 140 * 1024 * 1024
_NOTHING = "say something: text, image, document, reply_id, reaction, location or raw"


class Say(BaseModel):
    """One message of a customer; exactly one of the shapes, and who it is from and to.

    `image` and `document` are base64. A `reply_id` taps the newest button or row of that id; `raw` is any message as
    it should go over the wire, without its envelope. `id` and `at` say again what was said, or when.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=100)
    phone_number_id: str = ""
    hides_number: bool | None = None
    id: str = Field("", max_length=200)
    at: int | None = None
    text: str | None = Field(None, max_length=65_536)
    image: str | None = Field(None, max_length=MAX_BASE64)
    document: str | None = Field(None, max_length=MAX_BASE64)
    mime: str = ""
    filename: str = Field("", max_length=200)
    caption: str = Field("", max_length=1024)
    reply_id: str | None = Field(None, max_length=256)
    title: str = Field("", max_length=100)
    reaction: dict[str, str] | None = None
    location: dict[str, Any] | None = None
    raw: dict[str, Any] | None = None
    context: str = ""


class Marketing(BaseModel):
    """A customer stops or resumes marketing messages."""

    value: Literal["stop", "resume"]
    phone_number_id: str = ""


class ReadBy(BaseModel):
    """The customer opens the chat with one number, or with all of them."""

    phone_number_id: Annotated[str, Field(max_length=40)] = ""


def say(business: Business, wa: str, said: Say) -> Entry:
    """A customer writes; raises GraphError for what the app would not send either."""
    customer = business.people.meet(wa, said.name)
    if said.hides_number is not None:
        customer.hides_number = said.hides_number
    number = _number(business, said.phone_number_id)
    kind, content, context = _shape(business, customer, number, said)
    entry = Entry(
        id=said.id or new_message_id(),
        by="customer",
        sender=number.id,
        kind=kind,
        content=content,
        at=int(business.clock.now()) if said.at is None else said.at,
        shown=_show(kind, content),
        context=context,
        status="delivered",
    )
    if customer.find(entry.id) is None:
        business.people.add(customer, entry)
        business.events.tell("message", wa=wa, name=customer.name, entry=entry.as_json())
    business.postman.tell(told(customer, number, entry))
    return entry


def told(customer: Customer, number: Number, entry: Entry) -> Update:
    """A customer's message as the business is told of it."""
    who = {} if customer.hides_number else {"from": customer.wa}
    content = dict(entry.content)
    beside = content.pop("_beside", {})
    item: dict[str, Any] = {
        **who,
        "from_user_id": customer.user_id,
        "id": entry.id,
        "timestamp": str(entry.at),
        "type": entry.kind,
        **({"context": {"from": number.display, "id": entry.context}} if entry.context else {}),
        **({entry.kind: content} if content else {}),
        **beside,
    }
    contact = None if entry.kind == "system" else customer.as_contact()
    return Update(MESSAGES, "messages", item, number, contact, customer.wa)


def choose_marketing(business: Business, wa: str, choice: Marketing) -> None:
    """Tell the business that the customer wants no marketing any more, or wants it again."""
    customer = business.people.meet(wa)
    customer.has_stopped_marketing = choice.value == "stop"
    item = {
        "wa_id": wa,
        "detail": f"User requested to {choice.value} marketing messages",
        "category": "marketing_messages",
        "value": choice.value,
        "timestamp": int(business.clock.now()),
    }
    number = _number(business, choice.phone_number_id)
    contact = customer.as_contact()
    update = Update("user_preferences", "user_preferences", item, number, contact, wa)
    business.postman.tell(update)


def _number(business: Business, sender: str) -> Number:
    number = business.terms.find_number(sender) if sender else business.terms.numbers[0]
    if number is None:
        raise GraphError(WRONG, f"{sender} is no number of this business")
    return number


def _shape(
    business: Business, customer: Customer, number: Number, said: Say
) -> tuple[str, dict[str, Any], str]:
    """The type of the message, its content, and which message it answers."""
    if said.raw is not None:
        return _raw(said.raw, said.context)
    if said.reply_id is not None:
        return _tap(customer, said)
    if said.image is not None or said.document is not None:
        kind = "image" if said.image is not None else "document"
        return kind, _file(business, number, kind, said), said.context
    if said.reaction is not None:
        return "reaction", dict(said.reaction), said.context
    if said.location is not None:
        return "location", said.location, said.context
    if said.text is None:
        raise GraphError(WRONG, _NOTHING)
    return "text", {"body": said.text}, said.context


def _raw(raw: dict[str, Any], context: str) -> tuple[str, dict[str, Any], str]:
    kind = str(raw.get("type", "unsupported"))
    beside = {key: value for key, value in raw.items() if key not in {"type", kind}}
    return kind, {**raw.get(kind, {}), **({"_beside": beside} if beside else {})}, context


def _tap(customer: Customer, said: Say) -> tuple[str, dict[str, Any], str]:
    reply_id = said.reply_id or ""
    for entry in reversed(customer.entries):
        if entry.by != "business" or (said.context and said.context != entry.id):
            continue
        found = _find_choice(entry.shown, reply_id)
        if found is not None:
            return (*_answer(found, said.title), entry.id)
    return (*_answer({"kind": "reply", "id": reply_id, "title": reply_id}, said.title), said.context)


def _find_choice(shown: dict[str, Any], reply_id: str) -> dict[str, Any] | None:
    rows = [row for section in shown.get("list", {}).get("sections", []) for row in section["rows"]]
    choices = [*shown.get("buttons", []), *({"kind": "row", **row} for row in rows)]
    return next((choice for choice in choices if choice.get("id") == reply_id), None)


def _answer(choice: dict[str, Any], title: str) -> tuple[str, dict[str, Any]]:
    title = title or choice["title"]
    if choice["kind"] == "payload":
        return "button", {"payload": choice["id"], "text": title}
    reply = {"id": choice["id"], "title": title}
    if choice["kind"] == "row":
        row = {**reply, "description": choice["description"]} if choice.get("description") else reply
        return "interactive", {"type": "list_reply", "list_reply": row}
    return "interactive", {"type": "button_reply", "button_reply": reply}


def _file(business: Business, number: Number, kind: str, said: Say) -> dict[str, Any]:
    try:
        content = base64.b64decode(said.image or said.document or "", validate=True)
    except binascii.Error as error:
        raise GraphError(WRONG, f"{kind} is not base64") from error
    mime = said.mime or ("image/jpeg" if kind == "image" else "application/pdf")
    file = business.media.add(number.id, mime, content, seconds=INBOUND_SECONDS, filename=said.filename)
    described = {"mime_type": mime, "sha256": file.sha256_base64, "id": file.id}
    if kind == "document":
        described["filename"] = said.filename or "dokumen.pdf"
    return {**({"caption": said.caption} if said.caption else {}), **described}


def _show(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    if kind == "interactive":
        answer = content.get("button_reply") or content.get("list_reply") or {}
        return {"text": answer.get("title", ""), "description": answer.get("description", "")}
    if kind == "button":
        return {"text": content.get("text", "")}
    try:
        return show_plain(kind, content)
    except (KeyError, TypeError):  # any shape may be sent raw
        return {"text": f"[{kind}]"}
