"""The key of confirmations in the back office: its secret is shown once, and nobody else's is touched."""

import re
import time

import httpx
import orjson
from sqlalchemy import select

from pesan.db import Database
from pesan.orders.desk import SaleDesk
from pesan.payments.gateways.confirming import handle_confirmation
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.realtime import Hub
from tests.backoffice.conftest import Team
from tests.payments.confirm_steps import PATH, Program, told_of
from tests.support.factories import SYSTEM

_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


async def keys(team: Team) -> list[GatewayAccount]:
    async with team.database.read(SYSTEM) as session:
        return list((await session.scalars(select(GatewayAccount))).all())


async def test_key_is_made_replaced_and_revoked_and_its_secrets_are_shown_once(
    team: Team, client: httpx.AsyncClient
) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/confirmations"

    made = await browser.submit(page, f"{page}/secret")
    (key,) = await keys(team)
    replaced = await browser.submit(page, f"{page}/secret")
    shown = await browser.get(page)
    order = await team.make.order(team.event)
    secrets = [_SECRET.findall(answer.text)[0] for answer in (made, replaced)]
    both = [Program(None, key.id, secret) for secret in secrets]  # type: ignore[arg-type]
    heard = [await send(client, one, told_of(order, reference=f"BCA-{one.secret[6:9]}")) for one in both]
    revoked = await browser.submit(page, f"{page}/revoke")
    again = await browser.submit(page, f"{page}/revoke")
    unheard = [await send(client, one, told_of(order, reference="BCA-9")) for one in both]

    assert (made.headers["cache-control"], _SECRET.findall(shown.text)) == ("no-store", [])
    assert (secrets[0] != secrets[1], str(key.id) in shown.text) == (True, True)
    assert [answer.status_code for answer in (made, replaced, revoked, again)] == [200, 200, 303, 404]
    assert (heard, unheard) == ([200, 200], [401, 401])
    assert [(one.provider, one.is_active, one.merchant_id) for one in await keys(team)] == [
        ("confirm", False, team.merchant.id)
    ]
    gateways = await browser.get(f"{team.path}/gateways")
    assert (gateways.status_code, str(key.id) in gateways.text) == (200, False)


async def test_messages_are_listed_with_what_came_of_them(
    team: Team, client: httpx.AsyncClient, database: Database
) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/confirmations"
    made = await browser.submit(page, f"{page}/secret")
    (key,) = await keys(team)
    program = Program(None, key.id, _SECRET.findall(made.text)[0])  # type: ignore[arg-type]
    order = await team.make.order(team.event)
    told = told_of(order, reference="BCA-1", amount=order.total_amount)
    for change in ({}, {"code": "TIDAKADA"}, {"status": "REJECTED"}):
        await send(client, program, {**told, **change})
    async with database.read(SYSTEM) as session:
        ids = (await session.scalars(select(WebhookEvent.id).order_by(WebhookEvent.id))).all()

    for event_id in ids[:2]:
        await handle_confirmation(database, SaleDesk(database, Hub(database.url)), event_id)
    listed = await browser.get(page)

    assert f'<a href="{team.path}/bookings/{order.code}">' in listed.text
    words = ("Uangnya tercatat", "Pesanan tidak ditemukan", "Sedang diproses")
    assert [one in listed.text for one in words] == [True, True, True]


async def test_only_organizers_of_the_merchant_touch_its_key(team: Team) -> None:
    organizer = await team.sign_in("organizer")
    page = f"{team.path}/confirmations"
    await organizer.submit(page, f"{page}/secret")
    (key,) = await keys(team)

    answers = []
    for role in ("staff", "stranger"):
        browser = await team.sign_in(role)
        answers += [await browser.get(page)]
        answers += [await browser.submit("/account", f"{page}/{do}") for do in ("secret", "revoke")]

    assert [answer.status_code for answer in answers if answer.status_code not in (403, 404)] == []
    (after,) = await keys(team)
    assert (after.audit_seq, after.is_active) == (key.audit_seq, True)


async def test_a_providers_pages_do_not_open_the_key(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/confirmations"
    await browser.submit(page, f"{page}/secret")
    (key,) = await keys(team)
    gateways = f"{team.path}/gateways"

    answers = [
        await browser.submit(gateways, f"{gateways}/{key.id}/secrets", {"secret": "milikku"}),
        await browser.submit(gateways, f"{gateways}/{key.id}/active", {"is_active": "false"}),
        await browser.submit(gateways, f"{gateways}/{key.id}/trials", {"is_confirmed": "true"}),
        await browser.submit(gateways, gateways, {"provider": "confirm", "secret": "milikku"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 422]
    assert [one.audit_seq for one in await keys(team)] == [key.audit_seq]


async def send(client: httpx.AsyncClient, program: Program, told: dict[str, object]) -> int:
    sent = program.sign(orjson.dumps(told), at=int(time.time()))
    return (await client.post(PATH, content=sent.body, headers=sent.headers)).status_code
