"""Whether a message may be taken: its envelope, and the content of each type (protocols.md §6.6)."""

import re
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.rules.filling import check_filling
from pesan.app.whatsapp_fake.rules.interactive import check_interactive
from pesan.app.whatsapp_fake.rules.media import KINDS, check_media
from pesan.app.whatsapp_fake.rules.reading import UNEXPECTED, WRONG, Part
from pesan.app.whatsapp_fake.rules.templates import Template

MAX_TEXT, MAX_OPAQUE = 4096, 512
UNKNOWN_TYPE, NO_TEMPLATE, PAUSED, DISABLED = 131051, 132001, 132015, 132016
_NUMBER = re.compile(r"\+[1-9]\d{7,14}")
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_ENVELOPE = ("messaging_product", "recipient_type", "to", "recipient", "type", "context")
FindTemplate = Callable[[str, str], Template | None]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that may be sent. `to` has no plus; `filled` is what a template became."""

    to: str
    user_id: str
    addressed: str
    kind: str
    content: dict[str, Any]
    opaque: str = ""
    context: str = ""
    template: Template | None = None
    filled: dict[str, Any] = field(default_factory=dict)


def read_message(body: Any, uploads: Container[str], find_template: FindTemplate) -> Outgoing:
    """The message of a request; raises GraphError for one that breaks a rule."""
    part = Part(body, "")
    part.one_of("messaging_product", {"whatsapp"}, code=UNEXPECTED)
    if part.has("recipient_type"):
        part.one_of("recipient_type", {"individual"}, code=UNEXPECTED)
    kind = part.text("type", 50)
    if kind not in {*_CHECKS, *KINDS, "template"}:
        raise GraphError(UNKNOWN_TYPE, f"{kind} is not a message type")
    part.only(*_ENVELOPE, "biz_opaque_callback_data", kind)
    to, user_id = _read_recipient(part)
    template: Template | None = None
    filled: dict[str, Any] = {}
    content = part.part(kind)
    if kind == "template":
        template, filled = _read_template(content, uploads, find_template)
    elif kind in KINDS:
        check_media(kind, content, uploads)
    else:
        _CHECKS[kind](content, uploads)
    return Outgoing(
        to.removeprefix("+"),
        user_id,
        to or user_id,
        kind,
        content.value,
        part.maybe_text("biz_opaque_callback_data", MAX_OPAQUE),
        _read_context(part),
        template,
        filled,
    )


def _read_recipient(part: Part) -> tuple[str, str]:
    """The phone number, or the business-scoped user id where only that is given."""
    if not part.has("to") and part.has("recipient"):
        user_id = part.text("recipient", 131)
        if not _USER_ID.fullmatch(user_id):
            raise GraphError(WRONG, "recipient is not a user id")
        return "", user_id
    to = part.text("to", 20)
    if not _NUMBER.fullmatch(to):
        raise GraphError(WRONG, "to must be a number with + and its country code")
    return to, ""


def _read_context(part: Part) -> str:
    if not part.has("context"):
        return ""
    message_id = part.part("context").only("message_id").text("message_id", 300)
    if not message_id.startswith("wamid."):
        raise GraphError(WRONG, "context['message_id'] is not a message")
    return message_id


def _read_template(
    part: Part, uploads: Container[str], find_template: FindTemplate
) -> tuple[Template, dict[str, Any]]:
    part.only("name", "language", "components")
    name = part.text("name", 512)
    code = part.part("language").only("code", "policy").text("code", 10)
    template = find_template(name, code)
    if template is None or template.status not in {"APPROVED", "PAUSED", "DISABLED"}:
        raise GraphError(NO_TEMPLATE, f"template name ({name}) does not exist in {code}")
    if template.status != "APPROVED":
        raise GraphError(PAUSED if template.status == "PAUSED" else DISABLED)
    return template, check_filling(template, part, uploads)


def _check_text(part: Part, _: Container[str]) -> None:
    part.only("body", "preview_url").text("body", MAX_TEXT)
    part.maybe_flag("preview_url")


def _check_reaction(part: Part, _: Container[str]) -> None:
    part.only("message_id", "emoji").text("message_id", 300)
    part.maybe_text("emoji", 20, least=0)


def _check_location(part: Part, _: Container[str]) -> None:
    part.only("latitude", "longitude", "name", "address")
    for axis in ("latitude", "longitude"):
        if not isinstance(part.value.get(axis), int | float | str):
            raise GraphError(WRONG, f"{part.path}['{axis}'] must be a number")


_CHECKS: dict[str, Callable[[Part, Container[str]], None]] = {
    "text": _check_text,
    "interactive": check_interactive,
    "reaction": _check_reaction,
    "location": _check_location,
}
