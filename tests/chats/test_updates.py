"""Updates are kept and read as they came, and known again when they come twice."""

from datetime import UTC, datetime

import pytest

from pesan.chats.updates import as_payload, key_of, kind_of, read_update
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

AT = datetime(2026, 1, 1, tzinfo=UTC)
MEDIA = MediaRef("1000000000000001", "image/jpeg", "abc=", None)
PHOTO = InboundMessage(
    "106",
    "wamid.IN",
    "+6281234567890",
    "ID.1",
    "Siti 🙏",
    "image",
    "bukti",
    None,
    MEDIA,
    None,
    AT,
    {"a": [1]},
)
SENT = StatusUpdate("106", "wamid.1", "sent", AT, "id", None, None, Pricing("regular", "utility"))
STOP = PreferenceUpdate("+6281234567890", None, is_stop=True, at=AT)
PAUSED = TemplateUpdate("102", "1", "kabar", "id", "PAUSED", None, None)
OTHER = OtherUpdate("account_alerts", {"alert": 1})


@pytest.mark.parametrize(
    ("update", "kind", "key"),
    [
        (PHOTO, "message", "wamid.IN"),
        (SENT, "status", "wamid.1:sent"),
        (STOP, "preference", None),
        (PAUSED, "template", None),
        (OTHER, "other", None),
    ],
)
def test_an_update_is_kept_whole(update: Update, kind: str, key: str | None) -> None:
    assert read_update(type(update), as_payload(update)) == update
    assert (kind_of(update), key_of(update)) == (kind, key or key_of(update))
    assert len(key_of(update)) <= 300


def test_a_key_tells_what_differs() -> None:
    resumed = PreferenceUpdate("+6281234567890", None, is_stop=False, at=AT)
    assert len({key_of(each) for each in (PHOTO, SENT, STOP, resumed, PAUSED, OTHER)}) == 6


def test_a_key_that_is_too_long_is_a_digest() -> None:
    long = StatusUpdate("106", "wamid." + "x" * 400, "sent", AT, None, None, None, None)
    assert len(key_of(long)) == 64
