"""Events: typed as Indonesians type, refused with a mend, changed without breaking what was sold."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pesan.backoffice.forms.event import EventForm
from pesan.backoffice.forms.state import read_form
from pesan.backoffice.queries.events import list_events
from pesan.capacity.models import CapacityPool
from pesan.catalog.models import Event, EventPaymentMethod
from pesan.checkout.forms import html_rules
from pesan.kit.ids import new_id
from pesan.orders.states import OrderState
from tests.backoffice.conftest import Team, picture
from tests.backoffice.counters import open_outlet
from tests.support.factories import SYSTEM

TYPED = {
    "title": "Kelas Seduh Manual",
    "starts_at": "2027-01-10T19:00",
    "price_amount": "Rp 150.000",
    "capacity": "1.000",
    "hold_percent": "40",
    "hold_minutes": "20",
}


async def load(team: Team, event: Event) -> tuple[Event, CapacityPool]:
    async with team.database.read(SYSTEM) as session:
        return await session.get_one(Event, event.id), await session.get_one(CapacityPool, event.pool_id)


def test_form_reads_rupiah_thousands_and_the_merchants_clock() -> None:
    form = read_form(EventForm, TYPED, zone="Asia/Makassar")

    assert form.valid is not None
    draft = form.valid.to_draft()
    assert (draft.price_amount, draft.capacity, float(draft.hold_ratio)) == (150_000, 1000, 0.4)
    assert draft.starts_at == datetime(2027, 1, 10, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "field", "mend"),
    [
        ({"title": "ab"}, "title", "Isi minimal 3 karakter."),
        (
            {"price_amount": "150,000"},
            "price_amount",
            "Tulis harga dalam rupiah, misalnya 150.000. Isi 0 untuk gratis.",
        ),
        (
            {"price_amount": "-1"},
            "price_amount",
            "Tulis harga dalam rupiah, misalnya 150.000. Isi 0 untuk gratis.",
        ),
        ({"capacity": "0"}, "capacity", "Isi minimal 1."),
        ({"capacity": "banyak"}, "capacity", "Tulis angka bulat, misalnya 100."),
        ({"capacity": "9" * 30}, "capacity", "Isi maksimal 1000000."),
        ({"hold_minutes": "61"}, "hold_minutes", "Isi maksimal 60."),
        ({"starts_at": ""}, "starts_at", "Pilih tanggal dan jam."),
        ({"starts_at": "besok"}, "starts_at", "Pilih tanggal dan jam."),
        ({"ends_at": "2027-01-10T18:00"}, "ends_at", "Waktu selesai harus setelah mulai."),
        (
            {"sale_opens_at": "2027-01-02T10:00", "sale_closes_at": "2027-01-01T10:00"},
            "sale_closes_at",
            "Penjualan harus ditutup setelah dibuka.",
        ),
    ],
)
def test_form_names_the_mend(changes: dict[str, str], field: str, mend: str) -> None:
    form = read_form(EventForm, TYPED | changes)

    assert form.valid is None
    assert {name: text.id for name, text in form.state.errors.items()} == {field: mend}


def test_html_constraints_come_from_the_schema() -> None:
    rules = html_rules(EventForm)

    assert rules["title"] == {"minlength": "3", "maxlength": "120", "required": ""}
    assert rules["review_cap"] == {"min": "1", "max": "1000000"}


async def test_new_event_is_a_draft_until_it_is_opened(team: Team) -> None:
    browser = await team.sign_in("organizer")
    form: dict[str, Any] = TYPED | {"method_ids": [str(team.method.id)], "certificate": "true"}

    answer = await browser.submit(f"{team.path}/events/new", f"{team.path}/events", form)
    page = answer.headers["location"].partition("?")[0]
    opened = await browser.submit(page, f"{page}/status", {"status": "open"})

    async with team.database.read(SYSTEM) as session:
        event = await session.scalar(select(Event).where(Event.title == "Kelas Seduh Manual"))
        assert event is not None
        methods = (await session.scalars(select(EventPaymentMethod.method_id))).all()
    assert (answer.status_code, opened.status_code) == (303, 303)
    assert (event.status, event.certificate, event.transferable, event.starts_at.hour) == (
        "open",
        True,
        False,
        12,
    )
    assert list(methods) == [team.method.id]


async def test_refused_form_keeps_what_was_typed(team: Team) -> None:
    browser = await team.sign_in("organizer")

    answer = await browser.submit(
        f"{team.path}/events/new", f"{team.path}/events", TYPED | {"price_amount": "<b>murah</b>"}
    )

    assert answer.status_code == 422
    assert 'value="&lt;b&gt;murah&lt;/b&gt;"' in answer.text
    assert 'value="Kelas Seduh Manual"' in answer.text


async def test_event_takes_only_the_merchants_own_ways_to_pay(team: Team) -> None:
    foreign = await team.make.method(team.other)
    browser = await team.sign_in("organizer")
    events, own = f"{team.path}/events", f"{team.path}/events/{team.event.short_id}"
    before, _ = await load(team, team.event)

    answers = [
        (await browser.submit(own, path, TYPED | {"method_ids": [str(method_id)]})).status_code
        for path in (events, own)
        for method_id in (foreign.id, new_id())
    ]

    assert answers == [404] * 4
    assert (await load(team, team.event))[0].updated_at == before.updated_at
    assert (await browser.get(events)).text.count("Kelas Seduh Manual") == 0
    kept = await browser.submit(own, own, TYPED | {"method_ids": [str(team.method.id)]})
    assert kept.status_code == 303


async def test_hours_of_letters_are_the_events_own_where_they_are_typed(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/events/{team.event.short_id}"

    refused = await browser.submit(page, page, TYPED | {"reminder_hours": "721", "follow_up_hours": ""})
    saved = await browser.submit(page, page, TYPED | {"reminder_hours": "72", "follow_up_hours": "0"})
    typed, _ = await load(team, team.event)
    shown = (await browser.get(page)).text
    emptied = await browser.submit(page, page, TYPED | {"reminder_hours": "", "follow_up_hours": ""})
    empty, _ = await load(team, team.event)

    assert [answer.status_code for answer in (refused, saved, emptied)] == [422, 303, 303]
    assert (typed.reminder_hours, typed.follow_up_hours) == (72, 0)
    assert 'name="reminder_hours"' in shown
    assert 'value="72"' in shown
    assert (empty.reminder_hours, empty.follow_up_hours) == (None, None)


async def test_capacity_below_what_is_sold_is_refused_with_the_numbers(team: Team) -> None:
    for state in (OrderState.HOLD, OrderState.PAID):
        await team.make.order(team.event, state=state)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/events/{team.event.short_id}"

    low = await browser.submit(page, page, TYPED | {"capacity": "1"})
    before = await load(team, team.event)
    enough = await browser.submit(page, page, TYPED | {"capacity": "2"})
    event, pool = await load(team, team.event)

    assert low.status_code == 409
    assert "Kapasitas tidak bisa diturunkan ke 1: 2 tempat sudah terjual atau ditahan." in low.text
    assert (before[0].title, before[1].capacity) == ("Malam Keroncong Kota Tua", 50)
    assert (enough.status_code, event.title, pool.capacity) == (303, "Kelas Seduh Manual", 2)


async def test_form_of_an_event_saved_unchanged_changes_nothing(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/events/{team.event.short_id}"
    before = await load(team, team.event)
    html = (await browser.get(page)).text

    assert 'value="Malam Keroncong Kota Tua"' in html
    assert 'value="150.000"' in html
    assert f'value="{before[1].capacity}"' in html
    assert "memakai satu jaringan untuk banyak orang" in html
    assert "Kosong berarti tanpa batas." in html


@pytest.mark.parametrize(
    ("status", "wanted", "accepted"),
    [
        ("draft", "open", True),
        ("draft", "cancelled", False),
        ("open", "closed", True),
        ("open", "draft", False),
        ("closed", "open", True),
        ("cancelled", "open", False),
        ("open", "nonsense", False),
    ],
)
async def test_status_moves(team: Team, status: str, wanted: str, accepted: bool) -> None:
    event = await team.make.event(team.merchant, status=status)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/events/{event.short_id}"

    answer = await browser.submit(page, f"{page}/status", {"status": wanted})

    assert answer.status_code == (303 if accepted else 400)
    assert (await load(team, event))[0].status == (wanted if accepted else status)


async def test_cover_is_cleaned_stored_and_shown(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/events/{team.event.short_id}"

    answer = await browser.submit(
        page, f"{page}/cover", files={"file": ("sampul.jpg", picture(), "image/jpeg")}
    )
    html = (await browser.get(page)).text
    link = html.partition('class="cover-preview" src="')[2].partition('"')[0]

    assert answer.status_code == 303
    assert (await browser.get(link)).headers["content-type"] == "image/webp"


async def test_file_that_is_no_picture_is_refused(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/events/{team.event.short_id}"

    answer = await browser.submit(page, f"{page}/cover", files={"file": ("a.jpg", b"<svg/>", "image/jpeg")})

    assert answer.status_code in {415, 422}
    assert (await load(team, team.event))[0].cover_key is None


async def test_list_is_searched_and_paged(team: Team) -> None:
    for title in ("Kelas Seduh", "Kelas Latte 50% Art", "Konser Hujan"):
        await team.make.event(team.merchant, title=title, city="Bandung")

    async with team.database.read(SYSTEM) as session:
        found = {
            search: [
                own.event.title for own in (await list_events(session, team.merchant.id, search=search)).items
            ]
            for search in ("kelas", "50%", "bandung", "tidak ada")
        }
        first = await list_events(session, team.merchant.id, limit=3)
        second = await list_events(session, team.merchant.id, limit=3, cursor=first.next_cursor)

    assert {search: sorted(titles) for search, titles in found.items()} == {
        "kelas": ["Kelas Latte 50% Art", "Kelas Seduh"],
        "50%": ["Kelas Latte 50% Art"],
        "bandung": ["Kelas Latte 50% Art", "Kelas Seduh", "Konser Hujan"],
        "tidak ada": [],
    }
    assert (len(first.items), len(second.items), second.next_cursor) == (3, 1, None)


def test_tags_are_words_between_commas_each_once() -> None:
    form = read_form(EventForm, {**TYPED, "tags": " #Musik , jazz  malam,,MUSIK"})
    many = read_form(EventForm, {**TYPED, "tags": ",".join(f"tag {number}" for number in range(9))})

    assert form.valid is not None
    assert form.valid.tags == ("musik", "jazz malam")
    assert list(many.state.errors) == ["tags"]


async def test_an_event_is_copied_to_a_new_time(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/events/{team.event.short_id}"

    empty = await browser.submit(page, f"{page}/copy")
    copied = await browser.submit(page, f"{page}/copy", {"copy_starts_at": "2031-02-03T19:00"})

    assert (empty.status_code, copied.status_code) == (422, 303)
    async with team.database.read(SYSTEM) as session:
        events = await list_events(session, team.merchant.id)
    assert [own.event.status for own in events.items] == ["draft", "open"]
    assert events.items[0].event.starts_at == datetime(2031, 2, 3, 12, 0, tzinfo=UTC)


async def test_only_the_merchants_own_event_is_copied_and_by_organizers(team: Team) -> None:
    theirs = await team.make.event(team.other)
    when = {"copy_starts_at": "2031-02-03T19:00"}

    answers = []
    for role in ("organizer", "staff"):
        browser = await team.sign_in(role)
        answers.append(
            await browser.submit(f"{team.path}/bookings", f"{team.path}/events/{theirs.short_id}/copy", when)
        )

    assert [answer.status_code for answer in answers] == [404, 403]


async def test_featured_events_come_first_on_the_merchants_page_and_tags_narrow(team: Team) -> None:
    browser = await team.open_browser()
    tagged = await team.make.event(team.merchant, title="Malam Puisi", tags=("puisi",))
    later = await team.make.event(
        team.merchant,
        title="Pameran Batik",
        is_featured=True,
        starts_at=team.event.starts_at + timedelta(days=9),
    )

    ours = (await browser.get(f"/m/{team.merchant.slug}")).text
    puisi = (await browser.get("/?tag=Puisi")).text

    assert ours.index(later.title) < ours.index(team.event.title)
    assert (tagged.title in puisi, later.title in puisi) == (True, False)
    assert "<option selected>puisi" in (await browser.get("/?tag=puisi")).text


async def test_an_outlet_is_no_event_that_is_edited_copied_or_cancelled(team: Team) -> None:
    place = await open_outlet(team)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/events/{place.event.short_id}"
    form: dict[str, Any] = TYPED | {"method_ids": [str(team.method.id)]}

    refused = [await browser.get(each) for each in (page, f"{page}/offers")]
    for end, typed in (
        ("", form),
        ("/status", {"status": "cancelled"}),
        ("/copy", {"copy_starts_at": "2031-02-03T19:00"}),
    ):
        refused.append(await browser.submit(f"{team.path}/bookings", page + end, typed))
    lists = [(await browser.get(team.path + end)).text for end in ("", "/events")]

    assert [answer.status_code for answer in refused] == [404] * 5
    assert [place.event.title in shown for shown in lists] == [False, False]
    assert (await browser.get(f"{page}/sales")).status_code == 200
    after = (await load(team, place.event))[0]
    assert (after.status, after.title) == ("open", place.event.title)
