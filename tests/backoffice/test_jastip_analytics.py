"""How trips go: sums of the merchant's own rows by its own clock, for whoever may see them."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import URL, text
from sqlalchemy import event as listening

from pesan.backoffice.charts import stacks
from pesan.backoffice.periods import Period
from pesan.backoffice.queries.jastip_analytics import (
    Charged,
    Funnel,
    Inviter,
    LinkVisits,
    Sold,
    Span,
    TripFigures,
    load_figures,
)
from pesan.backoffice.views.jastip_analytics import Window, analytics_page, span_of
from pesan.catalog.models import Event
from pesan.db import Actor
from pesan.jastip.service.orders import confirm_order, reject_order, ship_order
from pesan.jastip.service.visits import Visit, count_visit
from pesan.kit.ids import new_id
from pesan.payments.states import Account
from pesan.settings import Settings
from tests.backoffice.conftest import Team
from tests.backoffice.test_team import limit_to
from tests.support.factories import SYSTEM
from tests.support.postgres import Server
from tests.support.queries import CountQueries
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

ZONE = "Asia/Jayapura"
NOW = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
# Whatever grows with what merchants sell, so that nobody's page may walk through all of it.
GROWING = {
    *("orders", "order_lines", "trip_orders", "ledger_entries", "participants"),
    *("chat_messages", "chat_charges", "shortlink_visits", "products", "trips"),
}


async def lived(team: Team, settings: Settings, **draft: Any) -> Journey:
    """A trip with some of everything: two links followed, four orders of two people, and messages with a price."""
    journey = await make_journey(team.make, team.database, settings, team.merchant, **draft)
    product = await make_product(journey, title="Kit Kat Matcha", stock=9, slug=new_id().hex[-8:])
    siti = await make_participant(journey, name="Siti")
    budi = await make_participant(journey, name="Budi", referral_code=siti.referral_code)
    placed = [await order(journey, person, (product, 1)) for person in (siti, siti, siti, budi)]
    counter, staff = journey.counter, journey.staff
    for number in (0, 1):
        await confirm_order(counter, await team.order(placed[number]), actor=staff)
    await ship_order(counter, await team.order(placed[0]), actor=staff, courier="JNE", tracking_no=None)
    await reject_order(counter, await team.order(placed[2]), actor=staff, reason="Habis")
    async with team.database.write(SYSTEM) as session:
        for kind, target in (("trip", journey.id), ("trip", journey.id), ("product", product.id)):
            await count_visit(session, Visit(kind, target, team.merchant.id))
        await count_visit(session, Visit("profile", team.merchant.id, team.merchant.id))
        await _message(session, journey, "read")
        await _message(session, journey, "failed")
        await session.execute(
            text(
                "INSERT INTO chat_charges (message_id, merchant_id, event_id, category, kind, amount, at)"
                " VALUES (:id, :merchant, :trip, 'marketing', 'regular', 655.5, clock_timestamp())"
            ),
            {"id": new_id(), "merchant": team.merchant.id, "trip": journey.id},
        )
    return journey


async def _message(session: Any, journey: Journey, state: str) -> None:
    await session.execute(
        text(
            "INSERT INTO chat_messages (id, merchant_id, event_id, to_wa, line, priority, category, state)"
            " VALUES (:id, :merchant, :trip, '+628123', 'broadcast', 0, 'marketing', :state)"
        ),
        {"id": new_id(), "merchant": journey.merchant.id, "trip": journey.id, "state": state},
    )


def span_over(team: Team, *trips: UUID, has_profile: bool = False) -> Span:
    return Span(team.merchant.id, trips, ZONE, datetime.now(UTC) - timedelta(days=7), Period.DAY, has_profile)


async def load(team: Team, span: Span, actor: Actor | None = None) -> TripFigures:
    staff = actor or Actor.staff(team.merchant.id, frozenset({team.merchant.id}))
    async with team.database.read(staff) as session:
        return await load_figures(session, span, with_costs=True)


async def test_figures_are_those_of_the_trips_that_are_asked_for(team: Team, settings: Settings) -> None:
    journey, other = await lived(team, settings), await lived(team, settings)

    one = await load(team, span_over(team, journey.id))
    both = await load(team, span_over(team, journey.id, other.id, has_profile=True))

    assert sorted((kind, count) for (_, kind), count in one.visits.items()) == [("product", 1), ("trip", 2)]
    assert one.links[0] == LinkVisits("trip", journey.trip.slug, 2)
    assert sorted((each.state.value, each.orders, each.open_amount) for each in one.orders) == [
        ("CANCELLED", 1, 0),
        ("COMPLETED", 1, 0),
        ("HOLD", 1, 100_000),
        ("PAID", 1, 0),
    ]
    assert one.money == {
        Account.RECEIVED: 200_000,
        Account.FULFILLED: 100_000,
        Account.CUSTOMER: 100_000,
        Account.REFUND_DUE: 0,
        Account.REFUNDED: 0,
    }
    assert one.products == [Sold("Kit Kat Matcha", 2, 200_000, 1, 100_000)]
    assert one.funnel == Funnel(joined=2, ordered=2, paid=1)
    assert one.messages == {"read": 1, "failed": 1}
    assert [(each.name, each.came, each.ordered) for each in one.inviters] == [("Siti", 1, 1)]
    assert one.charges == [Charged("marketing", 1, Decimal("655.5"))]
    assert (both.funnel, both.money[Account.RECEIVED]) == (Funnel(4, 4, 2), 400_000)
    assert sum(both.visits.values()) == 8


async def test_another_merchants_trip_has_no_figures_here(team: Team, settings: Settings) -> None:
    journey = await lived(team, settings)
    stranger = Actor.staff(team.other.id, frozenset({team.other.id}))
    asked = Span(team.other.id, [journey.id], ZONE, datetime.now(UTC) - timedelta(days=7), Period.DAY)

    found = await load(team, asked, stranger)

    assert (found.visits, found.orders, found.products, found.messages) == ({}, [], [], {})
    assert (found.funnel, found.inviters, found.charges) == (Funnel(0, 0, 0), [], [])
    assert sum(found.money.values()) == 0


async def test_what_is_older_than_the_window_is_not_counted(
    team: Team, settings: Settings, postgres: Server, database_url: URL
) -> None:
    journey = await lived(team, settings)
    with postgres.connect(str(database_url.database)) as owner:
        owner.execute("UPDATE orders SET placed_at = placed_at - interval '8 days'")
        owner.execute("UPDATE participants SET created_at = created_at - interval '8 days'")
        owner.execute("UPDATE chat_messages SET created_at = created_at - interval '8 days'")
        owner.execute("UPDATE shortlink_visits SET day = day - 9")
        owner.execute("UPDATE chat_charges SET at = at - interval '8 days'")

    found = await load(team, span_over(team, journey.id))

    assert (found.visits, found.orders, found.products, found.messages) == ({}, [], [], {})
    assert (found.funnel, found.inviters, found.charges) == (Funnel(0, 0, 0), [], [])


@pytest.fixture
def asked(team: Team) -> Iterator[list[tuple[str, Any]]]:
    """Every statement with its values."""
    found: list[tuple[str, Any]] = []
    engine = team.database.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        found.append((statement, values))

    listening.listen(engine, "before_cursor_execute", note)
    yield found
    listening.remove(engine, "before_cursor_execute", note)


async def test_no_statement_walks_through_what_others_sold(
    team: Team, settings: Settings, asked: list[tuple[str, Any]]
) -> None:
    journey = await lived(team, settings)
    asked.clear()
    await load(team, span_over(team, journey.id, has_profile=True))
    sums = [(statement, values) for statement, values in asked if "GROUP BY" in statement]

    walked = []
    async with team.database.read(SYSTEM) as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        connection = await session.connection()
        for statement, values in sums:
            answer = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
            plan = answer.scalar_one()
            walked += _walked((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])

    assert (len(sums) >= 8, walked) == (True, [])


def _walked(node: dict[str, Any]) -> list[str]:
    """The growing tables that a plan reads from their beginning to their end."""
    found = [name for part in node.get("Plans", ()) for name in _walked(part)]
    is_whole = "Index Cond" not in node and node["Node Type"] != "Bitmap Heap Scan"
    name = node.get("Relation Name", "")
    return [*found, name] if name in GROWING and is_whole else found


def test_a_column_is_cut_into_its_parts_from_the_bottom() -> None:
    ((low, high),) = stacks([[3, 1]], 5)

    assert [(part.y, part.height) for part in (low, high)] == [(40.0, 60.0), (20.0, 20.0)]


def test_windows_begin_at_the_merchants_midnight() -> None:
    week, _ = span_of(Window.WEEK, NOW, ZONE, NOW)
    young, by_day = span_of(Window.ALL, NOW, ZONE, NOW - timedelta(days=10))
    _, by_week = span_of(Window.ALL, NOW, ZONE, NOW - timedelta(days=400))

    assert week == datetime(2026, 11, 15, 15, tzinfo=UTC)
    assert (young, by_day, by_week) == (datetime(2026, 11, 11, 15, tzinfo=UTC), Period.DAY, Period.WEEK)


def test_days_are_those_of_the_merchants_clock() -> None:
    since, period = span_of(Window.WEEK, NOW, ZONE, NOW)
    span = Span(new_id(), [], ZONE, since, period)
    figures = TripFigures(
        visits={
            (datetime.fromisoformat("2026-11-22"), "trip"): 3,
            (datetime.fromisoformat("2026-11-17"), "product"): 1,
        },
        links=[],
        orders=[],
        money=dict.fromkeys(Account, 0),
        products=[],
        funnel=Funnel(2, 1, 0),
        messages={},
        inviters=[Inviter("Siti", "ABCDEFGH", 1, 0)],
        charges=None,
    )

    page = analytics_page(figures, span, NOW, path="", window=Window.WEEK, locale="id")

    assert page.visits is not None
    assert [slot.total for slot in page.visits.slots] == [0, 1, 0, 0, 0, 0, 3]
    assert page.visits.slots[-1].tick == "22 Nov"
    assert [(bar.shown, bar.share, bar.note) for bar in page.funnel] == [
        ("4", 100.0, ""),
        ("2", 50.0, "50%"),
        ("1", 25.0, "50%"),
        ("0", 0.0, ""),
    ]
    assert (page.orders, page.costs, page.money) == (None, None, [])


async def test_pages_cost_the_same_however_many_trips(
    team: Team, settings: Settings, count_page_queries: CountQueries
) -> None:
    journey = await lived(team, settings)
    browser, base = await team.sign_in("organizer"), f"/jastip/{team.merchant.slug}"

    with count_page_queries() as few:
        one = await browser.get(f"{base}/analytics?days=7")
    for _ in range(2):
        await lived(team, settings)
    with count_page_queries() as more:
        three = await browser.get(f"{base}/analytics?days=all")
    tab = await browser.get(f"{base}/trips/{journey.id}/analytics")
    wrong = await browser.get(f"{base}/analytics?days=8")

    assert (len(few), one.status_code, wrong.status_code) == (len(more), 200, 422)
    tiles = [re.findall(r'tile__number">([^<]+)', page.text) for page in (one, three, tab)]
    assert [[tile.replace("\u00a0", " ") for tile in page] for page in tiles] == [
        ["Rp 200.000", "Rp 100.000", "Rp 100.000", "Rp 656"],
        ["Rp 600.000", "Rp 300.000", "Rp 300.000", "Rp 1.966"],
        ["Rp 200.000", "Rp 100.000", "Rp 100.000", "Rp 656"],
    ]
    assert ("Tautan profil" in one.text, "Tautan profil" in tab.text) == (True, False)


async def test_whoever_is_limited_to_a_trip_sees_its_figures_and_no_bill(
    team: Team, settings: Settings
) -> None:
    mine, other = await lived(team, settings), await lived(team, settings)
    await team.sign_in("organizer")
    async with team.database.read(SYSTEM) as session:
        event = await session.get_one(Event, mine.id)
    await limit_to(team, "organizer", event)
    browser, base = await team.sign_in("organizer"), f"/jastip/{team.merchant.slug}"

    whole, tab, theirs = [
        await browser.get(f"{base}{path}")
        for path in (
            "/analytics",
            f"/trips/{mine.id}/analytics",
            f"/trips/{other.id}/analytics",
        )
    ]

    assert [page.status_code for page in (whole, tab, theirs)] == [200, 200, 404]
    for page in (whole, tab):
        assert ("Rp\u00a0200.000" in page.text, "Biaya WhatsApp" in page.text) == (True, False)
        assert re.findall(r"Membuka tautan</text><text[^>]*>(\d+)", page.text) == ["3"]
