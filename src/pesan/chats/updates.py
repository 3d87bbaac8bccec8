"""What WhatsApp told, as it is kept until somebody acts on it: by which key, of which kind, in which form."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

import orjson

from pesan.chats.states import UpdateKind
from pesan.kit.ids import new_id
from pesan.messaging.whatsapp.inbound import (
    InboundMessage,
    MediaRef,
    OtherUpdate,
    PreferenceUpdate,
    Pricing,
    StatusUpdate,
    TemplateUpdate,
    Update,
)

Json = dict[str, Any]
U = TypeVar("U")

_LONGEST_KEY = 300
_LONGEST_NUMBER_ID = 40
_KINDS: Mapping[type[Any], UpdateKind] = {
    InboundMessage: UpdateKind.MESSAGE,
    StatusUpdate: UpdateKind.STATUS,
    PreferenceUpdate: UpdateKind.PREFERENCE,
    TemplateUpdate: UpdateKind.TEMPLATE,
    OtherUpdate: UpdateKind.OTHER,
}
# Fields that are more than text and numbers.
_MOMENTS = frozenset({"at", "said_at"})
_PARTS: Mapping[str, type[Any]] = {"pricing": Pricing, "media": MediaRef}


def kind_of(update: Update) -> UpdateKind:
    """What was told."""
    return _KINDS[type(update)]


def key_of(update: Update) -> str:
    """By what it is known again when it comes a second time: the message's `wamid`, a status with what it says."""
    if isinstance(update, InboundMessage):
        return _short(update.wamid)
    if isinstance(update, StatusUpdate):
        return _short(f"{update.wamid}:{update.status}")
    return f"{kind_of(update)}:{sha256(orjson.dumps(update, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


def as_payload(update: Update) -> Json:
    """The update as JSON, to keep; `read_update` reads it."""
    payload: Json = orjson.loads(orjson.dumps(update))
    return payload


def row_of(update: Update) -> Json:
    """The columns of the `ChatUpdate` that keeps it; two tellings of the same thing have one key."""
    told = update if isinstance(update, (InboundMessage, PreferenceUpdate)) else None
    said_at = getattr(update, "said_at", None) or getattr(update, "at", None)
    return {
        "id": new_id(),
        "key": key_of(update),
        "kind": kind_of(update).value,
        "phone_number_id": getattr(update, "phone_number_id", "")[:_LONGEST_NUMBER_ID],
        "wa": told.wa if told else None,
        "payload": as_payload(update),
        "said_at": said_at,
    }


def read_update(kind: type[U], payload: Mapping[str, Any]) -> U:
    """The update that `as_payload` kept, of the `kind` that it is; a field that it lacks is None."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # every update is a dataclass
    return kind(**{name: _thaw(name, payload.get(name)) for name in names})


def _thaw(name: str, value: Any) -> Any:
    if value is not None and name in _MOMENTS:
        return datetime.fromisoformat(value)
    if value is not None and name in _PARTS:
        return _PARTS[name](**value)
    return value


def _short(key: str) -> str:
    return key if len(key) <= _LONGEST_KEY else sha256(key.encode()).hexdigest()
