"""What buyers agree to: nothing is held without the terms, and nothing else is agreed to for them."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from pesan.audit.models import AuditEntry
from pesan.catalog.models import Event
from pesan.checkout.links import event_path
from pesan.orders.models import Order
from pesan.privacy.agreeing import TERMS_CHANGED, TERMS_MEND
from pesan.privacy.models import Consent
from pesan.tenancy.legal.queries import list_current
from pesan.tenancy.legal.service import publish
from pesan.tenancy.legal.states import LegalKind
from pesan.tenancy.models import Merchant
from tests.storefront.guest import Guest
from tests.support.factories import SYSTEM, Make


@pytest.fixture
async def guest(app: FastAPI) -> AsyncIterator[Guest]:
    headers = {"accept": "text/html"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Guest(client)


def path_of(event: Event) -> str:
    return event_path(event.slug, event.short_id)


async def rows(database, kind):
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(kind))).all()


@pytest.mark.parametrize("terms", ["", "0.1.1", "on"])
async def test_without_the_terms_in_force_nothing_is_held(guest: Guest, make: Make, database, terms):
    event = await make.event()

    answer = await guest.hold(path_of(event), terms=terms)

    assert answer.status_code == 422
    assert (TERMS_CHANGED if terms else TERMS_MEND).id in answer.text
    assert await rows(database, Order) == []


async def test_terms_that_changed_meanwhile_are_shown_again(guest: Guest, make: Make, database):
    event = await make.event()
    async with database.write(SYSTEM) as session:
        row = await session.get_one(Merchant, event.merchant_id)
        await publish(session, row, kind=LegalKind.TERMS, body_id="Baru.", body_en="New.", actor=SYSTEM)

    answer = await guest.hold(path_of(event), terms="1.1.1")

    assert (answer.status_code, 'value="2.1.1" required' in answer.text) == (422, True)
    assert await rows(database, Order) == []


async def test_accepted_texts_stand_with_the_order_and_in_its_history(guest: Guest, make: Make, database):
    event = await make.event()

    await guest.hold(path_of(event))

    (order,) = await rows(database, Order)
    async with database.read(SYSTEM) as session:
        current = await list_current(session, event.merchant_id)
        entry = await session.scalar(select(AuditEntry).where(AuditEntry.subject_id == order.id))
    assert order.legal_ids == [current[kind].id for kind in LegalKind]
    assert entry.data["legal"] == [str(found) for found in order.legal_ids]
    assert await rows(database, Consent) == []


async def test_marketing_is_agreed_to_by_its_own_tick_and_taken_back_by_the_link(
    guest: Guest, make: Make, database
):
    event = await make.event()
    held = await guest.hold(path_of(event), marketing="yes")
    page = f"/b/{held.headers['location'].removeprefix('/pay/')}/consents"
    (order,), (given,) = await rows(database, Order), await rows(database, Consent)

    token = await guest.token(page)
    answers = [await guest.client.post(f"{page}/withdraw", data={"csrf_token": token}) for _ in range(2)]

    (taken,) = await rows(database, Consent)
    assert (given.order_id, given.purpose, given.channel) == (order.id, "marketing", "checkout")
    assert [answer.headers["location"] for answer in answers] == [f"{page}?withdrawn=true"] * 2
    assert (given.withdrawn_at, taken.given_at) == (None, given.given_at)
    assert taken.withdrawn_at is not None
    assert "Cabut persetujuan" not in (await guest.get(page)).text


async def test_consents_of_somebody_elses_booking_are_not_found(guest: Guest, make: Make):
    await make.order()

    assert (await guest.get("/b/0000000000000/consents")).status_code == 404
