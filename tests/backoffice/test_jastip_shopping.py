"""The list to shop by: what is bought where and for whom, ticked off with one thumb, and prices asked for."""

import re

import pytest
from sqlalchemy import select, text

from pesan.checkout.refunds import refund
from pesan.db import Database
from pesan.jastip.models import PriceProposal, Purchase
from pesan.jastip.queries import shopping
from pesan.jastip.service.orders import confirm_order, ship_order
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from pesan.orders.queries import get_order
from pesan.settings import Settings
from tests.backoffice.conftest import Browser, Team
from tests.support.database import offenders
from tests.support.factories import SYSTEM
from tests.support.queries import counter_for
from tests.support.trips import Journey, make_journey, make_participant, make_product, order


@pytest.fixture
async def journey(team: Team, settings: Settings) -> Journey:
    return await make_journey(team.make, team.database, settings, team.merchant)


def list_of(journey: Journey) -> str:
    return f"/jastip/{journey.merchant.slug}/trips/{journey.id}/shopping"


async def buy(journey: Journey, *items, name: str = "Siti", is_paid: bool = True):
    placed = await order(journey, await make_participant(journey, name=name), *items)
    if not is_paid:
        return placed
    await confirm_order(journey.counter, placed, actor=journey.staff)
    async with journey.counter.database.read(SYSTEM) as session:
        return await get_order(session, placed.id)


async def tick(browser: Browser, journey: Journey, product, pieces: str, **typed: str):
    page = list_of(journey)
    return await browser.submit(page, f"{page}/{product.id}", {"pieces": pieces, **typed})


async def bought(team: Team, product) -> int:
    async with team.database.read(SYSTEM) as session:
        return await session.scalar(select(Purchase.bought).where(Purchase.product_id == product.id)) or 0


def figures(page: str) -> list[str]:
    """What the headings say, and each product of them, in order."""
    found = re.findall(r"<h2[^>]*>(.*?)</h2>|<h3>(.*?)</h3>|<b class=\"figures\">(\d+ dari \d+)", page)
    return [re.sub(r"<[^>]+>", "", "".join(parts)).strip() for parts in found]


async def test_what_is_paid_for_stands_by_shop_with_whom_it_is_for(team: Team, journey: Journey):
    banana = await make_product(journey, title="Tokyo Banana", shop="Don Quijote", stock=9)
    mochi = await make_product(journey, title="Mochi", shop="don  quijote")
    anywhere = await make_product(journey, title="Masker")
    await make_product(journey, title="Tidak dipesan", shop="Uniqlo")
    await buy(journey, (banana, 2), (anywhere, 1), name="Rina")
    await buy(journey, (banana, 1), (mochi, 1), name="Budi")
    await buy(journey, (banana, 3), name="Tono", is_paid=False)
    browser = await team.sign_in("organizer")

    shown = (await browser.get(list_of(journey))).text

    assert figures(shown) == [
        *("0 dari 5 barang dibeli", "don  quijote 0/4"),
        *("Mochi", "0 dari 1", "Tokyo Banana", "0 dari 3", "Toko belum diisi 0/1", "Masker", "0 dari 1"),
    ]
    people = re.findall(r"<li( class=\"muted\")?><b class=\"figures\">(\d)×</b> (\w+)", shown)
    assert people == [
        *(("", "1", "Budi"), ("", "1", "Budi"), ("", "2", "Rina"), (' class="muted"', "3", "Tono")),
        ("", "1", "Rina"),
    ]
    assert "+3 belum dibayar" in shown
    assert "Tidak dipesan" not in shown


async def test_only_the_first_who_want_something_are_named_and_others_are_asked_by_their_code(
    team: Team, journey: Journey, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shopping, "MOST_NAMES", 2)
    mochi = await make_product(journey, title="Mochi", stock=99)
    placed = {name: await buy(journey, (mochi, 2), name=name) for name in ("Ani", "Budi", "Cici", "Dedi")}
    await buy(journey, (mochi, 3), name="Aaron", is_paid=False)
    browser, page = await team.sign_in("organizer"), list_of(journey)
    wish = {"price_amount": "120rb", "note": "", "order_id": "", "order_code": placed["Dedi"].code.lower()}

    shown = (await browser.get(page)).text
    asked = [
        await browser.submit(page, f"{page}/{mochi.id}/price", {**wish, "order_code": code})
        for code in ("ZZZZ", wish["order_code"])
    ]

    assert re.findall(r"<b class=\"figures\">\d×</b> (\w+)", shown) == ["Ani", "Budi"]
    assert ("dan 3 lainnya" in shown, "+3 belum dibayar" in shown) == (True, True)
    assert figures(shown)[-1] == "0 dari 8"
    assert [answer.status_code for answer in asked] == [422, 303]
    async with team.database.read(SYSTEM) as session:
        of = list(await session.scalars(select(PriceProposal.order_id)))
    assert of == [placed["Dedi"].id]


@pytest.mark.parametrize("count", [1, 3])
async def test_the_list_costs_the_same_for_any_length(
    team: Team, journey: Journey, registry: Registry, count: int
):
    for number in range(count):
        await buy(journey, (await make_product(journey, shop=f"Toko {number}"), 1))
    browser = await team.sign_in("organizer")
    await browser.get(list_of(journey))

    with counter_for(registry[Database].engine)() as statements:
        shown = await browser.get(list_of(journey))

    assert shown.text.count('class="card errand"') == count
    assert len(statements) == 9


async def test_pieces_are_ticked_off_and_taken_back(team: Team, journey: Journey):
    product = await make_product(journey, title="Mochi")
    await buy(journey, (product, 3))
    browser = await team.sign_in("organizer")

    one = await tick(browser, journey, product, "1")
    rest = await tick(browser, journey, product, "all")
    after = await browser.get(rest.headers["location"])
    undone = await tick(browser, journey, product, "-2")

    assert one.headers["location"] == f"{list_of(journey)}?ticked={product.id}&pieces=1#product-{product.id}"
    assert ("2 × Mochi dicatat dibeli." in after.text, 'value="-2"' in after.text) == (True, True)
    assert "Lengkap" in after.text
    assert undone.status_code == 303
    assert await bought(team, product) == 1
    assert await offenders(team.database) == []


async def test_more_than_a_thousand_pieces_are_ticked_off_and_taken_back_at_once(
    team: Team, journey: Journey
):
    product = await make_product(journey, title="Mochi", stock=2_000)
    for _ in range(11):
        await buy(journey, (product, 100))
    browser = await team.sign_in("organizer")

    done = await tick(browser, journey, product, "all")
    after = await browser.get(done.headers["location"])
    ticked = await bought(team, product)
    undone = await tick(browser, journey, product, "-1100")

    assert (after.status_code, "1100 × Mochi dicatat dibeli." in after.text) == (200, True)
    assert (ticked, undone.status_code, await bought(team, product)) == (1_100, 303, 0)


async def test_the_same_tap_sent_twice_counts_once(team: Team, journey: Journey):
    product = await make_product(journey)
    await buy(journey, (product, 3))
    browser, once = await team.sign_in("organizer"), str(new_id())

    answers = [await tick(browser, journey, product, "1", once=once) for _ in range(2)]
    other = await tick(browser, journey, product, "all", once=once)

    assert [answer.status_code for answer in (*answers, other)] == [303, 303, 303]
    assert await bought(team, product) == 3


@pytest.mark.parametrize(("pieces", "status"), [("-1", 409), ("0", 422), ("banyak", 422), ("100001", 422)])
async def test_a_count_never_falls_below_nothing(team: Team, journey: Journey, pieces: str, status: int):
    product = await make_product(journey)
    await buy(journey, (product, 1))
    browser = await team.sign_in("organizer")

    refused = await tick(browser, journey, product, pieces)

    assert (refused.status_code, 'role="alert"' in refused.text) == (status, True)
    assert await bought(team, product) == 0


async def test_what_was_bought_stays_so_when_its_order_goes_back(team: Team, journey: Journey):
    product = await make_product(journey)
    placed = await buy(journey, (product, 2))
    browser = await team.sign_in("organizer")
    await tick(browser, journey, product, "all")

    await refund(journey.counter.sales, order=placed, actor=journey.staff, reason="Tidak jadi")

    shown = (await browser.get(list_of(journey))).text
    assert (await bought(team, product), "2 lebih dari yang dipesan" in shown) == (2, True)


async def test_what_is_sent_is_not_in_the_bag_any_more(team: Team, journey: Journey):
    product, other = await make_product(journey), await make_product(journey)
    first, second = await buy(journey, (product, 2), (other, 1)), await buy(journey, (product, 1))
    browser = await team.sign_in("organizer")
    await tick(browser, journey, product, "all")

    for placed in (first, second):
        await ship_order(journey.counter, placed, actor=journey.staff, courier="JNE", tracking_no=None)
        left = await bought(team, product), await bought(team, other)
        assert left == {first.id: (1, 0), second.id: (0, 0)}[placed.id]
    assert "Belum ada yang dibelanjakan" in (await browser.get(list_of(journey))).text
    assert await offenders(team.database) == []


async def test_a_colleague_of_another_trip_ticks_nothing_off(
    team: Team, journey: Journey, settings: Settings
):
    product = await make_product(journey)
    await buy(journey, (product, 1))
    elsewhere = await make_journey(team.make, team.database, settings, team.merchant)
    browser = await team.sign_in("organizer")

    answer = await browser.submit(list_of(journey), f"{list_of(elsewhere)}/{product.id}", {"pieces": "1"})

    assert (answer.status_code, await bought(team, product)) == (404, 0)


async def test_buyers_are_asked_for_another_price_and_asked_no_more(team: Team, journey: Journey):
    product = await make_product(journey, title="Mochi", stock=5)
    first = await buy(journey, (product, 1), name="Rina")
    await buy(journey, (product, 1), name="Budi")
    browser, page = await team.sign_in("organizer"), list_of(journey)
    wish = {"price_amount": "120rb", "note": "Naik di toko", "order_id": ""}

    wrong = await browser.submit(page, f"{page}/{product.id}/price", {**wish, "price_amount": "mahal"})
    one = await browser.submit(page, f"{page}/{product.id}/price", {**wish, "order_id": str(first.id)})
    everybody = await browser.submit(page, f"{page}/{product.id}/price", wish)
    again = await browser.submit(page, f"{page}/{product.id}/price", wish)
    shown = (await browser.get(page)).text

    assert [answer.status_code for answer in (wrong, one, everybody, again)] == [422, 303, 303, 409]
    assert (wrong.text.count('role="alert"'), "mahal" in wrong.text) == (1, True)
    assert one.headers["location"].endswith(f"?done=asked#product-{product.id}")
    assert "2 menunggu jawaban" in shown
    async with team.database.read(SYSTEM) as session:
        found = (await session.scalars(select(PriceProposal).order_by(PriceProposal.created_at))).all()
        told = await session.scalar(
            text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'jastip.tell_of_price'")
        )
    assert [(each.order_id == first.id, each.new_amount, each.note) for each in found] == [
        (True, 120_000, "Naik di toko"),
        (False, 120_000, "Naik di toko"),
    ]
    assert told == 2
    base = page.removesuffix("/shopping")
    withdrawn = [await browser.submit(page, f"{base}/prices/{found[0].id}/withdraw") for _ in range(2)]
    assert [answer.headers["location"] for answer in withdrawn] == [f"{base}#order-{first.id}"] * 2
    assert "1 menunggu jawaban" in (await browser.get(page)).text
