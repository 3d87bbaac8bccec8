"""Who sees what: every page by role, and never another merchant's rows."""

import pytest

from pesan.kit.ids import new_id
from tests.backoffice.conftest import Team

STAFF_PAGES = ("", "/review", "/bookings", "/risk", "/refunds")
ORGANIZER_PAGES = (
    *("/events", "/events/new", "/payment-methods", "/team", "/brand"),
    *("/letters", "/letters/expired/en", "/risk/lists"),
)


@pytest.mark.parametrize(
    ("role", "staff_pages", "organizer_pages"),
    [("staff", 200, 403), ("organizer", 200, 200), ("stranger", 404, 404), ("admin", 200, 200)],
)
async def test_pages_by_role(team: Team, role: str, staff_pages: int, organizer_pages: int) -> None:
    browser = await team.sign_in(role)

    seen = {
        page: (await browser.get(f"{team.path}{page}")).status_code for page in STAFF_PAGES + ORGANIZER_PAGES
    }

    assert seen == dict.fromkeys(STAFF_PAGES, staff_pages) | dict.fromkeys(ORGANIZER_PAGES, organizer_pages)


@pytest.mark.parametrize(
    ("role", "links"),
    [
        ("staff", ["", "/review", "/bookings", "/risk", "/refunds"]),
        (
            "organizer",
            [
                "",
                "/review",
                "/bookings",
                "/risk",
                "/refunds",
                "/events",
                "/payment-methods",
                "/team",
                "/brand",
            ],
        ),
    ],
)
async def test_navigation_shows_what_the_role_may_open(team: Team, role: str, links: list[str]) -> None:
    browser = await team.sign_in(role)
    page = (await browser.get(team.path)).text
    navigation = page[page.index('<nav class="desk-nav"') : page.index("</nav>")]

    assert [
        part.partition('"')[0] for part in navigation.split('href="')[1:] if part.startswith("/organizer")
    ] == [f"{team.path}{link}" for link in links]


async def test_staff_with_one_merchant_go_straight_there(team: Team) -> None:
    browser = await team.sign_in("staff")

    answer = await browser.get("/backoffice")

    assert (answer.status_code, answer.headers["location"]) == (303, team.path)


async def test_administrator_chooses_among_all_merchants(team: Team) -> None:
    browser = await team.sign_in("admin")

    page = (await browser.get("/backoffice")).text

    assert "Kopi Senja" in page
    assert "Teater Rakyat" in page


async def test_merchants_of_others_are_not_offered(team: Team) -> None:
    browser = await team.sign_in("organizer")

    page = (await browser.get(team.path)).text

    assert "Teater Rakyat" not in page


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("organizer", 403), ("admin", 200)])
async def test_jobs_are_for_administrators(team: Team, role: str, status: int) -> None:
    browser = await team.sign_in(role)

    assert (await browser.get("/backoffice/jobs")).status_code == status


async def test_orders_of_another_merchant_are_not_found_under_ones_own(team: Team) -> None:
    theirs = await team.make.order(await team.make.event(team.other))
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings"

    assert (await browser.get(f"{team.path}/review/{theirs.code}")).status_code == 404
    assert (await browser.get(f"{page}/{theirs.code}")).status_code == 404
    assert (await browser.submit(page, f"{team.path}/review/{theirs.code}/approve")).status_code == 404
    assert (await browser.submit(page, f"{page}/{theirs.code}/cancel", {"reason": "x"})).status_code == 404
    assert await team.state(theirs) == "HOLD"


async def test_administrator_reaches_an_order_only_under_its_own_merchant(team: Team) -> None:
    theirs = await team.make.order(await team.make.event(team.other))
    browser = await team.sign_in("admin")

    assert (await browser.get(f"{team.path}/bookings/{theirs.code}")).status_code == 404
    assert (await browser.get(f"/organizer/teater-rakyat/bookings/{theirs.code}")).status_code == 200


async def test_events_and_methods_of_another_merchant_cannot_be_changed(team: Team) -> None:
    theirs = await team.make.event(team.other)
    browser = await team.sign_in("organizer")
    events, methods = f"{team.path}/events", f"{team.path}/payment-methods"

    assert (await browser.get(f"{events}/{theirs.short_id}")).status_code == 404
    assert (
        await browser.submit(events, f"{events}/{theirs.short_id}/status", {"status": "closed"})
    ).status_code == 404
    assert (await browser.submit(methods, f"{methods}/{new_id()}/active")).status_code == 404


async def test_role_taken_away_counts_on_the_next_request(team: Team) -> None:
    from sqlalchemy import text

    from tests.support.factories import SYSTEM

    browser = await team.sign_in("staff")
    async with team.database.write(SYSTEM) as session:
        await session.execute(
            text("DELETE FROM memberships WHERE user_id = :user"), {"user": team.users["staff"].id}
        )

    assert (await browser.get(f"{team.path}/review")).status_code == 403
