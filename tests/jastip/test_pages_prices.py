"""A buyer's page about another price: what it changes, agreed to or not, once, and what counts when it is too late."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select, text

from pesan.checkout.letters import letter_composers
from pesan.checkout.links import pay_path
from pesan.db import Actor
from pesan.jastip.models import PriceProposal
from pesan.jastip.price_letters import PriceComposer
from pesan.jastip.service.orders import confirm_order, ship_order
from pesan.jastip.service.prices import NewPrice, accept_price, propose_price, withdraw_price
from pesan.jastip.tasks import tell_of_change, tell_of_price
from pesan.kit.money import format_rupiah
from pesan.notifications.models import Notification
from pesan.notifications.render import render, sentences
from pesan.notifications.states import Kind
from pesan.orders.queries import get_order
from pesan.payments.gateways.attempts import commit_attempt
from pesan.payments.service import select_method
from tests.checkout.conftest import BASE_URL, deps
from tests.jastip.visiting import post, visiting
from tests.payments.gateway_steps import add_account, make_gateways
from tests.support.database import offenders
from tests.support.factories import SYSTEM
from tests.support.trips import make_journey, make_participant, make_product, order

__all__ = ["deps"]


@pytest.fixture
async def journey(make, database, settings):
    return await make_journey(make, database, settings)


@pytest.fixture
async def bought(journey, database):
    """Two pieces at Rp 100.000, paid."""
    product = await make_product(journey, title="Mochi")
    person = await make_participant(journey)
    placed = await order(journey, person, (product, 2), email="siti@contoh.id")
    await confirm_order(journey.counter, placed, actor=journey.staff)
    return placed, product


@pytest.fixture
async def proposal(journey, bought, database):
    return await propose(journey, bought, 120_000)


async def propose(journey, bought, amount):
    placed, product = bought
    async with journey.counter.database.write(journey.staff) as session:
        wish = NewPrice(product.id, amount, "Naik di toko")
        await propose_price(session, wish, trip_id=journey.id, actor=journey.staff)
        mine = PriceProposal.order_id == placed.id, PriceProposal.state == "proposed"
        return (await session.scalars(select(PriceProposal).where(*mine))).one()


async def again(database, placed):
    async with database.read(SYSTEM) as session:
        return await get_order(session, placed.id)


def spoken(page: str) -> str:
    """The words of a page, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]).split()).replace("\u00a0", " ")


async def test_the_page_says_what_it_costs_and_what_comes_next(app, bought, proposal):
    code = bought[0].code
    async with visiting(app) as guest:
        status, shown = await guest.get(f"/b/{code}"), await guest.get(f"/b/{code}/prices")

    words = spoken(shown.text)
    assert f'href="/b/{code}/prices"' in status.text
    assert "2 × Mochi “Naik di toko” Harga sekarang 2 × Rp 100.000 Rp 200.000" in words
    assert "Harga baru 2 × Rp 120.000 Rp 240.000 Selisih +Rp 40.000 Total pesananmu jadi Rp 240.000" in words
    assert "Setuju: sisa yang harus dibayar menjadi Rp 40.000, sebelum titipanmu dikirim." in words


async def test_whoever_agrees_pays_the_difference(app, database, bought, proposal):
    placed, page = bought[0], f"/b/{bought[0].code}/prices"
    async with visiting(app) as guest:
        token = await guest.token(page)
        answers = [
            await guest.client.post(f"{page}/{proposal.id}/accept", data={"csrf_token": token})
            for _ in range(2)
        ]
        shown = spoken((await guest.get(page)).text)

    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, page)] * 2
    assert "Kamu setuju Harganya sekarang Rp 120.000, tadinya Rp 100.000." in shown
    assert "Bayar sisanya, Rp 40.000" in shown
    now = await again(database, placed)
    assert (now.total_amount, now.balance_due_amount) == (240_000, 40_000)
    assert await offenders(database) == []


async def test_whoever_gets_something_back_is_told_how_much(app, database, journey, bought):
    cheaper, page = await propose(journey, bought, 70_000), f"/b/{bought[0].code}/prices"
    async with visiting(app) as guest:
        asked = spoken((await guest.get(page)).text)
        await post(guest, page, f"{page}/{cheaper.id}/accept")
        status = spoken((await guest.get(f"/b/{bought[0].code}")).text)

    assert "Setuju: Rp 60.000 dikembalikan kepadamu." in asked
    assert "Rp 60.000 dikembalikan kepadamu Harganya turun setelah kamu membayar." in status
    assert await offenders(database) == []


async def test_whoever_disagrees_keeps_their_price(app, database, bought, proposal):
    page = f"/b/{bought[0].code}/prices"
    async with visiting(app) as guest:
        form = {"csrf_token": await guest.token(page)}
        refused = await guest.client.post(f"{page}/{proposal.id}/decline", data=form)
        too_late = await guest.client.post(f"{page}/{proposal.id}/accept", data=form)
        shown = spoken((await guest.get(page)).text)

    assert (refused.status_code, too_late.status_code) == (303, 409)
    assert "Usulan harga ini sudah dijawab atau ditarik." in spoken(too_late.text)
    assert "Kamu tidak setuju Harganya tetap Rp 100.000." in shown
    assert (await again(database, bought[0])).total_amount == 200_000


async def test_a_price_that_was_withdrawn_or_whose_order_was_sent_is_refused(
    app, database, journey, bought, proposal
):
    page = f"/b/{bought[0].code}/prices"
    async with visiting(app) as guest:
        token = await guest.token(page)
        form = {"data": {"csrf_token": token}}
        async with database.write(journey.staff) as session:
            await withdraw_price(session, proposal.id, trip_id=journey.id, actor=journey.staff)
        gone = await guest.client.post(f"{page}/{proposal.id}/accept", **form)
        open_one = await propose(journey, bought, 130_000)
        paid = await again(database, bought[0])
        await ship_order(journey.counter, paid, actor=journey.staff, courier="JNE", tracking_no=None)
        sent = await guest.client.post(f"{page}/{open_one.id}/accept", **form)

    assert (gone.status_code, sent.status_code) == (409, 409)
    assert "Tidak ada harga baru untuk pesanan ini." in spoken(gone.text)
    assert "Pesananmu sudah berubah, jadi harga ini tidak berlaku lagi." in spoken(sent.text)
    assert (await again(database, bought[0])).total_amount == 200_000


async def test_nobody_answers_on_the_page_of_another_order(app, database, journey, bought, proposal):
    other = await order(journey, await make_participant(journey), (await make_product(journey), 1))
    page = f"/b/{other.code}/prices"
    async with visiting(app) as guest:
        answers = [
            await post(guest, f"/pay/{other.code}", f"{page}/{proposal.id}/{answer}")
            for answer in ("accept", "decline")
        ]

    assert [answer.status_code for answer in answers] == [404, 404]
    async with database.read(SYSTEM) as session:
        assert (await session.get_one(PriceProposal, proposal.id)).state == "proposed"


async def test_the_buyer_is_asked_once_by_letter(deps, database, journey, bought, proposal):
    composers = letter_composers(deps)
    composer = PriceComposer(composers.of(Kind.PRICE_PROPOSED), database, BASE_URL)
    for _ in range(2):
        await tell_of_price(deps, proposal.id)

    letter = await composer.compose(bought[0].id, Kind.PRICE_PROPOSED, str(proposal.id))

    said = sentences(letter)
    assert said["url"] == f"{BASE_URL}/b/{bought[0].code}/prices"
    rows = {label: str(value).replace("\u00a0", " ") for label, value in said["rows"]}
    assert [rows[name] for name in ("Barang", "Harga satuan", "Selisih", "Alasan")] == [
        *("2 × Mochi", "Rp 100.000 → Rp 120.000", "+Rp 40.000", "Naik di toko")
    ]
    assert "Harga 2 × Mochi di toko ternyata lain." in render(letter).text.replace("\u00a0", " ")
    async with database.write(journey.staff) as session:
        await withdraw_price(session, proposal.id, trip_id=journey.id, actor=journey.staff)
    assert await composer.compose(bought[0].id, Kind.PRICE_PROPOSED, str(proposal.id)) is None


async def test_whoever_may_have_transferred_the_rest_is_asked_for_its_proof_first(
    app, make, database, journey, bought, proposal
):
    placed, page = bought[0], f"/b/{bought[0].code}/prices"
    method = await make.method(journey.merchant)
    async with visiting(app) as guest:
        await post(guest, page, f"{page}/{proposal.id}/accept")
        dearer = await propose(journey, bought, 150_000)
        before = spoken((await guest.get(page)).text)
        async with database.write(SYSTEM) as session:
            own = await get_order(session, placed.id)
            chosen = await select_method(session, order=own, method_id=method.id, actor=SYSTEM)
        shown = (await guest.get(page)).text

    asked = f"Sudah transfer {format_rupiah(chosen.amount)}?".replace("\u00a0", " ")
    assert (asked in before, asked in spoken(shown)) == (False, True)
    assert shown.index(f'href="{pay_path(placed.code)}"') < shown.index(f"{dearer.id}/accept")


async def test_whoever_pays_the_rest_at_a_provider_is_asked_for_no_proof(
    app, settings, database, journey, bought, proposal
):
    page = f"/b/{bought[0].code}/prices"
    gateways = make_gateways(database, settings.secret)
    _, method = await add_account(database, gateways, journey.merchant)
    await gateways.http.aclose()
    async with visiting(app) as guest:
        await post(guest, page, f"{page}/{proposal.id}/accept")
        await propose(journey, bought, 150_000)
        async with database.write(SYSTEM) as session:
            await commit_attempt(session, order_id=bought[0].id, method=method, actor=SYSTEM)
        shown = spoken((await guest.get(page)).text)

    assert ("Sudah transfer" in shown, "Setuju, +Rp 60.000" in shown) == (False, True)


@pytest.mark.parametrize(
    ("percent", "amount", "told"),
    [
        (50, 50_000, [Kind.ORDER_CONFIRMED]),
        (50, 40_000, [Kind.ORDER_CONFIRMED, Kind.REFUND_DUE]),
        (50, 60_000, []),
        (100, 60_000, [Kind.REFUND_DUE]),
        (100, 110_000, []),
    ],
    ids=["settled", "settled-and-owed", "less-left", "owed", "dearer"],
)
async def test_whoever_owes_nothing_more_or_gets_something_back_is_told(
    make, database, settings, deps, percent, amount, told
):
    journey = await make_journey(make, database, settings, deposit_percent=percent)
    product = await make_product(journey)
    placed = await order(journey, await make_participant(journey), (product, 1), email="siti@contoh.id")
    await confirm_order(journey.counter, placed, actor=journey.staff)
    agreed = await propose(journey, (placed, product), amount)
    guest = Actor.guest(placed.code)
    await accept_price(database, journey.counter.sales, agreed.id, order_id=placed.id, actor=guest)

    async with database.write(SYSTEM) as session:
        jobs = await session.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'jastip.tell_of_change'")
        )
        given = [args for (args,) in jobs]
    for args in given * 2:
        await tell_of_change(deps, **{**args, "proposal_id": UUID(args["proposal_id"])})

    async with database.read(SYSTEM) as session:
        letters = list(await session.scalars(select(Notification).order_by(Notification.kind)))
    assert [letter.kind for letter in letters] == told
    for letter in letters:
        composed = await letter_composers(deps).of(Kind(letter.kind)).compose(placed.id, Kind(letter.kind))
        assert composed is not None
    assert await offenders(database) == []
