"""What webhooks bring: the documented shapes, many at once, and whatever else may stand in a body."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.messaging.whatsapp.inbound import (
    InboundMessage,
    MediaRef,
    OtherUpdate,
    PreferenceUpdate,
    Pricing,
    StatusUpdate,
    TemplateUpdate,
    read_updates,
)
from tests.support.providers.whatsapp import BUSINESS_ID, PHONE_ID, change, envelope

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "whatsapp.json").read_text())
AT = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = "1767225600"
USER = "ID.10000000000000000001"
SARI = {"profile": {"name": "Ibu Sari"}, "wa_id": "6281234567890", "user_id": USER}
FROM = {"from": "6281234567890", "from_user_id": USER, "id": "wamid.TEST0001", "timestamp": SECONDS}
STATUS = {"id": "wamid.OUR1", "status": "sent", "timestamp": SECONDS, "recipient_id": "6281234567890"}


def said(content: dict, *, contacts: list | None = None):
    """The only update of a message with this content."""
    value = {"contacts": [SARI] if contacts is None else contacts, "messages": [{**FROM, **content}]}
    (update,) = read_updates(envelope(change(value)))
    return update


def test_text_of_the_signed_vector():
    (update,) = read_updates(json.loads(VECTORS["signed"]["body"]))

    assert update == InboundMessage(
        phone_number_id="106540352242922",
        wamid="wamid.TEST0001",
        wa="+6281234567890",
        user_id=None,
        profile_name="Ibu Sari 🙏",
        kind="text",
        text="Halo, pesanan saya café sudah siap?",
        reply_id=None,
        media=None,
        context_wamid=None,
        said_at=AT,
        raw=update.raw,
    )
    assert update.raw["text"] == {"body": "Halo, pesanan saya café sudah siap?"}


OURS = {"context": {"from": "6281100000001", "id": "wamid.OUR1"}}


YES = {"type": "button_reply", "button_reply": {"id": "a:1", "title": "Ya"}}
SLOT = {"type": "list_reply", "list_reply": {"id": "slot:1", "title": "14.00", "description": "Sabtu"}}
CANCEL = {"payload": "CANCEL", "text": "Batalkan"}
POLL = {"unsupported": {"type": "poll"}, "errors": [{"code": 131051}]}


@pytest.mark.parametrize(
    ("content", "text", "reply_id", "context"),
    [
        ({"type": "interactive", "interactive": YES, **OURS}, "Ya", "a:1", "wamid.OUR1"),
        ({"type": "interactive", "interactive": SLOT, **OURS}, "14.00", "slot:1", "wamid.OUR1"),
        ({"type": "button", "button": CANCEL, **OURS}, "Batalkan", "CANCEL", "wamid.OUR1"),
        ({"type": "reaction", "reaction": {"message_id": "wamid.OUR1", "emoji": "👍"}}, "👍", None, None),
        ({"type": "reaction", "reaction": {"message_id": "wamid.OUR1"}}, "", None, None),
        ({"type": "location", "location": {"latitude": -6.2}}, "", None, None),
        ({"type": "unsupported", **POLL}, "", None, None),
        ({"type": "hologram", "hologram": {"body": "x"}, "context": {"forwarded": True}}, "", None, None),
        ({"type": "text", "text": "bukan objek"}, "", None, None),
    ],
)
def test_every_type_of_message_is_read_known_or_not(content, text, reply_id, context):
    update = said(content)

    assert isinstance(update, InboundMessage)
    assert (update.kind, update.text, update.reply_id, update.context_wamid) == (
        content["type"],
        text,
        reply_id,
        context,
    )
    assert (update.wa, update.user_id, update.media) == ("+6281234567890", USER, None)


def test_files_are_named_with_their_captions():
    image = {
        "caption": "Bukti transfer",
        "mime_type": "image/jpeg",
        "sha256": "q==",
        "id": "1000000000000001",
    }
    document = {
        "filename": "bukti.pdf",
        "caption": "",
        "mime_type": "application/pdf",
        "id": 1000000000000002,
    }

    picture, paper = said({"type": "image", "image": image}), said({"type": "document", "document": document})

    assert (picture.text, picture.media) == (
        "Bukti transfer",
        MediaRef("1000000000000001", "image/jpeg", "q==", None),
    )
    assert (paper.text, paper.media) == (
        "",
        MediaRef("1000000000000002", "application/pdf", None, "bukti.pdf"),
    )


def test_person_without_a_number_is_known_by_their_id():
    nameless = {key: FROM[key] for key in ("from_user_id", "id", "timestamp")}
    contact = {"profile": {"name": "Sari", "username": "sari"}, "user_id": USER}
    message = {**nameless, "type": "text", "text": {"body": "Halo"}}

    (update,) = read_updates(envelope(change({"contacts": [contact], "messages": [message]})))

    assert (update.wa, update.user_id, update.profile_name, update.text) == (None, USER, "Sari", "Halo")


def test_number_is_found_by_the_id_and_names_do_not_mix():
    budi = {"profile": {"name": "Budi"}, "wa_id": "6281234567891", "user_id": "ID.2"}
    by_id = {
        "from_user_id": USER,
        "id": "wamid.A",
        "timestamp": SECONDS,
        "type": "text",
        "text": {"body": "a"},
    }
    by_number = {
        "from": "6281234567891",
        "id": "wamid.B",
        "timestamp": SECONDS,
        "type": "text",
        "text": {"body": "b"},
    }
    stranger = {**by_number, "from": "6281234567899", "id": "wamid.C"}

    value = {"contacts": [SARI, budi], "messages": [by_id, by_number, stranger]}
    updates = read_updates(envelope(change(value)))

    assert [(one.wa, one.user_id, one.profile_name) for one in updates] == [
        ("+6281234567890", USER, "Ibu Sari"),
        ("+6281234567891", "ID.2", "Budi"),
        ("+6281234567899", None, None),
    ]


@pytest.mark.parametrize(
    ("missing", "extra"),
    [
        (["id"], {}),
        (["timestamp"], {}),
        ([], {"timestamp": "kemarin"}),
        ([], {"timestamp": "99999999999999999999"}),
        ([], {"type": ""}),
        ([], {"type": {"a": 1}}),
        ([], {"group_id": "1203@g"}),
        (["from", "from_user_id"], {}),
        (["from", "from_user_id"], {"from": "bukan nomor", "from_user_id": "bukan id"}),
    ],
)
def test_message_that_could_not_be_answered_or_known_again_is_kept_as_it_came(missing, extra):
    content = {"type": "text", "text": {"body": "Halo"}}
    message = {key: value for key, value in {**FROM, **content}.items() if key not in missing} | extra

    (update,) = read_updates(envelope(change({"messages": [message]})))

    assert update == OtherUpdate("messages", message)


def test_statuses_say_how_far_a_message_came_and_what_it_costs():
    price = {"billable": True, "type": "regular", "category": "authentication-international"}
    failed = {"errors": [{"code": 131047, "title": "Re-engagement message"}, {"code": 1}]}
    value = {
        "statuses": [
            {**STATUS, "biz_opaque_callback_data": "msg-000123", "pricing": price},
            {**STATUS, "status": "failed", **failed},
            {"id": "wamid.OUR2", "status": "read", "timestamp": SECONDS, "recipient_user_id": USER},
            {"id": "wamid.OUR3", "status": "played"},
        ]
    }

    updates = read_updates(envelope(change(value)))

    number, charged = "+6281234567890", Pricing("regular", "authentication_international")
    assert updates == [
        StatusUpdate(PHONE_ID, "wamid.OUR1", "sent", AT, "msg-000123", number, None, charged),
        StatusUpdate(PHONE_ID, "wamid.OUR1", "failed", AT, None, number, 131047, None),
        StatusUpdate(PHONE_ID, "wamid.OUR2", "read", AT, None, USER, None, None),
        OtherUpdate("statuses", {"id": "wamid.OUR3", "status": "played"}),
    ]


def test_two_numbers_in_one_body_are_told_apart():
    updates = read_updates(
        envelope(
            change({"statuses": [STATUS]}, phone_number_id="1"),
            change({"statuses": [STATUS]}, phone_number_id="2"),
        )
    )
    assert [update.phone_number_id for update in updates] == ["1", "2"]


@pytest.mark.parametrize(("value", "is_stop"), [("stop", True), ("resume", False)])
def test_preference_is_read_with_its_whole_number_of_seconds(value, is_stop):
    preference = {
        "wa_id": "6281234567890",
        "category": "marketing_messages",
        "value": value,
        "timestamp": 1767225600,
    }

    (update,) = read_updates(
        envelope(change({"contacts": [SARI], "user_preferences": [preference]}, field="user_preferences"))
    )

    assert update == PreferenceUpdate("+6281234567890", USER, is_stop, AT, PHONE_ID)


def test_news_of_templates_are_read_and_other_news_are_kept():
    named = {
        "message_template_id": 594425479261596,
        "message_template_name": "pesanan_siap",
        "message_template_language": "id",
    }
    judged = {**named, "event": "REJECTED", "reason": "INVALID_FORMAT"}
    moved = {**named, "previous_category": "UTILITY", "new_category": "MARKETING"}
    changes = [
        {"field": "message_template_status_update", "value": judged},
        {"field": "template_category_update", "value": moved},
        {"field": "phone_number_quality_update", "value": {"current_limit": "TIER_1K"}},
        {"field": "messages", "value": {"errors": [{"code": 130429}]}},
        {"field": "messages", "value": "?"},
    ]

    updates = read_updates(envelope(*changes))

    about = (BUSINESS_ID, "594425479261596", "pesanan_siap", "id")
    assert updates == [
        TemplateUpdate(*about, event="REJECTED", category=None, reason="INVALID_FORMAT"),
        TemplateUpdate(*about, event="CATEGORY_CHANGED", category="MARKETING", reason=None),
        OtherUpdate("phone_number_quality_update", {"current_limit": "TIER_1K"}),
        OtherUpdate("errors", {"errors": [{"code": 130429}]}),
        OtherUpdate("messages", changes[4]),
    ]


def test_a_thousand_updates_of_all_kinds_in_one_body():
    message = {**FROM, "type": "text", "text": {"body": "Halo"}}
    messages = [{**message, "id": f"wamid.{number}"} for number in range(499)]
    statuses = [{**STATUS, "id": f"wamid.OUR{number}"} for number in range(500)]
    value = {"contacts": [SARI], "messages": [*messages, "?"], "statuses": statuses}

    updates = read_updates(envelope(change(value)))

    assert [type(update) for update in updates] == [
        *[InboundMessage] * 499,
        OtherUpdate,
        *[StatusUpdate] * 500,
    ]
    assert len({update.wamid for update in updates if not isinstance(update, OtherUpdate)}) == 999


def test_what_a_database_refuses_does_not_come_through():
    body = envelope(
        change({"contacts": [SARI], "messages": [{**FROM, "type": "text", "text": {"body": "a\x00b"}}]})
    )
    torn = json.loads(json.dumps(body).replace("Ibu Sari", r"Ibu \ud83d Sari"))

    (update,) = read_updates(torn)

    assert (update.text, update.profile_name, update.raw["text"]["body"]) == ("ab", "Ibu  Sari", "ab")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
NEARLY = st.sampled_from(
    [
        {**FROM, "type": "text", "text": {"body": "x"}},
        STATUS,
        {"wa_id": "62812345678", "value": "stop", "timestamp": 1},
    ]
)
FIELDS = st.sampled_from(
    [
        *["id", "type", "from", "from_user_id", "timestamp", "text", "context", "image", "status", "errors"],
        *["pricing", "recipient_id", "wa_id", "user_id", "profile", "value", "category", "event", "reason"],
    ]
)
BROKEN = st.builds(
    lambda whole, part: {**whole, **part}, NEARLY, st.dictionaries(FIELDS, ANYTHING, max_size=3)
)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "metadata": ANYTHING | st.just({"phone_number_id": PHONE_ID}),
        "contacts": ANYTHING | st.lists(BROKEN | ANYTHING, max_size=3),
        "messages": ANYTHING | st.lists(BROKEN | ANYTHING, max_size=3),
        "statuses": ANYTHING | st.lists(BROKEN | ANYTHING, max_size=3),
        "user_preferences": ANYTHING | st.lists(BROKEN | ANYTHING, max_size=3),
        "message_template_name": ANYTHING,
        "message_template_language": ANYTHING,
        "event": ANYTHING,
    },
)
NAMED = st.sampled_from(["messages", "user_preferences", "message_template_status_update", "account_update"])
CHANGES = st.fixed_dictionaries({"field": NAMED | ANYTHING, "value": VALUES | ANYTHING})
BODIES = ANYTHING | st.lists(CHANGES | ANYTHING, max_size=3).map(
    lambda changes: {"entry": [{"id": BUSINESS_ID, "changes": changes}]}
)


@given(BODIES)
def test_no_json_is_too_strange(body):
    updates = read_updates(body)

    assert updates
    assert all(update.wa or update.user_id for update in updates if isinstance(update, InboundMessage))


def test_depth_is_no_way_to_stop_the_rest():
    deep: object = "x"
    for _ in range(900):
        deep = {"a": deep}
    strange = {**FROM, "type": "text", "text": {"body": "Halo"}, "a": deep}

    (update,) = read_updates(envelope(change({"contacts": [SARI], "messages": [strange]})))

    assert update.text == "Halo"
