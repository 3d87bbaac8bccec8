"""Webhooks over HTTP: proven over their raw bytes, stored once, answered at once, and nothing secret gets out."""

import logging
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db import Actor, Database
from pesan.orders.models import Order
from pesan.payments.gateways.accounts import AccountDraft, create_account, rotate_secrets, switch_account
from pesan.payments.gateways.errors import AccountInvalid, SandboxRefused
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.payments.gateways.sandbox import SANDBOX, SIGNATURE, Act, Sent
from pesan.payments.models import PaymentMethod
from pesan.settings import Settings
from tests.payments.gateway_steps import SECRET, Shop, add_account, make_gateways
from tests.support.factories import SYSTEM, Make

BARE = "/v1/payments/webhook/sandbox"


@pytest.fixture
async def sent(shop: Shop, order: Order) -> Sent:
    """The webhook of a payment that succeeded."""
    await shop.choose(order)
    (told,) = await shop.press(order, Act.PAY)
    return told


@pytest.fixture
def jobs(owner: AsyncEngine) -> Callable[[], Awaitable[int]]:
    """How many jobs wait to ask the provider."""

    async def count() -> int:
        async with owner.connect() as connection:
            query = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payments.handle_notice'"
            return int((await connection.scalar(text(query))) or 0)

    return count


async def stored(shop: Shop) -> int:
    async with shop.database.read(SYSTEM) as session:
        return int(await session.scalar(select(func.count()).select_from(WebhookEvent)) or 0)


async def test_a_webhook_is_stored_once_and_asked_about_once(
    client: httpx.AsyncClient, shop: Shop, sent: Sent, jobs
):
    path = f"{BARE}/{shop.account.id}"
    answers = [await client.post(path, content=sent.body, headers=dict(sent.headers)) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert (await stored(shop), await jobs()) == (1, 1)


async def test_the_bare_path_answers_for_the_only_account(
    client: httpx.AsyncClient, shop: Shop, sent: Sent, make: Make
):
    alone = await client.post(BARE, content=sent.body, headers=dict(sent.headers))
    await add_account(shop.database, shop.gateways, await make.merchant())
    ambiguous = await client.post(BARE, content=sent.body, headers=dict(sent.headers))

    assert (alone.status_code, ambiguous.status_code) == (200, 404)
    assert ambiguous.json()["code"] == "gateway.account_not_found"


def tampered(sent: Sent) -> dict[str, tuple[dict[str, str], bytes]]:
    """Headers and bodies that prove nothing."""
    at, _, mac = sent.headers[SIGNATURE].partition(".")
    early, late = str(int(time.time()) - 601), str(int(time.time()) + 601)
    return {
        "unsigned": ({}, sent.body),
        "empty": ({SIGNATURE: ""}, sent.body),
        "other key": ({SIGNATURE: f"{at}.{'0' * 64}"}, sent.body),
        "not ascii": ({SIGNATURE: f"{at}.\u00e9"}, sent.body),
        "body": (dict(sent.headers), sent.body.replace(b"paid", b"PAID")),
        "spaces": (dict(sent.headers), sent.body + b" "),
        "ten minutes ago": ({SIGNATURE: f"{early}.{mac}"}, sent.body),
        "in ten minutes": ({SIGNATURE: f"{late}.{mac}"}, sent.body),
    }


async def test_what_proves_nothing_is_refused(client: httpx.AsyncClient, shop: Shop, sent: Sent, jobs):
    path = f"{BARE}/{shop.account.id}"
    answers = {
        name: await client.post(
            path, content=body, headers={key: value.encode() for key, value in headers.items()}
        )
        for name, (headers, body) in tampered(sent).items()
    }

    assert {name: answer.json()["code"] for name, answer in answers.items()} == dict.fromkeys(
        answers, "gateway.signature_invalid"
    )
    assert {answer.status_code for answer in answers.values()} == {400}
    assert (await stored(shop), await jobs()) == (0, 0)


async def test_an_account_without_a_secret_refuses_everything(
    client: httpx.AsyncClient, shop: Shop, sent: Sent, owner: AsyncEngine
):
    empty = shop.gateways.seal(shop.account.merchant_id, shop.account.id, {"webhook_secret": ""})
    async with owner.begin() as connection:
        await connection.execute(
            text("UPDATE gateway_accounts SET secrets_sealed = :empty"), {"empty": empty}
        )

    answer = await client.post(f"{BARE}/{shop.account.id}", content=sent.body, headers=dict(sent.headers))

    assert (answer.status_code, await stored(shop)) == (400, 0)


async def test_another_merchants_secret_proves_nothing(
    client: httpx.AsyncClient, shop: Shop, sent: Sent, make: Make
):
    other, _ = await add_account(shop.database, shop.gateways, await make.merchant())
    async with shop.database.write(SYSTEM) as session:
        new = {"webhook_secret": "lain-sama-sekali"}
        await rotate_secrets(session, shop.gateways, other.id, secrets=new, actor=SYSTEM)

    answer = await client.post(f"{BARE}/{other.id}", content=sent.body, headers=dict(sent.headers))

    assert (answer.status_code, await stored(shop)) == (400, 0)


async def test_a_webhook_of_another_provider_finds_nobody(client: httpx.AsyncClient, shop: Shop, sent: Sent):
    path = f"/v1/payments/webhook/midtrans/{shop.account.id}"
    answer = await client.post(path, content=sent.body, headers=dict(sent.headers))

    assert (answer.status_code, await stored(shop)) == (404, 0)


async def test_rotated_secrets_end_the_old_ones_and_disabled_accounts_still_hear(
    client: httpx.AsyncClient, shop: Shop, sent: Sent
):
    path = f"{BARE}/{shop.account.id}"
    async with shop.database.write(SYSTEM) as session:
        await switch_account(session, shop.account.id, is_active=False, actor=SYSTEM)
    heard = await client.post(path, content=sent.body, headers=dict(sent.headers))
    async with shop.database.write(SYSTEM) as session:
        new = {"webhook_secret": "kunci-baru"}
        await rotate_secrets(session, shop.gateways, shop.account.id, secrets=new, actor=SYSTEM)
    forgotten = await client.post(path, content=sent.body, headers=dict(sent.headers))

    assert (heard.status_code, forgotten.status_code) == (200, 400)
    async with shop.database.read(SYSTEM) as session:
        assert [method.is_active for method in await session.scalars(select(PaymentMethod))] == [False]


async def test_secrets_are_in_no_log_answer_or_audit(
    client: httpx.AsyncClient, shop: Shop, sent: Sent, owner: AsyncEngine, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    await client.post(f"{BARE}/{shop.account.id}", content=sent.body, headers={SIGNATURE: "1.2"})
    await shop.take(sent)
    await shop.handle_all()

    seen = [caplog.text, repr(shop.gateways), repr(await shop.sandbox()), repr(shop.account)]
    async with owner.connect() as connection:
        for table in ("gateway_accounts", "audit_entries", "audit_private", "payments", "webhook_events"):
            rows = await connection.execute(text(f"SELECT * FROM {table}"))
            seen += [repr(tuple(row)) for row in rows]
    assert [text for text in seen if SECRET in text] == []


async def test_whoever_wrote_a_secret_cannot_read_it(shop: Shop, web_database: Database, make: Make):
    staff = Actor.staff((await make.user()).id, frozenset([shop.account.merchant_id]))
    async with web_database.read(staff) as session:
        row = await session.get_one(GatewayAccount, shop.account.id)
        allowed = select(func.has_column_privilege("gateway_accounts", "secrets_sealed", "SELECT"))
        may_read = await session.scalar(allowed)

    assert (row.provider, may_read) == (SANDBOX, False)


@pytest.mark.parametrize(
    ("provider", "secrets"),
    [(SANDBOX, {}), (SANDBOX, {"webhook_secret": "  "}), ("midtrans", {}), ("bankku", {"key": "x"})],
)
async def test_an_account_without_its_secrets_is_refused(shop: Shop, provider: str, secrets: dict[str, str]):
    draft = AccountDraft(provider=provider, secrets=secrets)
    with pytest.raises(AccountInvalid):
        async with shop.database.write(SYSTEM) as session:
            await create_account(
                session, shop.gateways, merchant_id=shop.account.merchant_id, draft=draft, actor=SYSTEM
            )

    async with shop.database.read(SYSTEM) as session:
        assert await session.scalar(select(func.count()).select_from(GatewayAccount)) == 1


async def test_a_live_instance_has_no_sandbox(shop: Shop, settings: Settings):
    live = make_gateways(shop.database, settings.secret, takes_sandbox=False)
    draft = AccountDraft(provider=SANDBOX, secrets={"webhook_secret": SECRET})
    with pytest.raises(SandboxRefused):
        async with shop.database.write(SYSTEM) as session:
            await create_account(
                session, live, merchant_id=shop.account.merchant_id, draft=draft, actor=SYSTEM
            )
    await live.http.aclose()
