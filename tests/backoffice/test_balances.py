"""The balance of an order over HTTP: its buyer pays the rest, and whoever looks at the proof decides about that."""

import pytest

from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from pesan.payments import CashCompanion
from tests.backoffice.conftest import Browser, Team, picture
from tests.support.database import offenders
from tests.support.factories import SYSTEM

DEPOSIT = 60_000


@pytest.fixture
async def order(team: Team) -> Order:
    """An order of Rp 150.000, of which Rp 60.000 were paid in cash."""
    trip = await team.make.event(team.merchant, fulfilment="jastip", deposit_percent=40)
    held = await team.make.order(trip, wa="+6281234567890")
    cash = CashCompanion(held.id, held.merchant_id, DEPOSIT)
    await team.make.move(Move(OrderEvent.PAY, trip.id, SYSTEM, held.id, companions=(cash,)))
    return await team.order(held)


async def pay_the_rest(guest: Browser, team: Team, order: Order) -> None:
    page = f"/pay/{order.code}"
    await guest.submit(page, f"{page}/method", {"method_id": str(team.method.id)})
    proof = {"file": ("bukti.jpg", picture(), "image/jpeg")}
    answer = await guest.submit(page, f"{page}/proof", files=proof)
    assert (answer.status_code, answer.headers["location"]) == (303, page)


async def test_the_pay_page_asks_for_the_rest_with_the_same_methods(team: Team, order: Order):
    guest = await team.open_browser()
    status = (await guest.get(f"/b/{order.code}")).text
    before = (await guest.get(f"/pay/{order.code}")).text
    await pay_the_rest(guest, team, order)
    after = (await guest.get(f"/pay/{order.code}")).text

    assert "Tinggal bayar sisanya" in status
    assert f'href="/pay/{order.code}"' in status
    assert "Dibayar sebagian" in status
    assert "Bayar sisanya" in before
    assert "Rp\N{NO-BREAK SPACE}90.000" in before
    assert "Batalkan pesanan" not in before
    assert "Bukti pelunasanmu sedang diperiksa" in after
    assert "/proof" not in after


async def test_the_reviewer_accepts_the_proof_of_the_balance(team: Team, order: Order):
    await pay_the_rest(await team.open_browser(), team, order)
    staff = await team.sign_in("staff")
    page = f"{team.path}/review/{order.id}"
    shown = (await staff.get(f"{team.path}/review")).text
    answer = await staff.submit(page, f"{page}/approve", {"of": "balance"})

    assert f'data-item="{order.id}"' in shown
    assert "Pelunasan yang harus masuk" in shown
    assert answer.status_code == 303
    settled = await team.order(order)
    assert (settled.state, settled.balance_due_amount) == ("PAID", 0)
    assert "Semua sudah ditinjau" in (await staff.get(f"{team.path}/review")).text
    assert await offenders(team.database) == []


async def test_a_page_of_before_the_deposit_decides_nothing_about_the_balance(team: Team, order: Order):
    await pay_the_rest(await team.open_browser(), team, order)
    staff, boss = await team.sign_in("staff"), await team.sign_in("organizer")
    page, booking = f"{team.path}/review/{order.id}", f"{team.path}/bookings/{order.code}"
    answers = [
        await staff.submit(page, f"{page}/approve"),
        await staff.submit(page, f"{page}/reject", {"preset": "amount"}),
        await boss.submit(booking, f"{booking}/cash"),
    ]

    assert [answer.status_code for answer in answers] == [409] * 3
    now = await team.order(order)
    assert (now.state, now.balance_due_amount, now.balance_submitted_at is None) == ("PAID", 90_000, False)


async def test_a_refused_proof_says_why_and_asks_again(team: Team, order: Order):
    guest = await team.open_browser()
    await pay_the_rest(guest, team, order)
    staff = await team.sign_in("staff")
    page = f"{team.path}/review/{order.id}"
    await staff.submit(page, f"{page}/reject", {"of": "balance", "reason": "Nominalnya kurang seribu"})

    asked = (await guest.get(f"/pay/{order.code}")).text
    assert "Nominalnya kurang seribu" in asked
    assert f"/pay/{order.code}/proof" in asked
    assert (await team.order(order)).state == "PAID"


async def test_the_balance_is_taken_in_cash_on_the_orders_page(team: Team, order: Order):
    boss = await team.sign_in("organizer")
    page = f"{team.path}/bookings/{order.code}"
    shown = (await boss.get(page)).text
    answers = [await boss.submit(page, f"{page}/cash", {"of": "balance"}) for _ in range(2)]

    assert "Terima Rp\N{NO-BREAK SPACE}90.000 tunai" in shown
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "due=true" not in answers[0].headers["location"]
    assert (await team.order(order)).balance_due_amount == 0
    assert await offenders(team.database) == []
