"""Events for people under 18: nothing is held without a parent's or guardian's consent, which stays with the order."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from pesan.catalog.models import Event
from pesan.checkout.links import event_path
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from pesan.privacy.erasure import erase_orders
from pesan.privacy.models import Consent
from pesan.privacy.states import ERASED
from pesan.tenancy.legal.queries import list_current
from tests.storefront.guest import Guest
from tests.support.factories import SYSTEM, Make

CONSENTS = {"guardian": "Rahayu Lestari", "guardian_consent": "yes"}
GIVEN = {"purpose": "guardian", "version": 1, "name": "Rahayu Lestari"}


@pytest.fixture
async def guest(app: FastAPI) -> AsyncIterator[Guest]:
    headers = {"accept": "text/html"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Guest(client)


@pytest.fixture
async def event(make: Make) -> Event:
    return await make.event(needs_guardian=True)


def path_of(event: Event) -> str:
    return event_path(event.slug, event.short_id)


async def rows(database, kind):
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(kind).order_by(kind.id))).all()


async def place(client: httpx.AsyncClient, face: str, event: Event, **more) -> httpx.Response:
    if face == "booking":
        body = {"eventId": str(event.id), "name": "Asep Budiawan", **more}
        return await client.post("/api/bookings/hold", json=body)
    items = [{"qty": 1}]
    body = {"event_id": str(event.id), "items": items, "buyer": {"name": "Asep Budiawan"}, **more}
    return await client.post("/v1/orders", json=body)


async def test_sheet_asks_for_a_guardian_only_where_the_event_does_and_ticks_nothing(
    guest: Guest, event: Event, make: Make
):
    pages = [(await guest.get(f"{path_of(each)}/book")).text for each in (event, await make.event())]

    boxes = [page.split('id="guardian_consent"')[1].split(">")[0] for page in pages[:1]]
    assert ['name="guardian"' in page for page in pages] == [True, False]
    assert ["checked" in box for box in boxes] == [False]


@pytest.mark.parametrize("missing", ["guardian", "guardian_consent"])
async def test_sheet_without_the_consent_holds_nothing_and_keeps_what_was_typed(
    guest: Guest, event: Event, database, missing
):
    answer = await guest.hold(path_of(event), **{**CONSENTS, missing: ""})

    assert (answer.status_code, f'id="{missing}-error"' in answer.text) == (422, True)
    assert "Asep Budiawan" in answer.text
    assert (await rows(database, Order), await rows(database, Consent)) == ([], [])


async def test_consent_stands_with_the_order_in_its_version_and_on_its_page(
    guest: Guest, event: Event, database
):
    answer = await guest.hold(path_of(event), **CONSENTS)

    (order,), (consent,) = await rows(database, Order), await rows(database, Consent)
    async with database.read(SYSTEM) as session:
        notice = (await list_current(session, event.merchant_id))["privacy"]
    assert answer.status_code == 303
    assert (
        consent.order_id,
        consent.purpose,
        consent.channel,
        consent.guardian_name,
        consent.version_id,
    ) == (
        order.id,
        "guardian",
        "checkout",
        "Rahayu Lestari",
        notice.id,
    )
    assert "Rahayu Lestari" in (await guest.get(f"/b/{order.code}/consents")).text


@pytest.mark.parametrize("face", ["booking", "ticketing"])
async def test_programs_give_the_consent_or_are_refused_and_nothing_is_kept(
    guest: Guest, event: Event, database, face
):
    without = await place(guest.client, face, event)
    unnamed = await place(guest.client, face, event, consents=[{**GIVEN, "name": None}])
    unseen = await place(guest.client, face, event, consents=[{**GIVEN, "version": 2}])
    other = await place(guest.client, face, event, consents=[{"purpose": "marketing", "version": 1}])
    before = await rows(database, Order), await rows(database, Consent)
    given = await place(guest.client, face, event, consents=[GIVEN])

    codes = [(each.status_code, each.json().get("code")) for each in (without, unnamed, unseen, other)]
    assert codes == [
        (422, "orders.guardian_needed"),
        (422, "validation"),
        (409, "privacy.notice_not_in_force"),
        (422, "orders.guardian_needed"),
    ]
    assert (before, given.status_code) == (([], []), 201)
    (consent,) = await rows(database, Consent)
    assert (consent.channel, consent.guardian_name) == ("api", "Rahayu Lestari")


async def test_a_guardian_whom_nobody_asked_for_is_not_kept(guest: Guest, make: Make, database):
    answer = await place(guest.client, "booking", await make.event(), consents=[GIVEN])

    assert (answer.status_code, await rows(database, Consent)) == (201, [])


async def test_what_the_event_asks_is_told_to_programs(guest: Guest, event: Event, make: Make):
    told = []
    for each in (event, await make.event()):
        item = (await guest.client.get(f"/api/items/{each.id}")).json()
        offered = (await guest.client.get(f"/api/items/{each.id}/consents")).json()["consents"]
        told.append((item["needsGuardian"], [one["purpose"] for one in offered]))

    assert told == [(True, ["marketing", "guardian"]), (False, ["marketing"])]


async def test_erasing_the_buyer_takes_the_guardian_out(guest: Guest, event: Event, make: Make, database):
    await guest.hold(path_of(event), **CONSENTS)
    (order,) = await rows(database, Order)
    await make.move(Move(OrderEvent.CANCEL, event.id, SYSTEM, order.id))

    async with database.write(SYSTEM) as session:
        await erase_orders(session, [order.id], reason="test", actor=SYSTEM)

    (consent,) = await rows(database, Consent)
    assert (consent.guardian_name, consent.withdrawn_at is None) == (ERASED, False)
