"""The board of a trip that asks for a deposit: what is due of each order, and nothing is sent before it is paid."""

import html
import re

import pytest

from pesan.db import Actor
from pesan.jastip.models import PriceProposal
from pesan.jastip.queries.prices import list_proposals
from pesan.jastip.service.orders import confirm_order
from pesan.jastip.service.prices import NewPrice, accept_price, propose_price
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from pesan.payments.service import select_method
from pesan.settings import Settings
from tests.backoffice.conftest import Browser, Team, picture
from tests.support.database import offenders
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture
async def journey(team: Team, settings: Settings) -> Journey:
    return await make_journey(team.make, team.database, settings, team.merchant, deposit_percent=30)


@pytest.fixture
async def placed(journey: Journey) -> Order:
    """Two pieces for Rp 200.000, of which Rp 60.000 are asked for first."""
    return await order(journey, await make_participant(journey), (await make_product(journey), 2))


def page_of(journey: Journey) -> str:
    return f"/jastip/{journey.merchant.slug}/trips/{journey.id}"


async def card(browser: Browser, journey: Journey) -> tuple[str, str, str]:
    """The only order on the board: the lane that it stands in, its words, and what its forms call it."""
    shown = (await browser.get(page_of(journey))).text
    (lane,) = [part for part in shown.split('<section class="lane" id="lane-')[1:] if "data-card" in part]
    found = re.search(r"<article.*?</article>", lane, re.DOTALL)[0]
    seen = re.search(r'name="seen" value="([^"]+)"', found)
    return lane.partition('"')[0], html.unescape(re.sub(r"<[^>]+>", " ", found)), seen[1] if seen else ""


async def act(browser: Browser, journey: Journey, placed: Order, what: str, seen: str, **typed: str):
    page = page_of(journey)
    return await browser.submit(page, f"{page}/orders/{placed.id}/{what}", {"seen": seen, **typed})


async def pay_deposit(team: Team, journey: Journey, placed: Order) -> Order:
    await confirm_order(journey.counter, placed, actor=journey.staff)
    return await team.order(placed)


async def prove_rest(team: Team, placed: Order) -> None:
    """The buyer sends a proof of the balance."""
    guest = Actor.guest(placed.code)
    async with team.database.write(guest) as session:
        mine = await session.get_one(Order, placed.id)
        await select_method(session, order=mine, method_id=team.method.id, actor=guest)
    proof = await team.proof(placed, picture("pelunasan"))
    event = OrderEvent.SUBMIT_BALANCE_PROOF
    await team.make.move(Move(event, placed.event_id, guest, placed.id, companions=(proof,)))


async def test_an_order_whose_rest_is_due_is_not_called_paid(team: Team, journey: Journey, placed: Order):
    browser = await team.sign_in("organizer")
    lane_before, before, seen = await card(browser, journey)
    taken = await act(browser, journey, placed, "confirm", seen)
    lane_after, after, _ = await card(browser, journey)

    assert (lane_before, lane_after) == ("waiting", "balance")
    assert (f"sisanya Rp{SPACE}140.000" in before, "DP dibayar tunai" in before) == (True, True)
    assert "done=deposit" in taken.headers["location"]
    assert f"Sudah dibayar Rp{SPACE}60.000, sisa Rp{SPACE}140.000" in after
    assert ("Baru bisa dikirim setelah sisanya dibayar" in after, "Nomor resi" in after) == (True, False)


async def test_what_is_owed_is_not_sent_though_somebody_asks(team: Team, journey: Journey, placed: Order):
    await pay_deposit(team, journey, placed)
    browser = await team.sign_in("organizer")
    _, _, seen = await card(browser, journey)

    sent = await act(browser, journey, placed, "ship", seen, courier="JNE")

    assert (sent.status_code, (await team.order(placed)).state) == (409, "PAID")


async def test_the_rest_is_taken_in_cash_and_the_order_sent(team: Team, journey: Journey, placed: Order):
    await pay_deposit(team, journey, placed)
    browser = await team.sign_in("organizer")
    _, words, seen = await card(browser, journey)
    answers = [await act(browser, journey, placed, "confirm", seen) for _ in range(2)]
    lane, _, paid = await card(browser, journey)
    sent = await act(browser, journey, placed, "ship", paid, courier="JNE")

    assert "Sisa dibayar tunai" in words
    assert [answer.status_code for answer in (*answers, sent)] == [303, 409, 303]
    assert (lane, paid, (await team.order(placed)).state) == ("confirmed", "PAID", "COMPLETED")
    assert await offenders(team.database) == []


async def test_a_proof_of_the_rest_stands_beside_its_picture(team: Team, journey: Journey, placed: Order):
    await pay_deposit(team, journey, placed)
    browser = await team.sign_in("organizer")
    _, _, unproved = await card(browser, journey)
    await prove_rest(team, placed)
    lane, words, seen = await card(browser, journey)
    shown = (await browser.get(page_of(journey))).text
    blind = await act(browser, journey, placed, "confirm", unproved)
    still_due = (await team.order(placed)).balance_due_amount
    accepted = await act(browser, journey, placed, "confirm", seen)

    assert (lane, "Setujui pelunasan" in words, "Tolak bukti" in words) == ("review", True, True)
    assert shown.count("/backoffice/proofs/") == 2  # one picture, and the link to look at it whole
    assert (blind.status_code, still_due) == (409, 140_000)
    assert (accepted.status_code, (await team.order(placed)).balance_due_amount) == (303, 0)
    assert await offenders(team.database) == []


async def test_a_refused_proof_of_the_rest_leaves_the_order(team: Team, journey: Journey, placed: Order):
    await pay_deposit(team, journey, placed)
    await prove_rest(team, placed)
    browser = await team.sign_in("organizer")
    _, _, seen = await card(browser, journey)
    refused = await act(browser, journey, placed, "reject", seen, reason="Kurang seribu")
    lane, words, _ = await card(browser, journey)

    now = await team.order(placed)
    assert "done=refused" in refused.headers["location"]
    assert (lane, "Kurang seribu" in words) == ("balance", True)
    assert (now.state, now.balance_due_amount, now.balance_submitted_at) == ("PAID", 140_000, None)


async def test_the_list_counts_the_rest_as_awaited(team: Team, journey: Journey, placed: Order):
    await pay_deposit(team, journey, placed)
    browser = await team.sign_in("organizer")

    shown = (await browser.get(f"/jastip/{team.merchant.slug}")).text

    money = [text.replace(SPACE, " ") for text in re.findall(r"<dd>(Rp[^<]+)", shown)]
    assert money == ["Rp 60.000", "Rp 140.000"]


async def proposed(team: Team, journey: Journey) -> tuple[Order, PriceProposal]:
    """A paid order of one piece for Rp 100.000, whose buyer is asked about Rp 20.000."""
    product = await make_product(journey)
    placed = await order(journey, await make_participant(journey), (product, 1))
    await confirm_order(journey.counter, placed, actor=journey.staff)
    async with team.database.write(journey.staff) as session:
        await propose_price(session, NewPrice(product.id, 20_000), trip_id=journey.id, actor=journey.staff)
        (asked,) = (await list_proposals(session, [placed.id]))[placed.id]
    return placed, asked.proposal


async def test_an_order_whose_price_fell_can_still_go_back_from_its_page(team: Team, journey: Journey):
    placed, proposal = await proposed(team, journey)
    database, sales = journey.counter.database, journey.counter.sales
    await accept_price(database, sales, proposal.id, order_id=placed.id, actor=Actor.guest(placed.code))
    organizer, page = await team.sign_in("organizer"), f"{team.path}/bookings/{placed.code}"
    shown = (await organizer.get(page)).text

    answer = await organizer.submit(page, f"{page}/refund", {"reason": "Habis"})

    assert (f'action="{page}/refund"' in shown, answer.status_code) == (True, 303)
    assert (await team.order(placed)).state == "REFUNDED"
    assert await offenders(team.database) == []


async def test_staff_do_not_agree_to_a_price_for_the_buyer(team: Team, journey: Journey):
    placed, proposal = await proposed(team, journey)
    organizer, page = await team.sign_in("organizer"), f"/b/{placed.code}/prices"

    refused = await organizer.submit(page, f"{page}/{proposal.id}/accept")

    assert refused.status_code == 403
    assert (await team.order(placed)).total_amount == 100_000
