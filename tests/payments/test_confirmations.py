"""Confirmations over HTTP: proven over their raw bytes by a merchant's own key, stored once, answered at once."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import httpx
import orjson
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.payments.gateways.confirm_keys import OLD_SECRET_FOR, list_messages, revoke_key
from pesan.payments.gateways.confirmations import MAX_BODY_BYTES, Confirmations
from pesan.payments.gateways.errors import KeyChanged, KeyNotFound, SignatureInvalid
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from tests.payments.confirm_steps import PATH, Program, give_key, told_of
from tests.payments.gateway_steps import Shop
from tests.support.factories import SYSTEM, Make
from tests.support.providers.server import Signed

Headers = list[tuple[str, bytes]]


@pytest.fixture
async def program(shop: Shop) -> Program:
    return await give_key(shop)


@pytest.fixture
def jobs(owner: AsyncEngine) -> Callable[[], Awaitable[list[str]]]:
    """The names of the jobs that wait."""

    async def names() -> list[str]:
        async with owner.connect() as connection:
            query = "SELECT task_name FROM procrastinate_jobs WHERE task_name LIKE 'payments.handle%'"
            return list((await connection.scalars(text(query))).all())

    return names


async def stored(shop: Shop) -> int:
    async with shop.database.read(SYSTEM) as session:
        return int(await session.scalar(select(func.count()).select_from(WebhookEvent)) or 0)


async def post(client: httpx.AsyncClient, sent: Signed, **changes: str | None) -> httpx.Response:
    """Send it with other headers; None leaves one out."""
    headers = {**sent.headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
    given = [(name, value.encode()) for name, value in headers.items() if value is not None]
    return await client.post(PATH, content=sent.body, headers=given)


async def test_a_confirmation_is_stored_and_settled_once_however_often_it_comes(
    client: httpx.AsyncClient, shop: Shop, program: Program, order: Order, jobs
):
    sent = program.approve(order)
    other_words = program.sign(sent.body + b" ", message_id=sent.headers["webhook-id"])

    answers = [await post(client, one) for one in (sent, sent, other_words)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"")] * 3
    assert (await stored(shop), await jobs()) == (1, ["payments.handle_confirmation"])
    (event,) = await program.events()
    assert (event.kind, event.reference, event.provider_ref) == ("APPROVED", order.code, "BCA-1")


def forged(program: Program, sent: Signed, other: Program) -> dict[str, tuple[Headers, bytes]]:
    """Headers and bodies that prove nothing."""
    body, now = sent.body, int(time.time())
    mac = sent.headers["webhook-signature"]

    def with_headers(**changes: str | None) -> Headers:
        headers = {**sent.headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
        return [(name, value.encode()) for name, value in headers.items() if value is not None]

    def of(signed: Signed) -> Headers:
        return [(name, value.encode()) for name, value in signed.headers.items()]

    genuine = with_headers()
    return {
        "unsigned": (with_headers(webhook_signature=None), body),
        "empty": (with_headers(webhook_signature=""), body),
        "zeros": (with_headers(webhook_signature=f"v1,{'A' * 43}="), body),
        "another version": (with_headers(webhook_signature=mac.replace("v1,", "v1a,")), body),
        "no version": (with_headers(webhook_signature=mac.removeprefix("v1,")), body),
        "not ascii": (with_headers(webhook_signature="v1,\u00e9"), body),
        "altered body": (genuine, body.replace(b"150000", b"150001")),
        "shortened body": (genuine, body.replace(b',"currency":"IDR"', b"")),
        "spaces": (genuine, body + b" "),
        "written anew": (genuine, orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)),
        "altered time": (with_headers(webhook_timestamp=str(now - 1)), body),
        "no time": (with_headers(webhook_timestamp=None), body),
        "time in words": (with_headers(webhook_timestamp="now"), body),
        "time of another script": (with_headers(webhook_timestamp="\u0661\u0662\u0663"), body),
        "endless time": (with_headers(webhook_timestamp="9" * 400), body),
        "ten minutes ago": (of(program.sign(body, at=now - 601)), body),
        "in ten minutes": (of(program.sign(body, at=now + 601)), body),
        "altered id": (with_headers(webhook_id="msg_2"), body),
        "no id": (with_headers(webhook_id=None), body),
        "empty id": (of(program.sign(body, message_id=" ")), body),
        "two signatures apart": ([*genuine, ("webhook-signature", b"v1,AAAA")], body),
        "two times": ([*genuine, ("webhook-timestamp", str(now).encode())], body),
        "two keys": ([*genuine, ("pesan-key", str(other.key_id).encode())], body),
        "no key": (with_headers(pesan_key=None), body),
        "a key that is no id": (with_headers(pesan_key="' OR 1=1"), body),
        "an unknown key": (with_headers(pesan_key=str(new_id())), body),
        "another merchant's key": (with_headers(pesan_key=str(other.key_id)), body),
        "another merchant's secret": (of(program.sign(body, secret=other.secret)), body),
        "a provider's account": (with_headers(pesan_key=str(program.shop.account.id)), body),
    }


async def test_what_proves_nothing_is_refused_alike(
    client: httpx.AsyncClient, shop: Shop, program: Program, order: Order, make: Make, jobs
):
    other = await give_key(shop, (await make.merchant()).id)
    cases = forged(program, program.approve(order), other)

    answers = {
        name: await client.post(PATH, content=body, headers=headers)
        for name, (headers, body) in cases.items()
    }

    assert {name: answer.json()["code"] for name, answer in answers.items()} == dict.fromkeys(
        cases, "payment.confirmation_refused"
    )
    told = [{**answer.json(), "request_id": ""} for answer in answers.values()]
    assert (told, {answer.status_code for answer in answers.values()}) == ([told[0]] * len(told), {401})
    assert (await stored(shop), await jobs()) == (0, [])


UNREADABLE = {
    "no json object": b"[]",
    "no booking": {"code": None},
    "two names": {"booking_id": "0198a3c0-6f2e-7d3b-9a51-5d2f6d3f7a10"},
    "another status": {"status": "approved"},
    "no amount": {"amount": None},
    "amount in words": {"amount": "150000"},
    "a fraction": {"amount": 150_000.5},
    "nothing": {"amount": 0},
    "less than nothing": {"amount": -1},
    "too much": {"amount": 2**63},
    "a truth": {"amount": True},
    "no reference": {"reference": None},
    "a reference of another script": {"reference": "\uff22\uff23\uff21-1"},
    "a reference that hides": {"reference": "BCA-1\u200b"},
    "a currency in words": {"currency": "rupiah"},
    "a time without a zone": {"occurred_at": "2026-01-01T09:15:00"},
}


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_genuine_message_that_says_nothing_clear_is_refused(
    client: httpx.AsyncClient, shop: Shop, program: Program, order: Order, change
):
    told = {**told_of(order, reference="BCA-1"), **change} if isinstance(change, dict) else None

    answer = await post(client, program.sign(orjson.dumps(told) if told else change))

    assert (answer.status_code, answer.json()["code"]) == (400, "gateway.notice_unreadable")
    assert await stored(shop) == 0


async def test_only_small_json_is_read(client: httpx.AsyncClient, shop: Shop, program: Program, order: Order):
    sent = program.approve(order)
    large = program.approve(order, padding="x" * MAX_BODY_BYTES)
    broken = program.sign(sent.body[:-1])

    answers = [
        await post(client, sent, content_type="text/plain"),
        await post(client, sent, content_type="application/x-www-form-urlencoded"),
        await post(client, sent, content_type=None),
        await post(client, large),
        await post(client, broken),
        await client.post("/v1/payments/webhook/confirm", content=sent.body, headers=sent.headers),
    ]

    assert [answer.status_code for answer in answers] == [415, 415, 415, 413, 400, 404]
    assert await stored(shop) == 0


async def test_two_secrets_prove_messages_while_one_replaces_the_other(
    client: httpx.AsyncClient, shop: Shop, program: Program, order: Order
):
    first = program.approve(order, "1")
    second_program = await give_key(shop)
    both = second_program.approve(order, "2")
    mine = both.headers["webhook-signature"]
    both.headers["webhook-signature"] = f"v1,AAAA {mine}"

    answers = [await post(client, first), await post(client, both)]
    third_program = await give_key(shop)
    after = [await post(client, one.approve(order, "3")) for one in (program, second_program, third_program)]

    assert second_program.key_id == program.key_id
    assert [answer.status_code for answer in answers + after] == [200, 200, 401, 200, 200]


def test_a_replaced_secret_is_good_for_a_day(order: Order):
    program = Program(None, new_id(), "whsec_c2Vi")  # type: ignore[arg-type]
    body = orjson.dumps(told_of(order, reference="BCA-1"))
    until = int(time.time())
    secrets = {"secret": "whsec_bGFpbg==", "earlier": program.secret, "earlier_until": str(until)}

    in_time = program.sign(body, at=until - 1)
    over = program.sign(body, at=until)

    assert Confirmations(secrets).read_notice(in_time.headers, body, until - 1).kind == "APPROVED"
    with pytest.raises(SignatureInvalid):
        Confirmations(secrets).read_notice(over.headers, body, until)
    assert OLD_SECRET_FOR.total_seconds() == 24 * 3600


@pytest.mark.parametrize("is_there", [False, True])
async def test_every_secret_that_was_shown_proves_messages_though_two_people_made_one_at_once(
    client: httpx.AsyncClient, shop: Shop, order: Order, is_there: bool
):
    if is_there:
        await give_key(shop)

    made = await asyncio.gather(give_key(shop), give_key(shop), return_exceptions=True)
    shown = [one for one in made if isinstance(one, Program)]
    answers = [await post(client, one.approve(order, str(number))) for number, one in enumerate(shown)]

    assert {type(one) for one in made} <= {Program, KeyChanged}
    assert [answer.status_code for answer in answers] == [200] * len(shown)
    assert len({one.key_id for one in shown}) == 1


async def test_a_revoked_key_proves_nothing_until_there_is_a_new_one(
    client: httpx.AsyncClient, shop: Shop, program: Program, order: Order
):
    merchant_id = shop.account.merchant_id
    async with shop.database.write(SYSTEM) as session:
        await revoke_key(session, shop.gateways, merchant_id=merchant_id, actor=SYSTEM)
    refused = await post(client, program.approve(order))
    with pytest.raises(KeyNotFound):
        async with shop.database.write(SYSTEM) as session:
            await revoke_key(session, shop.gateways, merchant_id=merchant_id, actor=SYSTEM)
    renewed = await give_key(shop)
    old, new = await post(client, program.approve(order)), await post(client, renewed.approve(order))

    assert [answer.status_code for answer in (refused, old, new)] == [401, 401, 200]
    assert renewed.key_id == program.key_id


async def test_a_key_without_a_secret_refuses_everything(
    client: httpx.AsyncClient, shop: Shop, program: Program, order: Order, owner: AsyncEngine
):
    empty = shop.gateways.seal(shop.account.merchant_id, program.key_id, {"secret": ""})
    async with owner.begin() as connection:
        rows = update(GatewayAccount).where(GatewayAccount.id == program.key_id)
        await connection.execute(rows.values(secrets_sealed=empty))

    answer = await post(client, program.approve(order))

    assert (answer.status_code, await stored(shop)) == (401, 0)


async def test_secrets_are_in_no_log_row_or_audit(
    client: httpx.AsyncClient, shop: Shop, program: Program, order: Order, owner: AsyncEngine, caplog
):
    caplog.set_level(logging.DEBUG)
    await post(client, program.approve(order))
    await program.send()

    seen = [caplog.text, repr(Confirmations({"secret": program.secret}))]
    async with owner.connect() as connection:
        for table in ("gateway_accounts", "audit_entries", "audit_private", "webhook_events"):
            rows = await connection.execute(text(f"SELECT * FROM {table}"))
            seen += [repr(tuple(row)) for row in rows]
    assert [text for text in seen if program.secret in text] == []


async def test_staff_see_what_came_to_their_merchant_and_not_what_it_said(
    shop: Shop, program: Program, order: Order, make: Make, web_database: Database
):
    other = await give_key(shop, (await make.merchant()).id)
    await program.send(program.approve(order))
    await other.send(other.approve(order))
    staff = Actor.staff((await make.user()).id, frozenset([shop.account.merchant_id]))

    async with web_database.read(staff) as session:
        mine = [event.outcome for event in await list_messages(session, program.key_id)]
        theirs = list(await list_messages(session, other.key_id))
        columns = ("body", "event_key", "reference")
        may = [
            await session.scalar(select(func.has_column_privilege("webhook_events", name, "SELECT")))
            for name in columns
        ]
    async with web_database.read(Actor.guest(order.code)) as session:
        buyers = list(await list_messages(session, program.key_id))

    assert (mine, theirs, buyers, may) == (["settled"], [], [], [False, False, True])
