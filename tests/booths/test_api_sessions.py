"""Sessions over HTTP: from the customer's arrival to the end, and an admin who steps in."""

from uuid import UUID

import httpx
import pytest

from pesan.booths.models import BoothSession
from pesan.booths.states import SessionState
from pesan.db import Database
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from tests.booths.desks import Headers, refusal, sign_in
from tests.support.booths import Place, book, book_session, let_pass, make_place, read_session
from tests.support.factories import SYSTEM, Make


@pytest.fixture
async def place(make: Make, database: Database) -> Place:
    return await make_place(make, database)


@pytest.fixture
async def staff(client: httpx.AsyncClient, make: Make, database: Database, place: Place) -> Headers:
    return await sign_in(client, make, database, place)


@pytest.fixture
async def booked(make: Make, database: Database, place: Place) -> BoothSession:
    return await book_session(make, database, place)


async def post(
    client: httpx.AsyncClient, headers: Headers, ref: object, what: str, **body: object
) -> httpx.Response:
    return await client.post(f"/session/{ref}/{what}", json=body or None, headers=headers)


async def code_of(database: Database, session_id: UUID) -> str:
    async with database.read(SYSTEM) as session:
        return (await session.get_one(Order, session_id)).code


async def test_a_session_goes_its_way_by_id_and_by_code(
    client: httpx.AsyncClient, staff: Headers, booked: BoothSession, database: Database
):
    code = await code_of(database, booked.id)

    steps = [await post(client, staff, ref, what) for ref, what in ((code, "arrival"), (booked.id, "start"))]
    running = (await client.get(f"/session/{booked.id}/status", headers=staff)).json()
    steps.append(await post(client, staff, booked.id, "finish"))
    done = (await client.get(f"/session/{code}/status", headers=staff)).json()

    assert [step.json()["status"] for step in steps] == ["ARRIVED", "ONGOING", "DONE"]
    assert (running["status"], running["user"], running["due_at"]) == (
        "ONGOING",
        "Budi Santoso",
        steps[1].json()["due_at"],
    )
    assert (done["status"], done["finished_at"] is not None) == ("DONE", True)


async def test_a_customer_who_is_too_late_is_told_so(
    client: httpx.AsyncClient, staff: Headers, booked: BoothSession, database: Database
):
    await let_pass(database, booked.id, 16)

    first = await post(client, staff, booked.id, "arrival")
    again = await post(client, staff, booked.id, "arrival")

    assert (first.status_code, first.json()["status"]) == (200, "EXPIRED")
    assert refusal(again) == (409, "booths.session_expired")


async def test_the_same_arrival_sent_again_gets_the_same_answer(
    client: httpx.AsyncClient, staff: Headers, booked: BoothSession
):
    key = {"idempotency-key": str(new_id())}

    first = await post(client, {**staff, **key}, booked.id, "arrival")
    again = await post(client, {**staff, **key}, booked.id, "arrival")
    other = await post(client, staff, booked.id, "arrival")

    assert (again.status_code, again.content) == (200, first.content)
    assert refusal(other) == (409, "booths.wrong_state")


async def test_an_admin_overrides_with_a_reason_and_takes_it_back(
    client: httpx.AsyncClient, staff: Headers, booked: BoothSession
):
    named = await post(client, staff, booked.id, "override", status="DONE", reason="Kamera rusak")
    status = (await client.get(f"/session/{booked.id}/status", headers=staff)).json()
    undone = await post(client, staff, booked.id, "override/undo", reason="Ternyata tidak")
    unnamed = await post(client, staff, booked.id, "override", reason="Listrik padam")

    assert [each.json()["status"] for each in (named, undone, unnamed)] == [
        "DONE",
        "AWAITING_CUSTOMER",
        "OVERRIDDEN",
    ]
    assert (status["override_reason"], status["override_by"] is not None) == ("Kamera rusak", True)


@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"status": "LUNAS", "reason": "Salah"}])
async def test_an_override_without_a_reason_or_to_nowhere_changes_nothing(
    client: httpx.AsyncClient, staff: Headers, booked: BoothSession, database: Database, body: dict[str, str]
):
    answer = await client.post(f"/session/{booked.id}/override", json=body, headers=staff)

    assert refusal(answer) == (422, "validation")
    assert (await read_session(database, booked.id)).state == SessionState.AWAITING_CUSTOMER


async def test_an_unpaid_booking_is_called_off_and_never_let_in(
    client: httpx.AsyncClient, make: Make, database: Database, staff: Headers, place: Place
):
    order = await book(make, place, in_minutes=60)

    arrival = await post(client, staff, order.id, "arrival")
    paid_by_hand = await post(
        client, staff, order.id, "override", status="ARRIVED", reason="Katanya sudah bayar"
    )
    called_off = await post(client, staff, order.id, "override", reason="Pelanggan batal")

    assert refusal(arrival) == (409, "booths.not_paid_yet")
    assert refusal(paid_by_hand) == (409, "booths.not_paid_yet")
    assert (called_off.status_code, called_off.json()["status"]) == (200, "EXPIRED")
    async with database.read(SYSTEM) as session:
        assert (await session.get_one(Order, order.id)).state == OrderState.CANCELLED


async def test_whoever_works_elsewhere_finds_and_changes_nothing(
    client: httpx.AsyncClient, make: Make, database: Database, booked: BoothSession
):
    owner = await make.merchant()
    other = await make_place(make, database, owner)
    stranger = await sign_in(client, make, database, other)
    of_same_house = await make_place(make, database, owner, name="Lain")
    theirs = await book_session(make, database, of_same_house)
    limited = await sign_in(client, make, database, other, outlets=[other.id])

    for headers, session_id in ((stranger, booked.id), (limited, theirs.id)):
        answers = [
            await client.get(f"/session/{session_id}/status", headers=headers),
            *[await post(client, headers, session_id, what) for what in ("arrival", "start", "finish")],
            await post(client, headers, session_id, "override", reason="Iseng"),
        ]
        assert [refusal(answer) for answer in answers] == [(404, "booths.session_not_found")] * 5
        assert (await read_session(database, session_id)).state == SessionState.AWAITING_CUSTOMER


async def test_nobody_who_is_not_signed_in_moves_a_session(client: httpx.AsyncClient, booked: BoothSession):
    answers = [await post(client, {}, booked.id, what) for what in ("arrival", "start", "finish", "override")]

    assert [answer.status_code for answer in answers] == [401] * 4
