"""Somebody's own data on the pages: the same answer for everybody, and nothing of anybody else."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from pesan.booths.states import SessionEvent
from pesan.db import Database
from pesan.kit.times import format_datetime, isoformat
from pesan.privacy.contacts import make_link
from pesan.privacy.models import ContactProof, PrivacyRequest
from tests.storefront.guest import Guest
from tests.support.booths import book_session, make_place, move_session, read_session
from tests.support.factories import SYSTEM, Make

EMAIL = "siti@contoh.id"


@pytest.fixture
async def guest(app: FastAPI) -> AsyncIterator[Guest]:
    headers = {"accept": "text/html"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Guest(client)


async def post(guest: Guest, page: str, path: str, **form: str) -> httpx.Response:
    return await guest.client.post(path, data={**form, "csrf_token": await guest.token(page)})


async def open_data(guest: Guest, database: Database) -> str:
    """Ask for the link and open it, as if it had been read from the mail; its token."""
    await post(guest, "/privacy", "/privacy", email=EMAIL)
    async with database.write(SYSTEM) as session:
        proof = (await session.scalars(select(ContactProof))).one()
        made = await make_link(session, proof.id)
    assert made is not None
    opened = await post(guest, f"/privacy/open?token={made[1]}", "/privacy/open", token=made[1])
    assert opened.headers["location"] == "/privacy/data"
    return made[1]


async def test_known_and_unknown_addresses_get_the_same_answer(guest: Guest, make: Make):
    await make.order(email=EMAIL)

    answers = [await post(guest, "/privacy", "/privacy", email=email) for email in (EMAIL, "siapa@contoh.id")]

    assert [answer.headers["location"] for answer in answers] == ["/privacy?sent=true"] * 2


async def test_person_reads_takes_and_asks_about_her_own_data_only(guest: Guest, make: Make, database):
    mine = await make.order(email=EMAIL, buyer_name="Siti Rahma", notes="Alergi kacang")
    event = await make.event()
    await make.order(event, email="budi@contoh.id", buyer_name="Budi Rahasia")

    token = await open_data(guest, database)
    page = (await guest.get("/privacy/data")).text
    taken = (await guest.get("/privacy/data.json")).json()
    asked = await post(guest, "/privacy/data", "/privacy/erasure")
    wrong = await post(guest, "/privacy/data", "/privacy/correction", wa="12")

    assert ("Siti Rahma" in page, "Alergi kacang" in page, "Budi" in page) == (True, True, False)
    bookings = [booking for each in taken["organizers"] for booking in each["bookings"]]
    assert [(booking["code"], booking["email"]) for booking in bookings] == [(mine.code, EMAIL)]
    assert (asked.status_code, wrong.status_code) == (303, 422)
    async with database.read(SYSTEM) as session:
        requests = (await session.scalars(select(PrivacyRequest))).all()
    assert [(each.merchant_id, each.kind, each.email) for each in requests] == [
        (mine.merchant_id, "erasure", EMAIL)
    ]
    again = await post(guest, "/privacy", "/privacy/open", token=token)
    assert again.headers["location"] == "/privacy?over=true"


async def test_whoever_was_at_a_booth_reads_when_on_its_clocks(guest: Guest, make: Make, database: Database):
    place = await make_place(make, database, zone="Asia/Makassar")
    session = await book_session(make, database, place, email=EMAIL)
    for event in (SessionEvent.ARRIVE, SessionEvent.START, SessionEvent.OVERRIDE):
        await move_session(database, session.id, event, reason="Siti pingsan")
    await open_data(guest, database)

    (organizer,) = (await guest.get("/privacy/data.json")).json()["organizers"]
    page = (await guest.get("/privacy/data")).text

    told, row = organizer["bookings"][0]["session"], await read_session(database, session.id)
    moments = {name: getattr(row, name) for name in told}
    assert told == {name: moment and isoformat(moment) for name, moment in moments.items()}
    assert [name for name, moment in told.items() if moment is None] == ["finished_at", "expired_at"]
    shown = format_datetime(row.override_at, "Asia/Makassar", "id")
    assert (shown in page, "Diubah petugas" in page, "Siti pingsan" in page) == (True, True, False)


async def test_without_a_visit_nothing_is_shown(guest: Guest):
    page, file = await guest.get("/privacy/data"), await guest.get("/privacy/data.json")
    posted = await post(guest, "/privacy", "/privacy/erasure")

    assert (page.headers["location"], file.status_code, posted.status_code) == (
        "/privacy?over=true",
        410,
        410,
    )


async def test_correction_that_one_before_keeps_back_is_said_not_to_be_sent(
    guest: Guest, make: Make, database
):
    await make.order(email=EMAIL)
    await open_data(guest, database)

    answers = [
        await post(guest, "/privacy/data", "/privacy/correction", name=name)
        for name in ("Siti Rahmah", "Siti Rahmania")
    ]
    page = (await guest.get("/privacy/data?waiting=true")).text

    locations = ["/privacy/data?asked=true", "/privacy/data?waiting=true"]
    assert [answer.headers["location"] for answer in answers] == locations
    assert "tidak menerima yang baru ini" in page
    async with database.read(SYSTEM) as session:
        assert (await session.scalars(select(PrivacyRequest.name))).all() == ["Siti Rahmah"]


async def test_correction_without_anything_in_it_says_what_to_write(guest: Guest, make: Make, database):
    await make.order(email=EMAIL)
    await open_data(guest, database)

    empty = await post(guest, "/privacy/data", "/privacy/correction", name="", wa="")
    wrong = await post(guest, "/privacy/data", "/privacy/correction", wa="0812")

    assert (empty.status_code, "Isi nama atau nomor WhatsApp yang benar dulu." in empty.text) == (422, True)
    assert (wrong.status_code, 'value="0812"' in wrong.text) == (422, True)
    assert "data-mend" in wrong.text[wrong.text.index('<input type="tel"') :].partition(">")[0]
    async with database.read(SYSTEM) as session:
        assert (await session.scalars(select(PrivacyRequest))).all() == []
