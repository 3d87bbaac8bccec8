"""One message that somebody sent us, whatever its type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pesan.messaging.whatsapp import fields

Json = dict[str, Any]

_LONGEST_KIND = 40
_MEDIA = frozenset({"image", "document", "audio", "video", "sticker"})


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file with Meta, kept there for seven days; `sha256` as the webhook has it, in base64."""

    media_id: str
    mime: str
    sha256: str | None
    filename: str | None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """What somebody wrote or tapped. `wa` is E.164, and missing where Meta knows them by `user_id` alone.

    `kind` is Meta's type, also one that is not known yet: it opens the window all the same. `text` is what can be read
    of it (a caption, a button's title), `reply_id` the id of ours that was tapped.
    """

    phone_number_id: str
    wamid: str
    wa: str | None
    user_id: str | None
    profile_name: str | None
    kind: str
    text: str
    reply_id: str | None
    media: MediaRef | None
    context_wamid: str | None
    said_at: datetime
    raw: Json


def read_message(phone_number_id: str, message: Json, contacts: fields.Contacts) -> InboundMessage | None:
    """The message, or None where nobody could answer it or know it again. One of a group is not for this desk."""
    wamid, said_at = fields.text(message, "id"), fields.moment(message)
    kind = (fields.text(message, "type") or "")[:_LONGEST_KIND]
    person = contacts.of(fields.number(message, "from"), fields.user_id(message, "from_user_id"))
    if wamid is None or said_at is None or not kind or not person.is_known or "group_id" in message:
        return None
    content = fields.nested(message, kind)
    return InboundMessage(
        phone_number_id,
        wamid,
        person.wa,
        person.user_id,
        person.profile_name,
        kind,
        text=_TEXTS.get(kind, _nothing)(content) or "",
        reply_id=_reply_id(kind, content),
        media=_media(content) if kind in _MEDIA else None,
        context_wamid=fields.text(fields.nested(message, "context"), "id"),
        said_at=said_at,
        raw=message,
    )


def _reply(content: Json) -> Json:
    return fields.nested(content, "button_reply") or fields.nested(content, "list_reply")


def _reply_id(kind: str, content: Json) -> str | None:
    # `interactive` answers buttons and lists of ours, `button` those of a template.
    if kind == "interactive":
        return fields.text(_reply(content), "id")
    return fields.text(content, "payload") if kind == "button" else None


def _media(content: Json) -> MediaRef | None:
    media_id = fields.text(content, "id")
    if media_id is None:
        return None
    mime = fields.text(content, "mime_type") or "application/octet-stream"
    return MediaRef(media_id, mime, fields.text(content, "sha256"), fields.text(content, "filename"))


def _nothing(_content: Mapping[str, Any]) -> None:
    return None


def _caption(content: Json) -> str | None:
    return fields.text(content, "caption")


_TEXTS: Mapping[str, Callable[[Json], str | None]] = {
    "text": lambda content: fields.text(content, "body"),
    "image": _caption,
    "document": _caption,
    "video": _caption,
    "button": lambda content: fields.text(content, "text"),
    "interactive": lambda content: fields.text(_reply(content), "title"),
    "reaction": lambda content: fields.text(content, "emoji"),
    "system": lambda content: fields.text(content, "body"),
}
