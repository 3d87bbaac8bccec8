"""What Meta's webhook brings, in our words (protocols §6.4, §6.5). Pure: reads, and never fails.

Whatever is not understood becomes an `OtherUpdate`, so that nothing is lost and nothing stops the rest. Order is not
guaranteed and the same update may come again for days; whoever stores them tells by `wamid` (and `status`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pesan.messaging.whatsapp import fields
from pesan.messaging.whatsapp.messages import InboundMessage, MediaRef, read_message

__all__ = [
    "InboundMessage",
    "MediaRef",
    "OtherUpdate",
    "PreferenceUpdate",
    "Pricing",
    "StatusUpdate",
    "TemplateUpdate",
    "Update",
    "read_updates",
]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pricing:
    """What a sent message is charged as; `category` spelled with underscores, as some pages have dashes."""

    type: str
    category: str


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """How far one of our messages came; `opaque` is the id that we sent along, `recipient` E.164 or a user id."""

    phone_number_id: str
    wamid: str
    status: str
    at: datetime
    opaque: str | None
    recipient: str | None
    error_code: int | None
    pricing: Pricing | None


@dataclass(frozen=True, slots=True)
class PreferenceUpdate:
    """Somebody stopped marketing messages, or takes them again, by WhatsApp's own switch."""

    wa: str | None
    user_id: str | None
    is_stop: bool
    at: datetime
    phone_number_id: str = ""


@dataclass(frozen=True, slots=True)
class TemplateUpdate:
    """A template was judged (`event` like APPROVED or PAUSED) or moved to another `category` (CATEGORY_CHANGED)."""

    business_id: str
    template_id: str
    name: str
    language: str
    event: str
    category: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class OtherUpdate:
    """Something else, as it came: news of the account, or what is not understood."""

    kind: str
    raw: Json


Update = InboundMessage | StatusUpdate | PreferenceUpdate | TemplateUpdate | OtherUpdate


def read_updates(body: object) -> list[Update]:
    """Every update of a webhook's body as parsed, those of all its phone numbers, in the order they stand there."""
    cleaned = fields.clean(body)
    whole = cleaned if isinstance(cleaned, dict) else {"value": cleaned}
    found = [update for entry in fields.items(whole, "entry") for update in _of_entry(entry)]
    return found or [OtherUpdate("unknown", whole)]


def _of_entry(entry: Json) -> Iterator[Update]:
    business_id = fields.text(entry, "id") or ""
    changes = fields.items(entry, "changes")
    if not changes:
        yield OtherUpdate("unknown", entry)
    for change in changes:
        field, value = fields.text(change, "field") or "", change.get("value")
        if not isinstance(value, dict):
            yield OtherUpdate(field or "unknown", change)
        elif field == "messages":
            yield from _of_messages(value)
        elif field == "user_preferences":
            yield from _of_preferences(value)
        else:
            yield _of_template(business_id, field, value) or OtherUpdate(field or "unknown", value)


def _of_messages(value: Json) -> Iterator[Update]:
    phone_number_id = fields.text(fields.nested(value, "metadata"), "phone_number_id")
    contacts = fields.Contacts(value)
    messages, statuses = fields.items(value, "messages"), fields.items(value, "statuses")
    for message in messages:
        read = read_message(phone_number_id, message, contacts) if phone_number_id else None
        yield read or OtherUpdate("messages", message)
    for status in statuses:
        yield (_status(phone_number_id, status) if phone_number_id else None) or OtherUpdate(
            "statuses", status
        )
    if not messages and not statuses:
        yield OtherUpdate("errors" if "errors" in value else "messages", value)


def _status(phone_number_id: str, status: Json) -> StatusUpdate | None:
    wamid, named, at = fields.text(status, "id"), fields.text(status, "status"), fields.moment(status)
    if wamid is None or named is None or at is None:
        return None
    recipient = fields.number(status, "recipient_id") or fields.user_id(status, "recipient_user_id")
    errors = fields.objects(status, "errors")
    return StatusUpdate(
        phone_number_id,
        wamid,
        named,
        at,
        opaque=fields.text(status, "biz_opaque_callback_data"),
        recipient=recipient,
        error_code=fields.whole(errors[0], "code") if errors else None,
        pricing=_pricing(fields.nested(status, "pricing")),
    )


def _pricing(pricing: Json) -> Pricing | None:
    kind, category = fields.text(pricing, "type"), fields.text(pricing, "category")
    if kind is None or category is None:
        return None
    return Pricing(kind.lower(), category.lower().replace("-", "_"))


def _of_preferences(value: Json) -> Iterator[Update]:
    phone_number_id = fields.text(fields.nested(value, "metadata"), "phone_number_id") or ""
    contacts = fields.Contacts(value)
    preferences = fields.items(value, "user_preferences")
    for preference in preferences:
        yield _preference(phone_number_id, preference, contacts) or OtherUpdate(
            "user_preferences", preference
        )
    if not preferences:
        yield OtherUpdate("user_preferences", value)


def _preference(phone_number_id: str, preference: Json, contacts: fields.Contacts) -> PreferenceUpdate | None:
    at, chosen = fields.moment(preference), fields.text(preference, "value")
    person = contacts.of(fields.number(preference, "wa_id"), fields.user_id(preference, "user_id"))
    # Other categories may come; this switch is of marketing alone.
    is_marketing = fields.text(preference, "category") in {None, "marketing_messages"}
    if at is None or chosen not in {"stop", "resume"} or not is_marketing or not person.is_known:
        return None
    return PreferenceUpdate(person.wa, person.user_id, chosen == "stop", at, phone_number_id)


def _of_template(business_id: str, field: str, value: Json) -> TemplateUpdate | None:
    name, language = (
        fields.text(value, "message_template_name"),
        fields.text(value, "message_template_language"),
    )
    events = {
        "message_template_status_update": fields.text(value, "event"),
        "template_category_update": "CATEGORY_CHANGED",
    }
    event = events.get(field)
    if event is None or name is None or language is None:
        return None
    return TemplateUpdate(
        business_id,
        # A number here, a text in other answers.
        template_id=fields.text(value, "message_template_id") or "",
        name=name,
        language=language,
        event=event.upper(),
        category=fields.text(value, "new_category") or fields.text(value, "message_template_category"),
        reason=fields.text(value, "reason"),
    )
