"""Letters about a booked session name its own time."""

import io
from datetime import UTC, datetime, timedelta

import icalendar
import pypdf
import pytest

from pesan.checkout.documents import calendar_of, read_papers, summary_pdf
from pesan.checkout.letters import letter_composers
from pesan.checkout.tasks import tell_buyer
from pesan.kit.times import format_datetime
from pesan.notifications.states import Kind
from pesan.orders.moves import LineWish, SlotWish
from pesan.orders.queries import find_period, get_order
from pesan.orders.states import OrderState
from pesan.storage import Storage
from tests.support.factories import SYSTEM

CONTACTS = {"email": "siti@contoh.id"}


@pytest.fixture
async def book(make):
    outlet = await make.event(fulfilment="booths", ends_at=datetime(2100, 1, 1, tzinfo=UTC))

    async def make_booking(starts_in, *, state=OrderState.COMPLETED):
        slot = await make.slot(outlet, datetime.now(UTC) + starts_in)
        lines = (LineWish(slot=SlotWish(slot.id, slot.pool_id)),)
        return slot, await make.order(outlet, state=state, lines=lines, **CONTACTS)

    return make_booking


@pytest.fixture
def told(execute):
    return lambda: execute("SELECT order_id, kind FROM notifications ORDER BY kind")


@pytest.mark.parametrize("kind", [Kind.SESSION_READY, Kind.SESSION_MOVED, Kind.SESSION_REMINDER])
async def test_a_letter_names_the_time_that_was_booked(deps, book, kind):
    slot, order = await book(timedelta(hours=2))

    letter = await letter_composers(deps).of(kind).compose(order.id, kind)

    assert letter.facts.when == format_datetime(slot.starts_at, "Asia/Jakarta", "id")


async def test_letter_and_papers_go_by_the_outlets_clocks(deps, book, execute, database):
    slot, order = await book(timedelta(hours=2))
    execute("UPDATE events SET zone = 'Asia/Jayapura'")
    letter = await letter_composers(deps).of(Kind.SESSION_READY).compose(order.id, Kind.SESSION_READY)
    async with database.read(SYSTEM) as session:
        papers = await read_papers(session, order)

    pdf = await summary_pdf(
        papers, deps[Storage], base_url="https://pesan.example", state=OrderState.COMPLETED
    )
    (entry,) = icalendar.Calendar.from_ical(calendar_of(papers, base_url="https://pesan.example")).walk(
        "VEVENT"
    )

    assert letter.facts.when == format_datetime(slot.starts_at, "Asia/Jayapura", "id")
    printed = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert ("WIT" in printed, "WIB" in printed) == (True, False)
    assert [entry[name].dt for name in ("DTSTART", "DTEND")] == [
        moment.replace(microsecond=0) for moment in (slot.starts_at, slot.ends_at)
    ]


async def test_entry_of_a_session_that_got_another_time_replaces_the_first_one(book, execute, database):
    _, order = await book(timedelta(hours=2))
    sequences = []
    for _ in range(2):
        async with database.read(SYSTEM) as session:
            papers = await read_papers(session, await get_order(session, order.id))
        (entry,) = icalendar.Calendar.from_ical(calendar_of(papers, base_url="")).walk("VEVENT")
        sequences.append(entry["SEQUENCE"])
        execute("UPDATE orders SET audit_seq = audit_seq + 1")

    assert sequences[1] == sequences[0] + 1


async def test_whoever_starts_again_goes_to_the_outlet(deps, book, execute, make):
    _, order = await book(timedelta(hours=2), state=OrderState.CANCELLED)
    ((slug, short_id),) = execute("SELECT slug, short_id FROM events")

    letter = await letter_composers(deps).of(Kind.CANCELLED).compose(order.id, Kind.CANCELLED)

    assert letter.facts.again_url.endswith(f"/booths/{slug}-{short_id}")


async def test_fulfilment_of_a_session_is_told_as_such(deps, book, told):
    _, order = await book(timedelta(hours=2))

    await tell_buyer(deps, order.id, "fulfil")
    await tell_buyer(deps, order.id, "reschedule", "move-1")

    assert told() == [(order.id, "session_moved"), (order.id, "session_ready")]


async def test_an_order_without_its_time_still_says_when_it_was(book, database):
    slot, order = await book(timedelta(hours=2), state=OrderState.CANCELLED)

    async with database.read(SYSTEM) as session:
        period = await find_period(session, order)

    assert period == (slot.starts_at, slot.ends_at)
