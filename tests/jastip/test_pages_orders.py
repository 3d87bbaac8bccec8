"""An order's shared pages in the words of a trip, with its parcel, its invoice and the buyer's invitation."""

import re

import pytest

from pesan.jastip.service.orders import confirm_order, reject_order, ship_order
from pesan.orders.queries import get_order
from tests.jastip.visiting import visiting
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order

# What an event has and a parcel has not.
FOREIGN = re.compile(
    r"\b(tempat|tempatmu|tiket|tiketmu|acara|acaranya|penyelenggara|pintu masuk|kalender)\b", re.IGNORECASE
)
MAIN = re.compile(r"<main.*?</main>", re.DOTALL)


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings, await make.merchant(name="Jastip Tina"))


@pytest.fixture
async def placed(journey):
    kitkat, banana = await make_product(journey, title="Kit Kat"), await make_product(journey, title="Banana")
    return await order(journey, await make_participant(journey), (kitkat, 2), (banana, 1), notes="Rasa teh")


async def read(guest, path):
    answer = await guest.get(path)
    assert answer.status_code == 200
    return MAIN.search(answer.text)[0]


async def fresh(database, placed):
    async with database.read(SYSTEM) as session:
        return await get_order(session, placed.id)


async def test_every_state_speaks_of_the_order_and_not_of_an_event(app, database, journey, placed):
    seen = []
    async with visiting(app) as guest:
        seen += [await read(guest, f"/b/{placed.code}"), await read(guest, f"/pay/{placed.code}")]
        await confirm_order(journey.counter, placed, actor=journey.staff)
        seen.append(await read(guest, f"/b/{placed.code}"))
        paid = await fresh(database, placed)
        await ship_order(journey.counter, paid, actor=journey.staff, courier="JNE", tracking_no="CGK123")
        seen.append(await read(guest, f"/b/{placed.code}"))
        again = await order(journey, await make_participant(journey), (await make_product(journey), 1))
        await reject_order(journey.counter, again, actor=journey.staff, reason="Habis")
        seen.append(await read(guest, f"/b/{again.code}"))

    said = ["Titipanmu disimpan", "Titipanmu disimpan", "sedang dibelanjakan", "sudah dikirim", "Titip lagi"]
    assert [word in page for word, page in zip(said, seen, strict=True)] == [True] * 5
    assert [found for page in seen for found in FOREIGN.findall(page)] == []
    assert [part in seen[3] for part in ("JNE", "CGK123", "2 × Kit Kat", "1 × Banana", "Rasa teh")] == [
        True
    ] * 5
    assert ("JNE" in seen[2], "calendar.ics" in seen[3]) == (False, False)


async def test_invoice_is_a_page_and_a_pdf_for_whoever_has_the_code(app, database, journey, placed):
    async with visiting(app, locale="en") as guest:
        page = await read(guest, f"/b/{placed.code}/invoice")
        paper = await guest.get(f"/b/{placed.code}/invoice.pdf")
        nobodys = await guest.get("/b/ZZZZZZZZZZZZZ/invoice")

    assert [part in page for part in ("Invoice", placed.code, "2 × Kit Kat", "300.000")] == [True] * 4
    assert (paper.status_code, paper.headers["content-type"], paper.content[:5]) == (
        200,
        "application/pdf",
        b"%PDF-",
    )
    assert nobodys.status_code == 404


async def test_status_page_brings_others_along(app, journey, placed):
    async with visiting(app) as guest:
        page = await read(guest, f"/b/{placed.code}")
    assert re.search(rf"/t/{journey.trip.slug}\?r=[0-9A-Z]{{8}}", page)


async def test_what_was_agreed_to_speaks_of_trips(app, placed):
    async with visiting(app) as guest:
        page = await read(guest, f"/b/{placed.code}/consents")

    assert ("Kabar trip lain" in page, "Jastip Tina yang mencatat" in page) == (True, True)
    assert FOREIGN.findall(page) == []


async def test_an_open_page_hears_when_what_is_left_to_pay_changes(app, database, make, settings):
    journey = await make_journey(make, database, settings, deposit_percent=30)
    placed = await order(journey, await make_participant(journey), (await make_product(journey), 2))
    seen = []
    async with visiting(app) as guest:
        for _ in range(3):
            page = await read(guest, f"/b/{placed.code}")
            # What a page asks while it has no stream tells the state alone; while something is left it reads itself.
            seen.append((re.search(r'data-mark="([^"]+)"', page)[1], "data-check" in page))
            stand = await fresh(database, placed)
            if len(seen) < 3:
                await confirm_order(journey.counter, stand, actor=journey.staff)
        waits = await read(guest, f"/b/{placed.code}")

    assert seen == [("HOLD", False), ("PAID-140000", False), ("PAID", True)]
    assert "sedang dibelanjakan" in waits
