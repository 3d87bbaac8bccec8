"""Outgoing webhooks in the back office: a secret is shown once, and nobody else's addresses are touched."""

import re

from sqlalchemy import select

from pesan.db import Database
from pesan.hooks.models import HookDelivery, HookEndpoint
from pesan.hooks.tasks import announce_order
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

FORM = {"url": "https://toko.example/hook", "kinds": ["order.paid"]}
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


async def endpoints(team: Team) -> list[HookEndpoint]:
    async with team.database.read(SYSTEM) as session:
        return list((await session.scalars(select(HookEndpoint).order_by(HookEndpoint.id))).all())


async def test_endpoint_is_added_changed_and_switched_off_and_its_secrets_are_shown_once(team: Team):
    browser = await team.sign_in("organizer")
    page = f"{team.path}/webhooks"

    added = await browser.submit(page, page, FORM)
    (endpoint,) = await endpoints(team)
    own = f"{page}/{endpoint.id}"
    rotated = await browser.submit(page, f"{own}/secret")
    changed = await browser.submit(page, f"{own}/events", {"kinds": ["order.refunded"]})
    off = await browser.submit(page, f"{own}/active", {"is_active": "false"})
    shown = await browser.get(page)

    (first,), (second,) = ({*_SECRET.findall(answer.text)} for answer in (added, rotated))
    assert first != second
    assert (added.headers["cache-control"], _SECRET.findall(shown.text)) == ("no-store", [])
    assert [answer.status_code for answer in (added, rotated, changed, off)] == [200, 200, 303, 303]
    (after,) = await endpoints(team)
    assert (after.kinds, after.is_active, after.ended) == (["order.refunded"], False, "by_hand")
    on = await browser.submit(page, f"{own}/active", {"is_active": "true"})
    assert (on.status_code, [one.is_active for one in await endpoints(team)]) == (303, [True])


async def test_address_that_leads_into_the_house_is_refused(team: Team):
    browser = await team.sign_in("organizer")
    page = f"{team.path}/webhooks"

    answer = await browser.submit(page, page, {**FORM, "url": "https://169.254.169.254/latest"})

    assert (answer.status_code, await endpoints(team)) == (422, [])


async def test_message_is_listed_and_sent_again(team: Team):
    browser = await team.sign_in("organizer")
    page = f"{team.path}/webhooks"
    await browser.submit(page, page, FORM)
    order = await team.make.order(team.event)
    worker = Registry()
    worker.add(Database, team.database)
    await announce_order(worker, message_id=new_id(), order_id=order.id, state="PAID", at_ms=0)
    async with team.database.read(SYSTEM) as session:
        delivery = (await session.scalars(select(HookDelivery))).one()

    listed = await browser.get(page)
    again = await browser.submit(page, f"{page}/deliveries/{delivery.id}")

    assert f"msg_{delivery.message_id.hex}" in listed.text
    assert again.status_code == 303


async def test_only_organizers_of_the_merchant_touch_its_endpoints(team: Team):
    organizer = await team.sign_in("organizer")
    page = f"{team.path}/webhooks"
    await organizer.submit(page, page, FORM)
    (endpoint,) = await endpoints(team)

    answers = []
    for role in ("staff", "stranger"):
        browser = await team.sign_in(role)
        for path, fields in (
            (page, FORM),
            (f"{page}/{endpoint.id}/secret", {}),
            (f"{page}/{endpoint.id}/events", {"kinds": ["order.paid"]}),
            (f"{page}/{endpoint.id}/active", {"is_active": "false"}),
            (f"/organizer/{team.other.slug}/webhooks/{endpoint.id}/secret", {}),
        ):
            answers.append(await browser.submit("/account", path, fields))

    assert [answer.status_code for answer in answers if answer.status_code not in (403, 404)] == []
    (after,) = await endpoints(team)
    assert (after.audit_seq, after.is_active) == (endpoint.audit_seq, True)
