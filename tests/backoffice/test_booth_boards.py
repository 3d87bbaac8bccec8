"""Staff of an outlet see every booth, move its sessions, put them elsewhere by hand, and take walk-ins."""

import pytest
from sqlalchemy import select

from pesan.booths.service import close_booth
from pesan.booths.states import SessionEvent, SessionState
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from tests.backoffice.conftest import Team
from tests.backoffice.counters import open_outlet, page_of, sign_in_at
from tests.support.booths import book, book_session, let_pass, move_session, read_session
from tests.support.factories import SYSTEM
from tests.support.queries import CountQueries

E, S = SessionEvent, SessionState
LABELS = ("Sudah datang", "Menunggu pelanggan", "Sedang berjalan", "Kosong", "Ditutup")


async def test_a_board_says_who_is_where_and_who_comes_next(team: Team):
    place = await open_outlet(team, booths=3)
    runs = await book_session(team.make, team.database, place, buyer_name="Siti Rahma")
    await book_session(team.make, team.database, place, in_minutes=30, buyer_name="Budi Santoso")
    for event in (E.ARRIVE, E.START):
        await move_session(team.database, runs.id, event)
    async with team.database.write(SYSTEM) as session:
        await close_booth(session, place.id, place.booths[2].id, actor=SYSTEM)
    browser = await team.sign_in("staff")

    board = await browser.get(page_of(team, place))
    tiles = await browser.get(page_of(team, place, "/tiles"))

    assert board.status_code == tiles.status_code == 200
    for page in (board.text, tiles.text):
        assert {label: page.count(f"</svg>{label}<") for label in LABELS} == {
            "Sudah datang": 0,
            "Menunggu pelanggan": 1,
            "Sedang berjalan": 1,
            "Kosong": 1,
            "Ditutup": 1,
        }
        assert ("Siti" in page, "Budi" in page, "Rahma" in page) == (True, True, False)
        assert page.count("data-deadline=") == 1
    assert f'data-socket="/ws?outlet={place.id}"' in board.text
    assert "<html" not in tiles.text


async def test_a_session_is_moved_by_the_boards_buttons(team: Team):
    place = await open_outlet(team)
    session_ = await book_session(team.make, team.database, place)
    browser, page = await team.sign_in("staff"), page_of(team, place)

    seen = []
    for move in ("arrive", "start", "finish"):
        answer = await browser.submit(page, f"{page}/sessions/{session_.id}/{move}")
        assert (answer.status_code, answer.headers["location"]) == (303, page)
        seen.append((await read_session(team.database, session_.id)).state)
    again = await browser.submit(page, f"{page}/sessions/{session_.id}/start")

    assert seen == [S.ARRIVED, S.ONGOING, S.DONE]
    assert again.status_code == 409
    assert "Sesi ini sudah berstatus “Selesai”" in again.text


async def test_who_comes_too_late_is_told_so(team: Team):
    place = await open_outlet(team)
    session_ = await book_session(team.make, team.database, place)
    await let_pass(team.database, session_.id, 60)
    browser, page = await team.sign_in("staff"), page_of(team, place)

    answer = await browser.submit(page, f"{page}/sessions/{session_.id}/arrive")

    assert answer.headers["location"] == f"{page}?done=late"
    assert (await read_session(team.database, session_.id)).state == S.EXPIRED
    assert "sesinya hangus" in (await browser.get(f"{page}?done=late")).text


async def test_a_session_is_overridden_with_a_reason_and_that_is_undone(team: Team):
    place = await open_outlet(team)
    session_ = await book_session(team.make, team.database, place, buyer_name="Siti Rahma")
    browser = await team.sign_in("staff")
    page = page_of(team, place, f"/sessions/{session_.id}")

    silent = await browser.submit(page, f"{page}/override", {"target": "ONGOING", "reason": "  "})
    untouched = (await read_session(team.database, session_.id)).state
    done = await browser.submit(page, f"{page}/override", {"target": "ONGOING", "reason": "Kamera  macet"})
    put = await read_session(team.database, session_.id)
    shown = await browser.get(f"{page}?done=overridden")
    undone = await browser.submit(page, f"{page}/undo")
    back = await read_session(team.database, session_.id)
    nothing = await browser.submit(page, f"{page}/undo")

    assert (silent.status_code, untouched) == (422, S.AWAITING_CUSTOMER)
    assert done.headers["location"] == f"{page}?done=overridden"
    assert (put.state, put.override_reason, put.override_by) == (
        S.ONGOING,
        "Kamera macet",
        team.users["staff"].id,
    )
    assert shown.text.count("Kamera macet") == 2  # beside the button that undoes it, and in the history
    assert "Rina staff" in shown.text
    assert undone.headers["location"] == f"{page}?done=undone"
    assert (back.state, nothing.status_code) == (S.AWAITING_CUSTOMER, 409)
    assert "Tidak ada perubahan yang bisa dibatalkan" in nothing.text


async def test_a_booking_that_is_not_paid_is_called_off_and_nothing_else(team: Team):
    place = await open_outlet(team)
    order = await book(team.make, place)
    browser = await team.sign_in("staff")
    page = page_of(team, place, f"/sessions/{order.id}")

    refused = await browser.submit(page, f"{page}/override", {"target": "DONE", "reason": "Salah"})
    still = await team.state(order)
    await browser.submit(page, f"{page}/override", {"target": "OVERRIDDEN", "reason": "Salah"})

    assert (refused.status_code, still) == (409, OrderState.HOLD)
    assert await team.state(order) == OrderState.CANCELLED


async def test_a_walk_in_gets_the_next_free_time_for_cash(team: Team):
    place = await open_outlet(team)
    browser, page = await team.sign_in("staff"), page_of(team, place, "/walk-in")
    form = {"name": "Siti Rahma", "wa": "0812 3456 7890", "pays": "cash", "once": str(new_id())}

    nameless = await browser.submit(page, page, {**form, "name": ""})
    answers = [await browser.submit(page, page, form) for _ in range(2)]

    assert nameless.status_code == 422
    assert [each.headers["location"] for each in answers] == [page_of(team, place, "?done=booked")] * 2
    async with team.database.read(SYSTEM) as session:
        (order,) = await session.scalars(select(Order).where(Order.event_id == place.id))
    assert (order.state, order.buyer_name, order.wa) == (OrderState.COMPLETED, "Siti Rahma", "+6281234567890")
    assert order.user_id is None  # it is not in the account of whoever stood at the desk


async def test_a_full_outlet_takes_no_walk_in(team: Team):
    place = await open_outlet(team, is_open=False)
    browser, page = await team.sign_in("staff"), page_of(team, place, "/walk-in")

    shown = await browser.get(page)
    answer = await browser.submit(page, page, {"name": "Siti Rahma"})

    assert "Tidak ada waktu kosong" in shown.text
    assert answer.status_code == 409


@pytest.mark.parametrize("booths", [1, 3])
async def test_a_board_takes_the_same_queries_for_any_number_of_booths(
    team: Team, count_page_queries: CountQueries, booths: int
):
    place = await open_outlet(team, booths=booths)
    for number in range(booths):
        await book_session(team.make, team.database, place, booth=number)
        await open_outlet(team, f"Booth {number}")
    browser = await team.sign_in("staff")

    with count_page_queries() as of_board:
        await browser.get(page_of(team, place))
    with count_page_queries() as of_list:
        await browser.get(f"/backoffice/booths/{team.merchant.slug}")

    assert (len(of_board), len(of_list)) == (9, 8)


async def test_whoever_works_at_one_outlet_neither_sees_nor_moves_another(team: Team):
    own = await open_outlet(team, "Booth Kota Tua")
    other = await open_outlet(team, "Booth Blok M")
    theirs = await book_session(team.make, team.database, other)
    mine = await book_session(team.make, team.database, own, in_minutes=60)
    browser = await sign_in_at(team, [own.id])
    pages = ("", "/tiles", "/walk-in", f"/sessions/{theirs.id}")

    outlets = await browser.get(f"/backoffice/booths/{team.merchant.slug}")
    read = [(await browser.get(page_of(team, other, end))).status_code for end in pages]
    mixed = await browser.get(page_of(team, own, f"/sessions/{theirs.id}"))
    board = page_of(team, own)
    moved = [
        (await browser.submit(board, f"{page_of(team, place)}/sessions/{theirs.id}/{move}")).status_code
        for place in (own, other)
        for move in ("arrive", "override", "undo")
    ]
    walk_in = await browser.submit(board, page_of(team, other, "/walk-in"), {"name": "Siti Rahma"})

    assert ("Kota Tua" in outlets.text, "Blok M" in outlets.text) == (True, False)
    assert (read, mixed.status_code, walk_in.status_code) == ([404] * 4, 404, 404)
    assert set(moved) <= {404, 422}
    assert (await read_session(team.database, theirs.id)).changed_at == theirs.changed_at
    assert (await browser.submit(board, f"{board}/sessions/{mine.id}/arrive")).status_code == 303


async def test_the_menu_leads_to_booths_where_there_are_any(team: Team):
    browser = await team.sign_in("organizer")
    link = f'href="/backoffice/booths/{team.merchant.slug}"'

    before = link in (await browser.get(f"{team.path}/bookings")).text
    await open_outlet(team)
    after = link in (await browser.get(f"{team.path}/bookings")).text
    elsewhere = await sign_in_at(team, [team.event.id])
    without = link in (await elsewhere.get(f"{team.path}/bookings")).text

    assert (before, after, without) == (False, True, False)


async def test_an_outlet_of_another_merchant_is_not_found(team: Team):
    place = await open_outlet(team)
    stranger = await team.sign_in("stranger")
    theirs = f"/backoffice/booths/{team.other.slug}"

    answers = [
        (await stranger.get(path)).status_code
        for path in (page_of(team, place), f"{theirs}/outlets/{place.id}", theirs)
    ]

    assert answers == [404, 404, 200]
