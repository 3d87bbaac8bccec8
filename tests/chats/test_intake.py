"""WhatsApp's webhook: what is believed is stored once and answered at once, and nothing else is."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from pesan.chats.errors import UpdateUnsigned
from pesan.chats.intake import ChatIntake
from pesan.chats.models import ChatUpdate
from pesan.messaging.whatsapp.signature import HEADER
from pesan.settings import Settings
from tests.support.factories import SYSTEM

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "whatsapp.json").read_text())
SECRET = VECTORS["signed"]["app_secret"]
PATH = "/api/webhooks/whatsapp"
OURS = "106540352242922"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    known = {"wa_phone_id": OURS, "wa_app_secret": SecretStr(SECRET), "wa_verify_token": SecretStr("rahasia")}
    return settings.model_copy(update=known)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {HEADER: f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


def told(*values: dict[str, Any]) -> bytes:
    """A body as Meta sends it, with these values."""
    entries = [{"id": "1", "changes": [{"field": "messages", "value": value}]} for value in values]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def written(*numbers: int, to: str = OURS) -> dict[str, Any]:
    """Messages of these numbers."""
    messages = [
        {
            "from": f"62812{number:08d}",
            "id": f"wamid.{number}",
            "timestamp": "1767225600",
            "type": "text",
            "text": {"body": "JOIN jpn25"},
        }
        for number in numbers
    ]
    return {"messaging_product": "whatsapp", "metadata": {"phone_number_id": to}, "messages": messages}


def became(wamid: str, *statuses: str) -> dict[str, Any]:
    """Statuses of one message."""
    each = {"id": wamid, "timestamp": "1767225601", "recipient_id": "6281234567890"}
    return {
        "metadata": {"phone_number_id": OURS},
        "statuses": [{**each, "status": name} for name in statuses],
    }


async def stored(database) -> list[tuple[str, str]]:
    async with database.read(SYSTEM) as session:
        rows = await session.execute(select(ChatUpdate.kind, ChatUpdate.key))
        return sorted((row.kind, row.key) for row in rows)


async def jobs(database) -> dict[str, int]:
    async with database.read(SYSTEM) as session:
        counted = text("SELECT task_name, count(*) FROM procrastinate_jobs GROUP BY 1")
        return {row.task_name: row.count for row in await session.execute(counted)}


async def post(client, body: bytes, headers: dict[str, str] | None = None):
    return await client.post(PATH, content=body, headers=signed(body) if headers is None else headers)


async def test_a_signed_message_is_stored_with_its_job_and_answered(client, database):
    answer = await post(client, VECTORS["signed"]["body"].encode(), {HEADER: VECTORS["signed"]["header"]})

    assert (answer.status_code, answer.json()) == (200, {"message": "OK"})
    assert await stored(database) == [("message", "wamid.TEST0001")]
    assert await jobs(database) == {"jastip.handle_message": 1}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: ""},
        {HEADER: VECTORS["signed"]["WRONG_if_reserialised"]},
        {HEADER: VECTORS["signed"]["header"].replace("sha256=", "sha1=")},
        {HEADER: VECTORS["signed"]["header"].removeprefix("sha256=")},
        {HEADER: VECTORS["minimal"]["header"]},
    ],
    ids=["none", "empty", "of other bytes", "sha1", "bare", "of another body"],
)
async def test_what_is_not_signed_is_refused_and_stored_nowhere(client, database, headers):
    answer = await post(client, VECTORS["signed"]["body"].encode(), headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "chats.update_unsigned")
    assert (await stored(database), await jobs(database)) == ([], {})


async def test_an_instance_without_a_secret_believes_nobody(database):
    with pytest.raises(UpdateUnsigned):
        await ChatIntake(database, "").take(b"{}", signed(b"{}", "")[HEADER])


async def test_half_an_emoji_in_a_name_loses_nothing(client, database):
    body = told(written(1)).replace(b'"JOIN jpn25"', b'"JOIN jpn25 \\ud83d"')

    answer = await post(client, body)

    assert (answer.status_code, await stored(database)) == (200, [("message", "wamid.1")])


async def test_what_comes_again_is_stored_once_whatever_comes_with_it(client, database):
    first, second = told(written(1, 2)), told(written(2, 3), became("wamid.OUR1", "read", "sent"))

    answers = await asyncio.gather(*(post(client, body) for body in (first, second) * 20))

    assert {answer.status_code for answer in answers} == {200}
    assert await stored(database) == [
        ("message", "wamid.1"),
        ("message", "wamid.2"),
        ("message", "wamid.3"),
        ("status", "wamid.OUR1:read"),
        ("status", "wamid.OUR1:sent"),
    ]
    assert await jobs(database) == {"jastip.handle_message": 3}


async def test_a_thousand_updates_of_two_numbers_come_in_one_body(client, database):
    ours, others = written(*range(499)), written(*range(1000, 1500), to="999")

    answer = await post(client, told(ours, others, became("wamid.OUR1", "sent")))

    assert answer.status_code == 200
    async with database.read(SYSTEM) as session:
        found = await session.execute(
            text("SELECT phone_number_id, kind, count(*) FROM chat_updates GROUP BY 1, 2 ORDER BY 1, 2")
        )
        assert [tuple(row) for row in found] == [
            (OURS, "message", 499),
            (OURS, "status", 1),
            ("999", "message", 500),
        ]


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"{}", b"[]", b"null", b'{"entry": 7}', b'{"entry": [{"changes": "x"}]}']
)
async def test_what_is_signed_and_not_understood_is_kept_and_answered(client, database, body):
    answers = [await post(client, body) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [kind for kind, _ in await stored(database)] == ["other"]


ASKED = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "rahasia"}


async def test_whoever_knows_the_token_gets_the_challenge_and_nothing_else(client):
    answer = await client.get(PATH, params=ASKED)

    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "wrong",
    [
        {"hub.verify_token": "salah"},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": ""},
        {"hub.challenge": "1" * 300},
    ],
    ids=["token", "mode", "empty", "long"],
)
async def test_whoever_does_not_know_it_gets_nothing(client, wrong):
    answer = await client.get(PATH, params=ASKED | wrong)

    assert (answer.status_code, answer.json()["code"]) == (403, "chats.challenge_refused")
