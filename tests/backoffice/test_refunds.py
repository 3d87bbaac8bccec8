"""The refunds page: what has to go back, who may let it go, and that it went."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import URL, text

from pesan.backoffice.queries.refunds import Wanted, list_refunds
from pesan.checkout.refunds import accept_again
from pesan.kit.ids import new_id
from pesan.kit.money import format_rupiah
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import CaptureCompanion
from pesan.payments.refunds.models import Refund
from pesan.realtime import Hub
from pesan.settings import Settings
from tests.backoffice.conftest import Browser, Team
from tests.support.factories import SYSTEM
from tests.support.postgres import Server
from tests.support.queries import CountQueries

LARGE = 6_000_000


async def paid(team: Team, price: int = 150_000, **wish: Any) -> Order:
    event = await team.make.event(team.merchant, price_amount=price, max_per_order=4)
    order = await team.make.order(event, state=OrderState.REVIEW, **wish)
    money = CaptureCompanion(order.id, order.merchant_id, order.total_amount)
    await team.make.move(Move(OrderEvent.APPROVE, order.event_id, SYSTEM, order.id, companions=(money,)))
    return order


async def due(team: Team, amount: int = 25_000, **wish: Any) -> Refund:
    """Money that came again, as the system saw it."""
    order = await paid(team, **wish)
    desk = SaleDesk(team.database, Hub(team.database.url))
    await accept_again(desk, order=order, actor=SYSTEM, amount=amount, reason="Mutasi 21 Nov")
    return await refund_of(team, order)


async def refund_of(team: Team, order: Order) -> Refund:
    async with team.database.read(SYSTEM) as session:
        page = await list_refunds(session, order.merchant_id, Wanted(search=order.code, shown=""))
    return page.items[-1].refund


async def state_of(team: Team, refund: Refund) -> str:
    async with team.database.read(SYSTEM) as session:
        return (await session.get_one(Refund, refund.id)).state


async def act(browser: Browser, team: Team, refund: Refund, what: str, **fields: str) -> int:
    page = f"{team.path}/refunds"
    return (await browser.submit(page, f"{page}/{refund.id}/{what}", fields)).status_code


async def codes(team: Team, **wanted: Any) -> list[str]:
    async with team.database.read(SYSTEM) as session:
        page = await list_refunds(session, team.merchant.id, Wanted(**wanted))
    return [found.order.code for found in page.items]


async def test_list_shows_who_what_why_and_for_how_long(team: Team) -> None:
    refund = await due(team, buyer_name="Siti Rahma", wa="+6281234567890")
    async with team.database.read(SYSTEM) as session:
        order = await session.get_one(Order, refund.order_id)
    browser = await team.sign_in("organizer")

    page = (await browser.get(f"{team.path}/refunds")).text

    wanted = [
        format_rupiah(25_000),
        "Siap dikirim",
        order.code,
        "Siti Rahma",
        "0812-3456-7890",
        "Dibayar dua kali",
    ]
    assert [word for word in [*wanted, "Mutasi 21 Nov"] if word in page] == [*wanted, "Mutasi 21 Nov"]
    assert "Terlambat" not in page


async def test_refund_older_than_three_days_is_alarming(
    team: Team, postgres: Server, database_url: URL
) -> None:
    await due(team)
    with postgres.connect(database_url.database or "") as connection:
        connection.execute("UPDATE refunds SET requested_at = now() - interval '73 hours'")
    browser = await team.sign_in("staff")

    page = (await browser.get(f"{team.path}/refunds")).text

    badge = page[page.index("Terlambat") - 200 : page.index("Terlambat") + 40]
    assert "tone-bad" in badge
    assert "3 hari" in badge


async def test_overview_says_how_much_waits_and_that_it_is_late(
    team: Team, postgres: Server, database_url: URL
) -> None:
    browser = await team.sign_in("staff")
    before = (await browser.get(team.path)).text
    await due(team)
    with postgres.connect(database_url.database or "") as connection:
        connection.execute("UPDATE refunds SET requested_at = now() - interval '73 hours'")

    after = (await browser.get(team.path)).text

    assert "Uang harus dikembalikan" not in before
    assert "terlambat, tertua 3 hari" in after


async def test_list_is_oldest_first_narrowed_and_paged(team: Team) -> None:
    refunds = [await due(team, buyer_name=name) for name in ("Budi Satu", "Budi Dua", "Siti Tiga")]
    async with team.database.read(SYSTEM) as session:
        orders = {refund.order_id: await session.get_one(Order, refund.order_id) for refund in refunds}
    first, second, third = [orders[refund.order_id].code for refund in refunds]
    browser = await team.sign_in("organizer")
    await act(browser, team, refunds[1], "paid", reference="BCA 0012")

    async with team.database.read(SYSTEM) as session:
        one = await list_refunds(session, team.merchant.id, Wanted(shown=""), limit=2)
        two = await list_refunds(session, team.merchant.id, Wanted(shown=""), limit=2, cursor=one.next_cursor)

    assert await codes(team) == [first, third]
    assert await codes(team, shown="paid") == [second]
    assert await codes(team, shown="", search="budi") == [first, second]
    assert await codes(team, shown="", search="0012") == [second]
    assert [found.order.code for found in (*one.items, *two.items)] == [first, second, third]
    assert two.next_cursor is None


@pytest.mark.parametrize("number", [1, 3])
async def test_page_asks_the_same_questions_however_many_wait(
    team: Team, number: int, count_page_queries: CountQueries
) -> None:
    for _ in range(number):
        await due(team)
    browser = await team.sign_in("organizer")
    await browser.get(f"{team.path}/refunds")

    with count_page_queries() as asked:
        page = await browser.get(f"{team.path}/refunds")

    assert page.text.count("<article") == number
    assert len([sql for sql in asked if "refunds" in sql and "FROM" in sql]) == 2


async def test_nothing_due_says_so_and_a_bad_page_is_refused(team: Team) -> None:
    browser = await team.sign_in("staff")

    assert "Tidak ada uang yang harus dikembalikan" in (await browser.get(f"{team.path}/refunds")).text
    assert "Tidak ada yang cocok" in (await browser.get(f"{team.path}/refunds?q=zzz&show=all")).text
    assert (await browser.get(f"{team.path}/refunds?after=nonsense")).status_code == 400


async def test_organizer_records_the_transfer_once(team: Team) -> None:
    refund = await due(team)
    browser = await team.sign_in("organizer")

    short = await act(browser, team, refund, "paid", reference="x")
    sent = await act(browser, team, refund, "paid", reference="BCA 0012")
    again = await act(browser, team, refund, "paid", reference="BCA 0013")

    assert (short, sent, again) == (422, 303, 409)
    assert await state_of(team, refund) == "paid"
    page = (await browser.get(f"{team.path}/refunds?show=paid")).text
    assert "BCA 0012" in page
    assert "Rina organizer" in page


async def test_staff_see_and_do_nothing(team: Team) -> None:
    refund = await due(team)
    browser = await team.sign_in("staff")

    page = (await browser.get(f"{team.path}/refunds")).text
    answers = [
        await act(browser, team, refund, what, reference="BCA 0012", reason="x")
        for what in ("paid", "approve", "decline")
    ]

    assert f"{refund.id}" not in page
    assert answers == [403, 403, 403]
    assert await state_of(team, refund) == "requested"


async def test_stranger_finds_no_refund_of_another_merchant(team: Team) -> None:
    refund = await due(team)
    browser = await team.sign_in("stranger")
    other = "/organizer/teater-rakyat/refunds"

    page = (await browser.get(other)).text
    answer = await browser.submit(other, f"{other}/{refund.id}/paid", {"reference": "BCA 0012"})

    assert "<article" not in page
    assert answer.status_code == 404
    assert (await browser.get(f"{team.path}/refunds")).status_code == 404
    assert await state_of(team, refund) == "requested"


async def test_form_without_its_token_is_refused(team: Team) -> None:
    refund = await due(team)
    browser = await team.sign_in("organizer")

    answer = await browser.client.post(
        f"{team.path}/refunds/{refund.id}/paid", data={"reference": "BCA 0012"}
    )

    assert answer.status_code == 403
    assert await state_of(team, refund) == "requested"


async def test_large_refund_is_approved_by_another_before_it_is_sent(team: Team) -> None:
    refund = await due(team, LARGE)
    organizer, admin = await team.sign_in("organizer"), await team.sign_in("admin")

    unapproved = await act(organizer, team, refund, "paid", reference="BCA 0012")
    approved = await act(organizer, team, refund, "approve")
    by_the_same = await act(organizer, team, refund, "paid", reference="BCA 0012")
    page = (await organizer.get(f"{team.path}/refunds")).text
    sent = await act(admin, team, refund, "paid", reference="BCA 0012")

    assert (unapproved, approved, by_the_same, sent) == (409, 303, 403, 303)
    assert "perlu dua orang" in page
    assert await state_of(team, refund) == "paid"


async def test_small_booking_is_refunded_at_once_with_a_reason(team: Team) -> None:
    order = await paid(team)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings/{order.code}"

    unreasoned = await browser.submit(page, f"{page}/refund", {"reason": " "})
    answer = await browser.submit(page, f"{page}/refund", {"reason": "Panitia sakit"})
    again = await browser.submit(page, f"{page}/refund", {"reason": "Panitia sakit"})

    assert (unreasoned.status_code, answer.status_code, again.status_code) == (422, 303, 409)
    assert await team.state(order) == "REFUNDED"
    assert await state_of(team, await refund_of(team, order)) == "approved"
    shown = (await browser.get(page)).text
    assert "Pesanan dikembalikan" in shown
    assert "Pengembalian dana disetujui" in shown
    assert f"{page}/refund" not in shown


async def test_large_booking_waits_for_a_second_person(team: Team) -> None:
    order = await paid(team, LARGE)
    organizer, admin = await team.sign_in("organizer"), await team.sign_in("admin")
    page = f"{team.path}/bookings/{order.code}"

    asked = await organizer.submit(page, f"{page}/refund", {"reason": "Panitia sakit"})
    refund = await refund_of(team, order)
    before = await team.state(order)
    alone = await act(organizer, team, refund, "approve")
    together = await act(admin, team, refund, "approve")
    late = await act(admin, team, refund, "approve")
    sent = await act(organizer, team, refund, "paid", reference="BCA 0012")

    assert (asked.status_code, asked.headers["location"]) == (303, f"{team.path}/refunds?done=asked")
    assert (before, alone, together, late, sent) == ("PAID", 403, 303, 409, 303)
    assert await team.state(order) == "REFUNDED"
    assert await state_of(team, refund) == "paid"


async def test_wish_is_declined_with_a_reason_and_the_booking_stays(team: Team) -> None:
    order = await paid(team, LARGE)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings/{order.code}"
    await browser.submit(page, f"{page}/refund", {"reason": "Panitia sakit"})
    refund = await refund_of(team, order)

    unreasoned = await act(browser, team, refund, "decline", reason="")
    declined = await act(browser, team, refund, "decline", reason="Panitia sembuh")

    assert (unreasoned, declined) == (422, 303)
    assert await state_of(team, refund) == "declined"
    assert await team.state(order) == "PAID"
    assert f"{page}/refund" in (await browser.get(page)).text


async def test_free_booking_has_nothing_to_refund(team: Team) -> None:
    event = await team.make.event(team.merchant, price_amount=0)
    order = await team.make.order(event)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings/{order.code}"

    shown = (await browser.get(page)).text
    answer = await browser.submit(page, f"{page}/refund", {"reason": "Panitia sakit"})

    assert f"{page}/refund" not in shown
    assert answer.status_code == 409
    assert await team.state(order) == "PAID"


@pytest.mark.parametrize(
    ("amount", "status"), [("150.000", 303), ("", 422), ("0", 422), ("-5", 422), ("banyak", 422)]
)
async def test_money_that_came_again_is_noted_with_its_amount(team: Team, amount: str, status: int) -> None:
    order = await paid(team)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings/{order.code}"

    answer = await browser.submit(page, f"{page}/again", {"amount": amount, "reason": "Mutasi 21 Nov"})

    assert answer.status_code == status
    assert await codes(team) == ([order.code] if status == 303 else [])
    assert await team.state(order) == "PAID"


@pytest.mark.parametrize("what", ["again", "late"])
async def test_form_that_is_sent_twice_notes_the_money_once(team: Team, what: str) -> None:
    event = await team.make.event(team.merchant, capacity=1)
    order = await team.make.order(event, state=OrderState.CANCELLED)
    await team.make.order(event, state=OrderState.PAID)
    if what == "again":
        order = await paid(team)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/bookings/{order.code}"
    fields = {"amount": "150.000", "reason": "Mutasi 21 Nov", "once": str(new_id())}

    answers = [await browser.submit(page, f"{page}/{what}", fields) for _ in range(2)]
    changed = await browser.submit(page, f"{page}/{what}", {**fields, "reason": "Lain"})

    assert [answer.status_code for answer in answers] == [303, 303]
    assert changed.status_code == 422
    assert await codes(team) == [order.code]
    assert 'name="once"' in (await browser.get(page)).text


async def test_staff_refund_no_booking(team: Team) -> None:
    order = await paid(team)
    browser = await team.sign_in("staff")
    page = f"{team.path}/bookings/{order.code}"

    answers = [
        (await browser.submit(page, f"{page}/{what}", {"reason": "x", "amount": "5"})).status_code
        for what in ("refund", "again")
    ]

    assert answers == [403, 403]
    assert await team.state(order) == "PAID"
    assert await codes(team) == []


async def test_csv_export_is_disarmed_narrowed_and_audited(team: Team) -> None:
    refund = await due(team, buyer_name="Budi Santoso", email="budi@mail.example")
    await due(team, buyer_name="Siti Rahma")
    browser = await team.sign_in("organizer")
    await act(browser, team, refund, "paid", reference="=SUM(A1)")
    page = f"{team.path}/refunds"

    answer = await browser.submit(page, f"{page}/export?format=csv&show=paid&q=budi")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.headers["content-disposition"].startswith('attachment; filename="pengembalian-kopi-senja-')
    assert len(rows) == 2
    assert rows[1][2:10] == [
        "Budi Santoso",
        "",
        "budi@mail.example",
        "25000",
        "IDR",
        "Dibayar dua kali",
        "Mutasi 21 Nov",
        "Sudah dikirim",
    ]
    assert rows[1][-2:] == ["Rina organizer", "'=SUM(A1)"]
    async with team.database.read(SYSTEM) as session:
        noted = await session.execute(
            text("SELECT actor_id, data FROM audit_entries WHERE action = 'merchant:refunds:exported'")
        )
    assert [tuple(row) for row in noted] == [
        (team.users["organizer"].id, {"format": "csv", "rows": 1, "filters": ["q", "show"]})
    ]


@pytest.mark.parametrize(("role", "offered"), [("staff", False), ("organizer", True)])
async def test_export_is_offered_to_those_who_may(team: Team, role: str, offered: bool) -> None:
    browser = await team.sign_in(role)
    page = f"{team.path}/refunds"

    shown = (await browser.get(page)).text
    answer = await browser.submit(page, f"{page}/export?format=csv")

    assert (f"{page}/export?" in shown) is offered
    assert answer.status_code == (200 if offered else 403)


def test_two_people_are_asked_for_from_five_million_on() -> None:
    assert Settings().refund_four_eyes_amount == 5_000_000
