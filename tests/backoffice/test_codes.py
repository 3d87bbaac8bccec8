"""Booking and ticket codes at the desk: whole for those who may change things, the end of them for everybody else."""

from collections.abc import AsyncIterator

import pytest

from pesan.orders.models import Order
from pesan.settings import Settings
from pesan.tickets.queries import list_tickets
from tests.backoffice.conftest import Team, picture
from tests.backoffice.sales import Till, working
from tests.support.factories import SYSTEM


@pytest.fixture
async def till(team: Team, settings: Settings) -> AsyncIterator[Till]:
    async with working(settings, team) as till:
        yield till


async def pages_of(team: Team, sold: Order, waiting: Order) -> list[str]:
    async with team.database.read(SYSTEM) as session:
        ticket = (await list_tickets(session, sold.id))[0]
    return [
        "/bookings",
        f"/bookings/{sold.id}",
        f"/bookings/{sold.id}/tickets/{ticket.id}/transfer",
        f"/bookings/{waiting.id}",
        "/review",
        f"/review/{waiting.id}",
        "/refunds?show=all",
        f"/events/{team.event.short_id}/attendees",
    ]


@pytest.mark.parametrize("role", ["staff", "organizer"])
async def test_whole_codes_and_the_buyers_page_are_for_those_who_may_change_things(
    team: Team, till: Till, role: str
) -> None:
    sold = await till.completed(team.event)
    await till.pay_again(sold, 25_000)
    waiting = await team.review(picture())
    await team.review(picture())  # the same proof: each names the other
    async with team.database.read(SYSTEM) as session:
        secrets = [sold.code, waiting.code, (await list_tickets(session, sold.id))[0].code]
    browser = await team.sign_in(role)

    answers = [await browser.get(team.path + page) for page in await pages_of(team, sold, waiting)]

    assert [answer.status_code for answer in answers] == [200] * 8
    text_of_all = " ".join(answer.text for answer in answers)
    is_open = role == "organizer"
    assert [secret in text_of_all for secret in secrets] == [is_open] * 3
    assert ('href="/b/' in text_of_all) is is_open


async def test_staff_find_a_booking_by_its_code_or_the_end_that_they_see_and_cannot_guess_on(
    team: Team,
) -> None:
    order = await team.make.order(team.event)
    await team.make.order(team.event)
    browser = await team.sign_in("staff")
    link = f'href="{team.path}/bookings/{order.id}"'

    typed = [order.code.lower(), order.code[-4:], order.code[:6], order.code[-6:]]
    found = [link in (await browser.get(f"{team.path}/bookings?q={search}")).text for search in typed]
    by_code = (await browser.get(f"{team.path}/bookings/{order.code}")).text

    assert found == [True, True, False, False]
    assert f'<h1 class="code">…{order.code[-4:]}</h1>' in by_code


@pytest.mark.parametrize("role", ["staff", "organizer"])
async def test_an_order_by_its_id_tells_its_code_to_those_who_may_change_it(team: Team, role: str) -> None:
    order = await team.make.order(team.event)
    browser = await team.sign_in(role)

    told = (await browser.get(f"/v1/orders/{order.id}")).json()

    if role == "organizer":
        assert (told["code"], told["payment_url"].endswith(f"/pay/{order.code}")) == (order.code, True)
    else:
        assert (told["code"], told["payment_url"]) == (f"…{order.code[-4:]}", None)
