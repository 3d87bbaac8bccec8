"""The form that gives some tickets of a booking back: who may, what it says, and when it takes two people."""

from uuid import UUID

from sqlalchemy import URL

from pesan.kit.ids import new_id
from pesan.kit.money import format_rupiah
from pesan.orders.models import Order
from pesan.tickets.queries import list_tickets
from tests.backoffice.conftest import Browser, Team
from tests.backoffice.test_refunds import act, due, paid, refund_of, state_of
from tests.support.database import offenders
from tests.support.factories import SYSTEM
from tests.support.fulfilment import fulfil
from tests.support.postgres import Server


async def sold(team: Team, tickets: int, price: int = 150_000) -> tuple[Order, list[UUID]]:
    """A completed booking and its tickets."""
    order = await paid(team, price, quantity=tickets)
    await fulfil(team.make, team.database, order)
    async with team.database.read(SYSTEM) as session:
        return order, [ticket.id for ticket in await list_tickets(session, order.id)]


async def give_back(
    browser: Browser, team: Team, order: Order, ids: list[UUID], reason: str = "Sakit"
) -> int:
    page = f"{team.path}/bookings/{order.code}"
    fields = {"reason": reason, "ticket": [str(each) for each in ids]}
    return (await browser.submit(page, f"{page}/refund-tickets", fields)).status_code


async def test_organizer_gives_one_of_two_tickets_back(team: Team) -> None:
    order, ids = await sold(team, 2)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings/{order.code}"
    offered = (await browser.get(page)).text

    refused = [
        await give_back(browser, team, order, []),
        await give_back(browser, team, order, ids[:1], reason=" "),
        await give_back(browser, team, order, [new_id()]),
    ]
    done = await give_back(browser, team, order, ids[:1])
    again = await give_back(browser, team, order, ids[:1])

    shown = (await browser.get(page)).text
    assert offered.count('name="ticket"') == 2
    assert (refused, done, again) == ([422, 422, 409], 303, 409)
    assert await team.state(order) == "COMPLETED"
    assert shown.count("Sebagian tiket dikembalikan") == 2  # the refund, and its line in the history
    assert format_rupiah(150_000) in shown
    assert 'name="ticket"' not in shown
    assert await offenders(team.database) == []


async def test_many_tickets_wait_for_a_second_person(team: Team) -> None:
    order, ids = await sold(team, 4, price=2_000_000)
    organizer, admin = await team.sign_in("organizer"), await team.sign_in("admin")

    asked = await give_back(organizer, team, order, ids[:3])
    wish = await refund_of(team, order)
    twice = await give_back(organizer, team, order, ids[:1])
    page = (await organizer.get(f"{team.path}/bookings/{order.code}")).text
    alone = await act(organizer, team, wish, "approve")
    together = await act(admin, team, wish, "approve")
    sent = await act(organizer, team, wish, "paid", reference="BCA 0012")

    assert (asked, twice, alone, together, sent) == (303, 409, 403, 303, 303)
    assert page.count('name="ticket"') == 1
    assert await state_of(team, wish) == "paid"
    assert await team.state(order) == "COMPLETED"
    assert await offenders(team.database) == []


async def test_staff_give_no_ticket_back(team: Team) -> None:
    order, ids = await sold(team, 2)
    browser = await team.sign_in("staff")
    page = (await browser.get(f"{team.path}/bookings/{order.code}")).text

    assert await give_back(browser, team, order, ids[:1]) == 403
    assert 'name="ticket"' not in page
    assert await offenders(team.database) == []


async def test_list_says_what_the_provider_does_and_why_it_did_not(
    team: Team, postgres: Server, database_url: URL
) -> None:
    refund = await due(team)
    browser = await team.sign_in("organizer")

    async def shown(change: str) -> str:
        with postgres.connect(database_url.database) as connection:
            connection.execute(f"UPDATE refunds SET method = 'gateway', {change}".encode())
        return (await browser.get(f"{team.path}/refunds")).text

    sending = await shown("state = 'approved', approved_at = now()")
    too_early = await act(browser, team, refund, "paid", reference="BCA 0012")
    refused = await shown("state = 'failed', failure = 'refund_not_supported', tries = 1")
    unclear = await shown("failure = 'outcome_unknown'")
    shut = await shown("failure = 'gateway.account_sealed'")
    by_hand = await act(browser, team, refund, "paid", reference="BCA 0012")

    assert "Dikirim penyedia" in sending
    assert f"{refund.id}/paid" not in sending
    assert "tidak bisa dikembalikan lewat penyedia" in refused
    assert "Periksa dasbornya dulu" not in refused
    assert "tidak jelas apakah sudah terkirim" in unclear
    assert "Periksa dasbornya dulu" in unclear
    assert "Periksa dasbornya dulu" in shut
    assert (too_early, by_hand) == (409, 303)
