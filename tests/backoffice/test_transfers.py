"""Staff hand a ticket on for a buyer who asked them."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from pesan.settings import Settings
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from tests.backoffice.conftest import Team
from tests.backoffice.sales import Till, working
from tests.support.factories import SYSTEM

RANI = {"name": "Rani Wijaya", "email": "rani@contoh.id", "wa": ""}


@pytest.fixture
async def till(team: Team, settings: Settings) -> AsyncIterator[Till]:
    async with working(settings, team) as till:
        yield till


async def ticket_of(team: Team, order_id: object) -> Ticket:
    async with team.database.read(SYSTEM) as session:
        return (await list_tickets(session, order_id))[0]


async def test_staff_hand_a_ticket_on_where_buyers_may_not(team: Team, till: Till) -> None:
    order = await till.completed(team.event)
    ticket = await ticket_of(team, order.id)
    async with team.database.write(SYSTEM) as session:
        await session.execute(text("UPDATE events SET transferable = false"))
    browser = await team.sign_in("staff")
    booking = f"{team.path}/bookings/{order.id}"
    form = f"{booking}/tickets/{ticket.id}/transfer"

    offered = (await browser.get(booking)).text
    wrong = await browser.submit(form, form, {**RANI, "email": "rani", "version": "0"})
    stale = await browser.submit(form, form, {**RANI, "version": "5"})
    done = await browser.submit(form, form, {**RANI, "version": "0"})
    history = (await browser.get(booking)).text

    assert f'href="{form}"' in offered
    assert (wrong.status_code, 'value="Rani Wijaya"' in wrong.text) == (422, True)
    assert (stale.status_code, "baru saja berubah" in stale.text) == (409, True)
    assert (done.status_code, done.headers["location"]) == (303, booking)
    assert (await ticket_of(team, order.id)).holder_name == "Rani Wijaya"
    assert "Tiket diserahkan ke orang lain" in history


async def test_ticket_of_another_booking_or_merchant_is_not_found(team: Team, till: Till) -> None:
    mine = await till.completed(team.event)
    others = await till.completed(await team.make.event(team.other))
    ticket = await ticket_of(team, others.id)
    browser = await team.sign_in("staff")

    for code in (mine.code, others.code):
        form = f"{team.path}/bookings/{code}/tickets/{ticket.id}/transfer"
        answer = await browser.submit("/backoffice/account", form, {**RANI, "version": "0"})
        assert ((await browser.get(form)).status_code, answer.status_code) == (404, 404)
    assert (await ticket_of(team, others.id)).epoch == 0
