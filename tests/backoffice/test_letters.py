"""A buyer's letter goes out once more: to their own address, a few times an hour, with a name in the audit."""

import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from pesan.backoffice.words import ACTIONS, DELIVERIES, LETTERS
from pesan.chats.states import MessageState
from pesan.checkout.resending import MOST, RESENT, find_letter
from pesan.checkout.tasks import resend_letter
from pesan.notifications.queries import list_deliveries
from pesan.notifications.states import DeliveryState, Kind
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.settings import Settings
from tests.architecture.sources import sources
from tests.backoffice.conftest import Browser, Team
from tests.backoffice.sales import Till, working
from tests.support.factories import SYSTEM
from tests.support.queries import CountQueries

EMAIL = "budi@contoh.example"


@pytest.fixture
async def till(team: Team, settings: Settings) -> AsyncIterator[Till]:
    async with working(settings, team) as till:
        yield till


async def resend(browser: Browser, team: Team, order: Order) -> int:
    page = f"{team.path}/bookings/{order.code}"
    return (await browser.submit("/backoffice/account", f"{page}/resend")).status_code


async def noted(team: Team) -> list[tuple[object, object]]:
    """Who asked for which letter, by the audit."""
    query = text("SELECT actor_id, data FROM audit_entries WHERE action = :action ORDER BY seq")
    async with team.database.read(SYSTEM) as session:
        return [(row[0], row[1]) for row in await session.execute(query, {"action": RESENT})]


async def waiting(team: Team) -> list[dict[str, str]]:
    """The arguments of the jobs that would write again."""
    query = text("SELECT args FROM procrastinate_jobs WHERE task_name = 'checkout.resend_letter' ORDER BY id")
    async with team.database.read(SYSTEM) as session:
        return [row[0] for row in await session.execute(query)]


async def test_tickets_are_sent_again_by_the_usual_way(team: Team, till: Till) -> None:
    order = await till.completed(team.event, email=EMAIL)
    browser = await team.sign_in("staff")
    page = f"{team.path}/bookings/{order.id}"

    offered = (await browser.get(page)).text
    answer = await browser.submit(page, f"{page}/resend")
    (job,) = await waiting(team)
    for _ in range(2):
        await resend_letter(till.deps, order.id, job["occasion"])

    assert "Kirim ulang tiketnya" in offered
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?resent=true")
    assert job["order_id"] == str(order.id)
    assert await noted(team) == [(team.users["staff"].id, {"kind": "ticket_ready"})]
    async with team.database.read(SYSTEM) as session:
        told = [(n.kind, n.occasion, d.channel) for n, d in await list_deliveries(session, order.id)]
    assert told == [("ticket_ready", job["occasion"], "email")]
    after = (await browser.get(f"{page}?resent=true")).text
    history = after[after.index("Riwayat") :]
    assert "Suratnya sedang dikirim ulang." in after
    assert "sedang dikirim" in after
    assert [word for word in ("Surat dikirim ulang", "Rina staff") if word in history] == [
        "Surat dikirim ulang",
        "Rina staff",
    ]


async def test_letter_goes_again_three_times_an_hour_and_no_more(
    team: Team, till: Till, postgres, database_url
) -> None:
    order = await till.completed(team.event, email=EMAIL)
    browser = await team.sign_in("staff")

    answers = [await resend(browser, team, order) for _ in range(MOST + 1)]
    jobs = await waiting(team)
    with postgres.connect(database_url.database) as owner:
        owner.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
        owner.execute("UPDATE audit_entries SET at = at - interval '1 hour'")
    later = await resend(browser, team, order)

    assert answers == [303, 303, 303, 429]
    assert len({job["occasion"] for job in jobs}) == len(jobs) == MOST
    assert (later, len(await noted(team))) == (303, MOST + 1)


@pytest.mark.parametrize(
    ("state", "email"),
    [
        (OrderState.HOLD, EMAIL),
        (OrderState.PAID, EMAIL),
        (OrderState.CANCELLED, EMAIL),
        (OrderState.REVIEW, None),
    ],
)
async def test_nothing_is_sent_without_a_letter_or_an_address(
    team: Team, state: OrderState, email: str | None
) -> None:
    order = await team.make.order(team.event, state=state, email=email)
    browser = await team.sign_in("organizer")

    answer = await resend(browser, team, order)
    page = (await browser.get(f"{team.path}/bookings/{order.code}")).text

    assert (answer, await noted(team), await waiting(team)) == (409, [], [])
    assert "/resend" not in page


@pytest.mark.parametrize(
    ("state", "kind"), [(OrderState.REVIEW, Kind.PROOF_RECEIVED), (OrderState.REJECTED, Kind.REJECTED)]
)
async def test_letter_says_where_the_order_stands(team: Team, state: OrderState, kind: Kind) -> None:
    order = await team.make.order(team.event, state=state, email=EMAIL)

    async with team.database.read(SYSTEM) as session:
        assert await find_letter(session, order) is kind


@pytest.mark.parametrize(
    ("role", "status"), [("staff", 303), ("organizer", 303), ("admin", 303), ("stranger", 404)]
)
async def test_resending_by_role(team: Team, till: Till, role: str, status: int) -> None:
    order = await till.completed(team.event, email=EMAIL)
    browser = await team.sign_in(role)

    answer = await resend(browser, team, order)

    assert (answer, len(await noted(team))) == (status, int(status == 303))


async def test_order_of_another_merchant_is_not_written_about_under_ones_own(team: Team, till: Till) -> None:
    order = await till.completed(await team.make.event(team.other), email=EMAIL)
    browser = await team.sign_in("admin")

    assert (await resend(browser, team, order), await noted(team)) == (404, [])


@pytest.mark.parametrize("count", [1, 3])
async def test_booking_asks_the_same_questions_however_long_its_history(
    team: Team, till: Till, count: int, count_page_queries: CountQueries
) -> None:
    order = await till.completed(team.event, email=EMAIL)
    browser = await team.sign_in("staff")
    for _ in range(count):
        await resend(browser, team, order)
    for job in await waiting(team):
        await resend_letter(till.deps, order.id, job["occasion"])

    with count_page_queries() as statements:
        page = await browser.get(f"{team.path}/bookings/{order.code}")

    assert page.text.count("Surat dikirim ulang") == count
    assert len(statements) == 17


def test_everything_that_happens_to_an_order_has_a_word() -> None:
    named = {name for source in sources() for name in re.findall(r'"(order:[a-z_]+:[a-z_]+)"', source.text)}

    assert named - ACTIONS.keys() == set()
    assert LETTERS.keys() == {kind.value for kind in Kind}
    on_chats = {f"chat_{state.value}" for state in MessageState}
    assert DELIVERIES.keys() == {state.value for state in DeliveryState} | on_chats
