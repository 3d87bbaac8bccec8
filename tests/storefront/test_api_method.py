"""`POST /api/bookings/{id}/select-method`: the exact amount, and where to pay it."""

import asyncio

import pytest

from pesan.orders.states import OrderState
from pesan.payments.qris import parse
from tests.payments.steps import QRIS, add_method
from tests.storefront.shop import Shop, new_key, problem


async def test_bank_answers_with_the_exact_amount_and_the_account(shop: Shop):
    booking = await shop.held()

    answer = await shop.choose(booking, shop.bank)

    code = answer.json()["uniqueCode"]
    assert answer.headers["content-type"] == "application/json"
    assert 1 <= code <= 999
    assert answer.json() == {
        "amount": 150_000 + code,
        "uniqueCode": code,
        "currency": "IDR",
        "instructions": {
            "kind": "bank",
            "displayName": "BCA",
            "bankName": "BCA",
            "accountNo": "1234567890",
            "accountHolder": "Sanggar Keroncong",
            "qrisPayload": None,
            "staticQrisPayload": None,
            "redirectUrl": None,
        },
    }


async def test_qris_answers_with_the_amount_inside_the_code(shop: Shop):
    booking = await shop.held()

    answer = (await shop.choose(booking, shop.qris)).json()

    instructions = answer["instructions"]
    code = parse(instructions["qrisPayload"])
    assert instructions["kind"] == "qris"
    assert code.get("54") == str(answer["amount"])
    assert not code.is_static
    assert parse(instructions["staticQrisPayload"]).is_static
    assert (instructions["bankName"], instructions["accountNo"]) == (None, None)


async def test_same_method_twice_keeps_the_amount(shop: Shop):
    booking = await shop.held()
    first = await shop.choose(booking, shop.bank)
    before = await shop.facts()

    again = await shop.choose(booking, shop.bank)

    assert again.json() == first.json()
    assert await shop.facts() == before


async def test_return_to_a_method_finds_its_amount_again(shop: Shop):
    booking = await shop.held()
    first = await shop.choose(booking, shop.bank)
    await shop.choose(booking, shop.qris)

    assert (await shop.choose(booking, shop.bank)).json() == first.json()


async def test_two_bookings_never_share_an_amount(shop: Shop):
    bookings = [await shop.held() for _ in range(3)]

    answers = await asyncio.gather(*(shop.choose(booking, shop.bank) for booking in bookings))

    assert len({answer.json()["amount"] for answer in answers}) == 3


async def test_same_key_gets_the_same_bytes(shop: Shop):
    booking, key = await shop.held(), {"idempotency-key": new_key()}
    first = await shop.choose(booking, shop.bank, **key)
    await shop.choose(booking, shop.qris)

    again = await shop.choose(booking, shop.bank, **key)

    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


async def test_same_key_for_another_method_is_refused(shop: Shop):
    booking, key = await shop.held(), {"idempotency-key": new_key()}
    await shop.choose(booking, shop.bank, **key)
    before = await shop.facts()

    assert problem(await shop.choose(booking, shop.qris, **key)) == (422, "idempotency.key_reused")
    assert await shop.facts() == before


async def test_method_of_another_merchant_is_not_offered(shop: Shop):
    booking = await shop.held()
    foreign = await add_method(shop.database, (await shop.make.merchant()).id, QRIS)
    before = await shop.facts()

    assert problem(await shop.choose(booking, foreign)) == (409, "payment.method_not_offered")
    assert await shop.facts() == before


async def test_free_booking_has_no_method(shop: Shop):
    booking = await shop.held(event=await shop.make.event(shop.merchant, price_amount=0))

    assert problem(await shop.choose(booking, shop.bank)) == (409, "orders.wrong_state")


async def test_booking_in_review_keeps_its_method(shop: Shop):
    order = await shop.make.order(shop.event, state=OrderState.REVIEW)
    guest = await shop.open_guest(code=order.code)
    before = await shop.facts()

    answer = await shop.choose({"id": order.id}, shop.bank, guest)

    assert problem(answer) == (409, "orders.wrong_state")
    assert answer.json()["state"] == "REVIEW"
    assert await shop.facts() == before


async def test_hold_that_is_over_takes_no_method(shop: Shop, expire):
    booking = await shop.held()
    await expire(booking)
    before = await shop.facts()

    assert problem(await shop.choose(booking, shop.bank)) == (409, "orders.hold_expired")
    assert await shop.facts() == before


@pytest.mark.parametrize(
    "body", [{}, {"methodId": "x"}, {"methodId": None}, {"methodId": 1, "amount": 1}, []]
)
async def test_broken_body_changes_nothing(shop: Shop, body):
    booking = await shop.held()
    before = await shop.facts()

    answer = await shop.guest.post(f"/api/bookings/{booking['id']}/select-method", json=body)

    assert problem(answer) == (422, "validation")
    assert await shop.facts() == before
