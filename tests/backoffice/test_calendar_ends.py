"""Dates at the ends of the calendar, where another zone or another day is beyond it, are answered like any other."""

import pytest

from pesan.backoffice.forms.event import EventForm
from pesan.backoffice.forms.state import read_form
from tests.backoffice.conftest import Team
from tests.backoffice.test_events import TYPED


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "UTC"])
@pytest.mark.parametrize("typed", ["0001-01-01", "0001-01-01T00:00", "1999-12-31T23:59", "9999-12-31T23:59"])
@pytest.mark.parametrize("field", ["starts_at", "ends_at", "sale_opens_at", "sale_closes_at"])
def test_time_beyond_what_is_sold_names_its_field(field: str, typed: str, zone: str) -> None:
    form = read_form(EventForm, TYPED | {field: typed}, zone=zone)

    assert form.valid is None
    assert set(form.state.errors) == {field}


@pytest.mark.parametrize("year", ["2000", "2199"])
def test_time_at_the_ends_of_what_is_sold_is_read(year: str) -> None:
    form = read_form(
        EventForm, TYPED | {"starts_at": f"{year}-01-01T10:00", "ends_at": f"{year}-01-01T11:00"}
    )

    assert form.valid is not None


@pytest.mark.parametrize("query", ["from=0001-01-01", "to=9999-12-31", "from=9999-12-31&to=0001-01-01"])
async def test_day_at_an_end_of_the_calendar_narrows_nothing(team: Team, query: str) -> None:
    order = await team.make.order(team.event)
    browser = await team.sign_in("organizer")

    page = await browser.get(f"{team.path}/bookings?{query}")

    assert (page.status_code, order.code in page.text) == (200, True)
