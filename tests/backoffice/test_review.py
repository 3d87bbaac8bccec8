"""The review queue over HTTP: what waits, what was seen before, and decisions that are made once."""

import asyncio

import pytest
from sqlalchemy import text

from pesan.backoffice.queries.bookings import Wanted, list_bookings
from pesan.backoffice.queries.review import find_reviewed, list_waiting
from pesan.db import Actor
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from pesan.payments.queries import find_open_payment
from tests.backoffice.conftest import Browser, Team, picture
from tests.payments.steps import approve, take_in_vain
from tests.support.factories import SYSTEM


async def decide(browser: Browser, team: Team, code: str, verb: str, **form: str) -> tuple[int, str]:
    page = f"{team.path}/review/{code}"
    answer = await browser.submit(page, f"{page}/{verb}", form)
    return answer.status_code, answer.headers.get("location", "")


async def test_empty_queue_says_so(team: Team) -> None:
    browser = await team.sign_in("staff")

    answer = await browser.get(f"{team.path}/review")

    assert answer.status_code == 200
    assert "Semua sudah ditinjau" in answer.text


async def test_queue_shows_the_oldest_with_its_amount_and_proof(team: Team) -> None:
    first = await team.review(picture(), buyer_name="Budi Santoso", wa="+6281234567890", notes="Kursi roda")
    second = await team.review(picture("lain"), buyer_name="Siti Rahma")
    browser = await team.sign_in("staff")
    async with team.database.read(SYSTEM) as session:
        unique_code = await session.scalar(
            text("SELECT unique_code FROM payments WHERE order_id = :id"), {"id": first.id}
        )

    page = (await browser.get(f"{team.path}/review")).text

    assert f'data-item="{first.id}"' in page
    assert f'data-refs="{first.id} {second.id}"' in page
    assert page.partition("<mark>")[2][:3] == f"{150_000 + unique_code}"[-3:]
    assert "BCA 1234567890" in page
    assert "Kursi roda" in page
    assert f'href="{team.path}/review/{second.id}" data-key="j"' in page
    assert "2 menunggu, yang tertua lebih dulu." in page


@pytest.mark.parametrize("is_approved", [False, True])
async def test_money_that_came_beside_it_is_not_what_was_asked_for(team: Team, is_approved: bool) -> None:
    order = await team.review()
    async with team.database.read(SYSTEM) as session:
        asked = await find_open_payment(session, order.id)
    assert asked is not None
    if is_approved:
        await approve(team.make, order)

    await take_in_vain(team.database, order, 50_000)

    async with team.database.read(SYSTEM) as session:
        listed = (await list_bookings(session, team.merchant.id, Wanted())).items
        waiting = await list_waiting(session, team.merchant.id)
        reviewed = await find_reviewed(session, team.merchant.id, Order.id == order.id)
    assert [booking.amount for booking in listed] == [asked.amount]
    assert [row.amount for row in waiting] == ([] if is_approved else [asked.amount])
    assert reviewed is not None
    assert reviewed.payment is not None
    assert reviewed.method is not None
    assert (reviewed.payment.id, reviewed.method.id) == (asked.id, team.method.id)


async def test_what_was_asked_for_is_said_even_though_it_came_in_vain(team: Team) -> None:
    order = await team.review()
    await take_in_vain(team.database, order, order.total_amount, is_beside=False)
    await take_in_vain(team.database, order, 50_000)

    async with team.database.read(SYSTEM) as session:
        (booking,) = (await list_bookings(session, team.merchant.id, Wanted())).items
        reviewed = await find_reviewed(session, team.merchant.id, Order.id == order.id)
    assert reviewed is not None
    assert reviewed.payment is not None
    assert (booking.amount, reviewed.payment.method_id) == (reviewed.payment.amount, team.method.id)


async def test_where_nothing_was_asked_for_the_list_says_what_is_due(team: Team) -> None:
    order = await team.make.order(team.event)

    await take_in_vain(team.database, order, 50_000)

    async with team.database.read(SYSTEM) as session:
        (booking,) = (await list_bookings(session, team.merchant.id, Wanted())).items
        reviewed = await find_reviewed(session, team.merchant.id, Order.id == order.id)
    assert reviewed is not None
    assert (booking.amount, reviewed.payment) == (order.total_amount, None)


@pytest.mark.parametrize(("role", "shown"), [("staff", "+62812****7890"), ("organizer", "0812-3456-7890")])
async def test_contact_is_masked_for_staff(team: Team, role: str, shown: str) -> None:
    order = await team.review(wa="+6281234567890")
    browser = await team.sign_in(role)

    pages = [
        (await browser.get(f"{team.path}{page}")).text
        for page in ("/review", "/bookings", f"/bookings/{order.code}")
    ]

    assert [shown in page for page in pages] == [True] * 3
    assert [("81234567890" in page) for page in pages] == [False] * 3


async def test_proof_is_served_by_its_signed_link_to_staff_only(team: Team) -> None:
    content = picture()
    await team.review(content)
    browser, guest = await team.sign_in("staff"), await team.open_browser()
    page = (await browser.get(f"{team.path}/review")).text
    link = page.partition('<img src="')[2].partition('"')[0]

    proof = await browser.get(link)

    assert (proof.status_code, proof.headers["content-type"]) == (200, "image/jpeg")
    assert proof.content == content
    assert proof.headers["content-disposition"].startswith("attachment")
    assert (await guest.get(link)).status_code == 303
    assert (await browser.get(link[:-4] + "AAAA")).status_code in {403, 404}


async def test_approval_pays_the_order_and_leads_to_the_next(team: Team) -> None:
    first, second = await team.review(), await team.review()
    browser = await team.sign_in("staff")

    status, place = await decide(browser, team, first.code, "approve")

    decided = await team.order(first)
    assert (status, place) == (
        303,
        f"{team.path}/review/{second.id}?done=approved&of=%E2%80%A6{first.code[-4:]}",
    )
    assert (decided.state, decided.decided_by) == ("PAID", team.users["staff"].id)
    assert f"…{first.code[-4:]} disetujui." in (await browser.get(place)).text


async def test_last_decision_leads_to_the_empty_queue(team: Team) -> None:
    order = await team.review()
    browser = await team.sign_in("staff")

    status, place = await decide(
        browser, team, order.code, "reject", preset="amount", reason="Kurang Rp 356."
    )

    rejected = await team.order(order)
    assert (status, place) == (303, f"{team.path}/review?done=rejected&code=%E2%80%A6{order.code[-4:]}")
    assert (rejected.state, rejected.reject_reason) == (
        "REJECTED",
        "Nominal transfer tidak sama dengan yang diminta. Kurang Rp 356.",
    )


async def test_reason_is_in_the_buyers_language(team: Team) -> None:
    order = await team.review(locale="en")
    browser = await team.sign_in("staff")

    await decide(browser, team, order.code, "reject", preset="unreadable")

    assert (
        await team.order(order)
    ).reject_reason == "The proof cannot be read. Send a whole and sharp picture."


async def test_rejection_needs_a_reason(team: Team) -> None:
    order = await team.review()
    browser = await team.sign_in("staff")
    page = f"{team.path}/review/{order.code}"

    answer = await browser.submit(page, f"{page}/reject", {"reason": "   "})

    assert answer.status_code == 422
    assert "Pilih atau tulis alasannya." in answer.text
    assert await team.state(order) == "REVIEW"


async def test_second_reviewer_is_told_who_was_first(team: Team) -> None:
    order = await team.review()
    first, second = await team.sign_in("organizer"), await team.sign_in("staff")
    page = f"{team.path}/review/{order.code}"
    token = (await second.get(page)).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    await decide(first, team, order.code, "reject", preset="not_received")

    answer = await second.client.post(f"{page}/approve", data={"csrf_token": token})

    assert answer.status_code == 409
    assert "oleh Rina organizer" in answer.text
    assert "Transfer belum kami terima" in answer.text
    assert await team.state(order) == "REJECTED"


async def test_decisions_at_the_same_moment_count_once(team: Team) -> None:
    order = await team.review()
    browsers = [await team.sign_in(role) for role in ("staff", "organizer", "admin")]

    answers = await asyncio.gather(
        *(decide(browser, team, order.code, "approve") for browser in browsers),
    )

    assert sorted(status for status, _ in answers) == [303, 409, 409]
    async with team.database.read(SYSTEM) as session:
        captured = await session.scalar(text("SELECT count(*) FROM ledger_entries WHERE reason = 'capture'"))
    assert captured == 2  # one movement has two sides


async def test_proof_of_another_booking_is_flagged(team: Team) -> None:
    first = await team.review(picture("sama"))
    second = await team.review(picture("sama"))
    other = await team.review(picture("lain"))
    browser = await team.sign_in("staff")

    flagged = (await browser.get(f"{team.path}/review/{second.code}")).text
    plain = (await browser.get(f"{team.path}/review/{other.code}")).text

    assert f'Sama persis dengan <a href="{team.path}/review/{first.id}">…{first.code[-4:]}<' in flagged
    assert ["Bukti ini pernah dipakai" in page for page in (flagged, plain)] == [True, False]
    async with team.database.read(SYSTEM) as session:
        waiting = await list_waiting(session, team.merchant.id)
    assert [row.is_flagged for row in waiting] == [True, True, False]


async def test_proof_that_looks_like_another_is_flagged(team: Team) -> None:
    orders = [await team.make.order(team.event) for _ in range(2)]
    for order, phash in zip(orders, (0b1011, 0b1010), strict=True):
        proof = await team.proof(order, picture(order.code), phash=phash)
        move = Move(
            OrderEvent.SUBMIT_PROOF, team.event.id, Actor.guest(order.code), order.id, companions=(proof,)
        )
        await team.make.move(move)
    browser = await team.sign_in("staff")

    page = (await browser.get(f"{team.path}/review/{orders[1].code}")).text

    assert f'Mirip dengan <a href="{team.path}/review/{orders[0].id}">…{orders[0].code[-4:]}<' in page
    assert "Bukti ini pernah dipakai" not in page


@pytest.mark.parametrize("count", [1, 3])
async def test_queue_costs_the_same_for_any_length(team: Team, count: int, count_queries) -> None:
    for _ in range(count):
        await team.review()

    async with team.database.read(SYSTEM) as session:
        with count_queries() as statements:
            waiting = await list_waiting(session, team.merchant.id)

    assert (len(waiting), len(statements)) == (count, 1)


async def test_text_from_strangers_is_inert(team: Team) -> None:
    order = await team.review(notes='"><script>alert(1)</script>')
    browser = await team.sign_in("staff")

    for page in ("/review", f"/bookings/{order.code}"):
        assert "<script>alert(1)" not in (await browser.get(f"{team.path}{page}")).text
