"""The client against a server that answers like Meta, over a socket."""

import asyncio
import hashlib
import socket
import subprocess
import sys
from base64 import b64encode

import pytest

from pesan.logging import configure_logging
from pesan.messaging.whatsapp.client import Accepted, WhatsAppClient
from pesan.messaging.whatsapp.failures import FailureKind, SendFailed
from pesan.messaging.whatsapp.media import MediaFailed
from pesan.messaging.whatsapp.shapes import TemplateUse, Text
from pesan.messaging.whatsapp.templates import NewTemplate, TemplateState, UrlButton
from tests.support.providers.server import Fault, Reply, running_provider
from tests.support.providers.whatsapp import BUSINESS_ID, PHONE_ID, FakeWhatsApp, refusal

SARI = "+6281234567890"
HALO = Text("Halo")
MEGABYTE = 1_048_576


@pytest.fixture
async def meta():
    async with running_provider(FakeWhatsApp()) as fake:
        yield fake


@pytest.fixture
async def client(meta):
    made = _client(meta)
    yield made
    await made.aclose()


def _client(meta, **changes) -> WhatsAppClient:
    facts = {
        "phone_number_id": PHONE_ID,
        "access_token": meta.token,
        "business_id": BUSINESS_ID,
        "base_url": meta.url,
        "timeout": 10.0,
    }
    return WhatsAppClient(**facts | changes)


async def _failure(client, to: str = SARI) -> SendFailed:
    with pytest.raises(SendFailed) as raised:
        await client.send(to, HALO, opaque="msg-1")
    # Whatever holds the request holds the token.
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return raised.value


async def test_message_goes_as_documented(meta, client):
    accepted = await client.send(SARI, HALO, opaque="msg-000123", reply_to="wamid.THEIRS")

    assert accepted == Accepted("wamid.OUR1", "accepted", "6281234567890")
    assert meta.sent == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": SARI,
            "type": "text",
            "text": {"body": "Halo", "preview_url": False},
            "context": {"message_id": "wamid.THEIRS"},
            "biz_opaque_callback_data": "msg-000123",
        }
    ]
    assert [str(asked) for asked in meta.requests] == [f"POST /v24.0/{PHONE_ID}/messages"]


async def test_person_without_a_number_gets_theirs_by_id(meta, client):
    accepted = await client.send("ID.1000", TemplateUse("halo", "id"), opaque="msg-1")

    assert (accepted.wa_id, meta.sent[0]["recipient"], "to" in meta.sent[0]) == (None, "ID.1000", False)


@pytest.mark.parametrize("to", ["", "081234567890", "6281234567890", "+0812", "+62812x", "sari"])
async def test_what_is_no_recipient_is_sent_to_nobody(meta, client, to):
    failure = await _failure(client, to)

    assert (failure.kind, meta.requests) == (FailureKind.RECIPIENT, [])


@pytest.mark.parametrize(
    ("reply", "kind", "code", "retry_after"),
    [
        (refusal(130429), FailureKind.RETRY, 130429, None),
        (refusal(80007, headers={"retry-after": "30"}), FailureKind.RETRY, 80007, 30.0),
        (refusal(131056), FailureKind.RETRY_RECIPIENT, 131056, 6.0),
        (refusal(131047), FailureKind.SWITCH_TO_TEMPLATE, 131047, None),
        (refusal(131050), FailureKind.OPTED_OUT, 131050, None),
        (refusal(131049), FailureKind.LATER_DAY, 131049, 86_400.0),
        (refusal(131026), FailureKind.RECIPIENT, 131026, None),
        (refusal(131000, status=500), FailureKind.RETRY, 131000, None),
        (refusal(131016, status=500), FailureKind.AWAY, 131016, None),
        (refusal(190, status=401), FailureKind.STOP_QUEUE, 190, None),
        (refusal(132001, status=404), FailureKind.TEMPLATE, 132001, None),
        (refusal(987654), FailureKind.MESSAGE, 987654, None),
        (Reply(503, b"<h1>Busy</h1>"), FailureKind.AWAY, None, None),
        (Reply(504, b""), FailureKind.UNKNOWN, None, None),
        (Reply(400, {"error": {"message": "no code"}}), FailureKind.UNKNOWN, None, None),
        (Reply(200, b"<h1>Hello</h1>"), FailureKind.UNKNOWN, None, None),
        (Reply(200, {"messages": []}), FailureKind.UNKNOWN, None, None),
        (Reply(200, [1]), FailureKind.UNKNOWN, None, None),
        (Reply(302, {}, {"location": "https://evil.example"}), FailureKind.STOP_QUEUE, None, None),
    ],
)
async def test_answer_says_what_to_do(meta, client, reply, kind, code, retry_after):
    meta.faults.append(Fault(reply))

    failure = await _failure(client)

    assert (failure.kind, failure.code, failure.retry_after) == (kind, code, retry_after)
    assert meta.token not in str(failure)
    assert (len(meta.requests), meta.sent) == (1, [])


async def test_details_of_a_refusal_are_told(meta, client):
    meta.faults.append(Fault(refusal(132000, error_data={"details": "number of params (1) does not match"})))

    failure = await _failure(client)

    assert failure.detail == "number of params (1) does not match"


async def test_wrong_token_stops_everything(meta):
    client = _client(meta, access_token="basi")
    failure = await _failure(client)
    await client.aclose()

    assert (failure.kind, failure.code) == (FailureKind.STOP_QUEUE, 190)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(is_done=True, drops=True),
        Fault(is_done=True, seconds=2.0),
    ],
    ids=["broken connection", "no answer in time"],
)
async def test_nobody_knows_whether_an_unanswered_message_went_and_it_is_not_sent_again(meta, fault):
    meta.faults.append(fault)
    client = _client(meta, timeout=0.5)

    failure = await _failure(client)
    await client.aclose()

    assert (failure.kind, len(meta.sent)) == (FailureKind.UNKNOWN, 1)


async def test_connection_that_was_never_made_sent_nothing(meta):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = _client(meta, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        failure = await _failure(client)
        await client.aclose()

    assert failure.kind is FailureKind.AWAY


async def test_many_at_once_load_one_library_and_share_one_client(meta, client):
    accepted = await asyncio.gather(*(client.send(SARI, HALO, opaque=f"msg-{n}") for n in range(20)))

    assert len({one.wamid for one in accepted}) == len(meta.sent) == 20


async def test_reading_and_typing_are_shown(meta, client):
    await client.mark_read("wamid.A")
    await client.mark_read("wamid.B", typing=True)

    read = {"messaging_product": "whatsapp", "status": "read"}
    assert meta.read == [
        {**read, "message_id": "wamid.A"},
        {**read, "message_id": "wamid.B", "typing_indicator": {"type": "text"}},
    ]


async def test_file_is_fetched_with_the_token_and_checked(meta, client):
    content = bytes(range(256)) * 8192  # large enough to go to disk
    meta.media["1001"] = content

    with await client.fetch_media("1001", limit=5 * MEGABYTE) as media:
        fetched = media.file.read()

    assert fetched == content
    assert (media.mime, media.size) == ("image/jpeg", len(content))
    assert media.sha256 == hashlib.sha256(content).hexdigest()
    assert media.file.closed
    (question,) = meta.asked("GET /v24.0/1001")
    assert question.query == {"phone_number_id": PHONE_ID}


@pytest.mark.parametrize("stated", [b64encode(hashlib.sha256(b"abc").digest()).decode(), ""])
async def test_digest_may_come_in_base64_or_not_at_all(meta, client, stated):
    meta.media["1001"], meta.media_says = b"abc", {"sha256": stated}

    with await client.fetch_media("1001", limit=3) as media:
        assert media.file.read() == b"abc"


async def test_address_that_is_over_is_asked_for_again_once(meta, client):
    meta.media["1001"] = b"abc"
    meta.faults.append(Fault(Reply(404), on="GET /media/"))

    with await client.fetch_media("1001", limit=3) as media:
        assert media.file.read() == b"abc"
    assert len(meta.asked("GET /v24.0/1001")) == 2

    meta.faults.append(Fault(Reply(404), on="GET /media/", times=2))
    assert await _media_failure(client) == "gone"
    assert len(meta.asked("GET /v24.0/1001")) == 4


async def _media_failure(client, media_id: str = "1001", limit: int = 3) -> str:
    with pytest.raises(MediaFailed) as raised:
        await client.fetch_media(media_id, limit=limit)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return raised.value.reason


CHUNKED = {"transfer-encoding": "chunked"}


@pytest.mark.parametrize(
    ("says", "fault", "fetched", "reason"),
    [
        ({}, None, 0, "too_large"),
        ({"file_size": 3}, None, 1, "too_large"),
        ({"file_size": None}, Fault(Reply(body=b"abcd", headers=CHUNKED), on="GET /media/"), 1, "too_large"),
        ({"file_size": 3}, Fault(Reply(body=b"abx"), on="GET /media/"), 1, "broken"),
        ({"file_size": 3, "sha256": "?"}, Fault(Reply(body=b"abc"), on="GET /media/"), 1, "broken"),
        ({"file_size": 3}, Fault(Reply(503), on="GET /media/"), 1, "later"),
        ({"file_size": 3}, Fault(drops=True, on="GET /media/"), 1, "later"),
        ({"file_size": 3}, Fault(Reply(401), on="GET /media/"), 1, "stopped"),
        ({}, Fault(refusal(100), on="GET /v24.0/1001"), 0, "gone"),
        ({}, Fault(refusal(131052), on="GET /v24.0/1001"), 0, "gone"),
        ({}, Fault(refusal(4), on="GET /v24.0/1001"), 0, "later"),
        ({}, Fault(refusal(190, status=401), on="GET /v24.0/1001"), 0, "stopped"),
        ({"url": None}, None, 0, "refused"),
        ({"url": "http://["}, None, 0, "refused"),
    ],
)
async def test_file_that_is_not_as_it_should_be_is_not_taken(meta, client, says, fault, fetched, reason):
    meta.media["1001"], meta.media_says = b"abcd", says
    meta.faults += [fault] if fault else []

    assert await _media_failure(client) == reason
    assert len(meta.asked("GET /media/")) == fetched


async def test_id_that_leaves_its_place_in_a_path_is_not_asked_for(meta, client):
    assert await _media_failure(client, "../me") == "gone"
    assert meta.requests == []


async def test_token_goes_to_nobody_else_by_address_or_by_redirect(meta, client):
    async with running_provider(FakeWhatsApp()) as stranger:
        meta.media["1001"] = stranger.media["1001"] = b"abc"
        meta.media_says = {"url": f"{stranger.url}/media/1001"}
        by_address = await _media_failure(client)
        meta.media_says = {}
        meta.faults.append(
            Fault(Reply(302, headers={"location": f"{stranger.url}/media/1001"}), on="GET /media/")
        )
        by_redirect = await _media_failure(client)

        assert (by_address, by_redirect, stranger.requests) == ("refused", "refused", [])


async def test_template_is_submitted_and_listed(meta, client):
    new = NewTemplate(
        "pesanan_siap",
        "id",
        "UTILITY",
        "Halo {{1}}, pesanan {{2}} siap diambil.",
        ("Sari", "ORD-1"),
        footer="Balas BERHENTI untuk berhenti",
        button=UrlButton("Lihat", "https://toko.example/b/{{1}}", "https://toko.example/b/ORD-1"),
    )

    states = [await client.create_template(new) for _ in range(3)]

    assert states[0] == TemplateState("1", "pesanan_siap", "id", "PENDING", "UTILITY")
    assert meta.templates[0] == {
        "id": "1",
        "status": "PENDING",
        "name": "pesanan_siap",
        "language": "id",
        "category": "UTILITY",
        "components": [
            {"type": "BODY", "text": new.body, "example": {"body_text": [["Sari", "ORD-1"]]}},
            {"type": "FOOTER", "text": new.footer},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "URL", "text": "Lihat", "url": new.button.url, "example": [new.button.sample]}
                ],
            },
        ],
    }
    assert await client.list_templates() == states


async def test_client_that_never_called_has_nothing_to_close(meta):
    await _client(meta).aclose()
    assert meta.requests == []


async def test_log_with_every_detail_holds_no_message_and_no_token(meta, client, tmp_path):
    configure_logging(folder=tmp_path, level="debug", service="test", to_stderr=False)
    try:
        await client.send(SARI, HALO, opaque="msg-1")
        meta.faults.append(Fault(drops=True))
        await _failure(client)
    finally:
        configure_logging()

    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert [word for word in ("Halo", SARI[1:], meta.token) if word in written] == []


def test_library_is_loaded_by_the_first_call_and_not_before():
    program = (
        "import sys; from pesan.messaging.whatsapp.client import WhatsAppClient as C;"
        " C(phone_number_id='1', access_token='x')"
    )
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{program}; print([name for name in sys.modules if name.startswith('pywa')])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "[]"
