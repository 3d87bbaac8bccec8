"""The sales of an event: sums that agree with each other, for its organizer alone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from pesan.backoffice.periods import Slot
from pesan.backoffice.queries.events import get_event
from pesan.backoffice.queries.sales import SalesFacts, Steps, Use, load_sales
from pesan.backoffice.views.sales import sales_page
from pesan.catalog.models import Event
from pesan.db import Actor
from pesan.kit.times import in_zone
from pesan.orders.states import OrderState
from pesan.payments.states import Account
from pesan.settings import Settings
from tests.backoffice.conftest import Team
from tests.backoffice.sales import Till, line, working
from tests.support.queries import CountQueries

ZONE = "Asia/Jayapura"


@pytest.fixture
async def till(team: Team, settings: Settings) -> AsyncIterator[Till]:
    async with working(settings, team) as till:
        yield till


def organizer_of(team: Team) -> Actor:
    return Actor.staff(team.merchant.id, frozenset({team.merchant.id}))


async def load(team: Team, event: Event, actor: Actor | None = None) -> SalesFacts:
    async with team.database.read(actor or organizer_of(team)) as session:
        own = await get_event(session, event.merchant_id, event.short_id)
        return await load_sales(session, own, zone=ZONE)


async def test_sums_agree_after_everything_that_can_happen(team: Team, till: Till) -> None:
    event = team.event
    await till.paid(event, quantity=1)
    completed = await till.completed(event)
    await till.refunded(event)
    await till.pay_again(completed, 25_000)
    for state in (OrderState.HOLD, OrderState.REVIEW, OrderState.REJECTED, OrderState.CANCELLED):
        await team.make.order(event, state=state)
    await till.let_expire(await team.make.order(event))

    facts = await load(team, event)

    assert facts.use == Use(sold=2, in_review=1, held=1)
    assert facts.steps == Steps(placed=8, paid=3, completed=2)
    assert facts.money == {
        Account.RECEIVED: 475_000,
        Account.CUSTOMER: 150_000,
        Account.FULFILLED: 150_000,
        Account.REFUND_DUE: 175_000,
        Account.REFUNDED: 0,
    }
    assert facts.tickets == {"active": 1, "void": 1}
    assert [(slot.orders, slot.places, slot.amount) for slot in facts.hours] == [(2, 2, 300_000)]


async def test_ticket_that_went_back_alone_is_not_sold(team: Team, till: Till) -> None:
    event = await team.make.event(team.merchant, max_per_order=2)
    await till.given_back(await till.completed(event, quantity=2), 1)

    facts = await load(team, event)

    assert facts.use == Use(sold=1)
    assert facts.tickets == {"active": 1, "void": 1}
    assert [(slot.orders, slot.places, slot.amount) for slot in facts.hours] == [(1, 1, 150_000)]


async def test_types_count_their_own_places_and_the_event_all_of_them(team: Team, till: Till) -> None:
    event = await team.make.event(team.merchant, capacity=20, max_per_order=5)
    regular = await team.make.ticket_type(event, name="Reguler", inventory=10)
    seated = await team.make.ticket_type(event, name="Tribun", inventory=2, is_seated=True)
    first, _second = await team.make.seats(seated, 2)
    await till.paid(event, lines=(line(regular, 3), line(seated, 1, first)))
    await team.make.order(event, lines=(line(regular, 2),))

    facts = await load(team, event)
    page = sales_page(facts, path="", zone=ZONE, locale="id", period=None)

    assert facts.use == Use(sold=4, held=2)
    assert [(kind.bar.label, kind.bar.shown, kind.use, kind.left) for kind in page.kinds] == [
        ("Reguler", "3 / 10", Use(sold=3, held=2), 5),
        ("Tribun", "1 / 2", Use(sold=1), 1),
    ]


async def test_sale_is_told_by_the_hour_its_money_came_on_the_merchants_clock(
    team: Team, till: Till, postgres, database_url
) -> None:
    late, free = await till.paid(team.event), await team.make.event(team.merchant, price_amount=0)
    gift = await team.make.order(free)
    with postgres.connect(database_url.database) as owner:
        owner.execute("UPDATE orders SET placed_at = '2026-11-20 15:59:00+00'")
        owner.execute("ALTER TABLE ledger_entries DISABLE TRIGGER USER")
        owner.execute("UPDATE ledger_entries SET at = '2026-11-20 16:30:00+00'")

    paid, given = await load(team, team.event), await load(team, free)

    assert (late.state, gift.state) == ("PAID", "PAID")
    assert paid.hours == [Slot(datetime.fromisoformat("2026-11-21T01:00"), 1, 1, 150_000)]
    assert given.hours == [Slot(datetime.fromisoformat("2026-11-21T00:00"), 1, 1, 0)]


async def test_timeline_reaches_until_now_and_no_further_than_the_events_end(team: Team, till: Till) -> None:
    await till.paid(team.event)

    facts = await load(team, team.event)
    page = sales_page(facts, path="", zone=ZONE, locale="id", period=None)

    assert page.timeline is not None
    here = in_zone(datetime.now(UTC), ZONE).replace(tzinfo=None)
    assert here - page.timeline.moments[-1].slot.begins_at < timedelta(hours=1, minutes=1)
    assert (page.timeline.places, page.timeline.best.slot.places) == (1, 1)


@pytest.mark.parametrize("count", [1, 3])
async def test_page_asks_the_same_questions_however_much_was_sold(
    team: Team, till: Till, count: int, count_page_queries: CountQueries
) -> None:
    event = await team.make.event(team.merchant, capacity=20)
    for _ in range(count):
        offer = await team.make.ticket_type(event)
        await till.completed(event, lines=(line(offer),))
        await till.refunded(event, lines=(line(offer),))
    browser = await team.sign_in("organizer")

    with count_page_queries() as statements:
        answer = await browser.get(f"{team.path}/events/{event.short_id}/sales")

    assert (answer.status_code, len(statements)) == (200, 12)


async def test_sums_of_another_merchants_event_are_nobodys(team: Team, till: Till) -> None:
    theirs = await team.make.event(team.other)
    await till.completed(theirs)

    seen = await load(team, theirs)

    assert (await load(team, theirs, Actor.system("tests"))).steps == Steps(1, 1, 1)
    assert (seen.steps, seen.uses, seen.hours, seen.tickets) == (Steps(0, 0, 0), {}, [], {})
    assert set(seen.money.values()) == {0}


@pytest.mark.parametrize(
    ("role", "status"), [("staff", 403), ("stranger", 404), ("organizer", 200), ("admin", 200)]
)
async def test_sales_are_for_those_who_manage_the_event(team: Team, role: str, status: int) -> None:
    browser = await team.sign_in(role)

    assert (await browser.get(f"{team.path}/events/{team.event.short_id}/sales")).status_code == status


async def test_event_of_another_merchant_is_not_found_under_ones_own(team: Team) -> None:
    theirs = await team.make.event(team.other)
    browser = await team.sign_in("admin")

    assert (await browser.get(f"{team.path}/events/{theirs.short_id}/sales")).status_code == 404


async def test_page_draws_what_was_sold_and_writes_it_down(team: Team, till: Till) -> None:
    offer = await team.make.ticket_type(team.event, name='<b>"VIP"</b>')
    await till.completed(team.event, lines=(line(offer),))
    browser = await team.sign_in("organizer")
    page = f"{team.path}/events/{team.event.short_id}"

    shown = {by: (await browser.get(f"{page}/sales?by={by}")).text for by in ("", "hour", "day")}
    wrong = await browser.get(f"{page}/sales?by=minute")

    assert [text.count('<svg class="chart"') for text in shown.values()] == [5, 5, 5]
    assert [text.count('<details class="numbers">') for text in shown.values()] == [5, 5, 5]
    assert "per jam" in shown["hour"]
    assert "per hari" in shown["day"]
    assert "<b>" not in shown[""]
    assert "Diterima: Rp\u00a0100.000 (100%)" in shown[""]
    assert wrong.status_code == 422
    assert f'href="{page}/sales"' in (await browser.get(page)).text


async def test_event_that_sold_nothing_says_so(team: Team) -> None:
    browser = await team.sign_in("organizer")

    page = (await browser.get(f"{team.path}/events/{team.event.short_id}/sales")).text

    said = ["Belum ada yang terjual", "Belum ada pesanan.", "Belum ada uang", "Belum ada tiket yang terbit."]
    assert [words for words in said if words in page] == said
    assert "0 / 50" in page
