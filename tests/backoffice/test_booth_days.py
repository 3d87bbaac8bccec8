"""Staff of an outlet find its bookings, and see a day of it as a timeline and as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from pesan.backoffice.views.booth_days import axis_of
from pesan.booths.slots import Span
from pesan.kit.times import in_zone
from tests.backoffice.conftest import Team
from tests.backoffice.counters import open_outlet, page_of, sign_in_at
from tests.support.booths import book, book_session
from tests.support.queries import CountQueries


async def test_bookings_are_found_by_state_day_and_name(team: Team):
    place = await open_outlet(team)
    paid = await book_session(team.make, team.database, place, buyer_name="Siti Rahma")
    await book(team.make, place, in_minutes=2 * 24 * 60, buyer_name="Budi Santoso")
    elsewhere = await open_outlet(team, "Booth Blok M")
    await book(team.make, elsewhere, buyer_name="Rini Kusuma")
    browser, page = await sign_in_at(team, [place.id]), page_of(team, place, "/bookings")
    later = in_zone(datetime.now(UTC) + timedelta(days=2), "Asia/Jakarta").date()

    found = {}
    for query in (
        "",
        "?state=AWAITING_CUSTOMER",
        f"?day={later}",
        "?q=siti",
        "?state=DONE",
        "?day=x&state=x",
    ):
        text = (await browser.get(page + query)).text
        found[query] = [name for name in ("Siti Rahma", "Budi Santoso", "Rini Kusuma") if name in text]

    both = ["Siti Rahma", "Budi Santoso"]
    assert list(found.values()) == [both, ["Siti Rahma"], ["Budi Santoso"], ["Siti Rahma"], [], both]
    first = (await browser.get(page)).text
    assert f"/organizer/{team.merchant.slug}/bookings/{paid.id}" in first  # by its id: staff see no code
    assert f"/sessions/{paid.id}" in first
    assert (await browser.get(page_of(team, elsewhere, "/bookings"))).status_code == 404


@pytest.mark.parametrize("booths", [1, 3])
async def test_a_day_shows_each_session_at_its_booth_in_as_many_queries(
    team: Team, count_page_queries: CountQueries, booths: int
):
    place = await open_outlet(team, booths=booths)
    for number in range(booths):
        await book_session(team.make, team.database, place, booth=number, buyer_name=f"Siti {'A' * number}")
    browser = await team.sign_in("staff")

    with count_page_queries() as of_day:
        day = await browser.get(page_of(team, place, "/day"))
    with count_page_queries() as of_list:
        await browser.get(page_of(team, place, "/bookings"))
    other = await browser.get(page_of(team, place, "/day?day=2030-01-07"))

    assert day.text.count('class="timeline__block') == day.text.count('class="tap code"') == booths
    assert 'class="timeline__now"' in day.text
    assert (len(of_day), len(of_list)) == (9, 6)
    assert ("Belum ada yang dipesan" in other.text, 'class="timeline__now"' in other.text) == (True, False)


def test_the_axis_begins_and_ends_with_whole_hours_of_the_outlets_clocks():
    now = datetime(2026, 12, 5, 3, 30, tzinfo=UTC)
    opens = [Span(datetime(2026, 12, 5, 2, 15, tzinfo=UTC), datetime(2026, 12, 5, 4, 45, tzinfo=UTC))]

    axis = axis_of(opens, [], now, "Asia/Jakarta")

    assert axis is not None
    assert [(x, f"{moment:%H:%M}") for x, moment in axis.hours] == [
        (0, "09:00"),
        (240, "10:00"),
        (480, "11:00"),
        (720, "12:00"),
    ]
    assert (axis.width, axis.now_x) == (720, 360)
    assert axis_of([], [], now, "Asia/Jakarta") is None
