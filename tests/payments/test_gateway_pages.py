"""Paying at the sandbox with a browser: the pay page, its hosted page, the way back, and what a return proves."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.gateways.base import RemoteState
from pesan.payments.gateways.settle import settle
from pesan.payments.states import Account
from tests.payments.gateway_steps import Shop
from tests.payments.test_gateway_settling import paid

PRICE = 150_000
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Buyer:
    """A buyer's browser, without scripts."""

    def __init__(self, client: httpx.AsyncClient, order: Order) -> None:
        self.client = client
        self.pay_path = f"/pay/{order.code}"

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def submit(self, page: str, path: str, fields: dict[str, str]) -> httpx.Response:
        token = _TOKEN.search((await self.client.get(page)).text)
        assert token is not None
        return await self.client.post(path, data={**fields, "csrf_token": token[1]})

    async def choose(self, shop: Shop) -> str:
        """Choose the provider; where the button on the page leads."""
        chosen = await self.submit(
            self.pay_path, f"{self.pay_path}/method", {"method_id": str(shop.method.id)}
        )
        assert (chosen.status_code, chosen.headers["location"]) == (303, self.pay_path)
        found = re.search(
            r'href="(?:http://127.0.0.1)?(/sandbox/[^"]+)"', (await self.get(self.pay_path)).text
        )
        assert found is not None
        return found[1]


@pytest.fixture
async def buyer(app: FastAPI, order: Order) -> AsyncIterator[Buyer]:
    transport = httpx.ASGITransport(app)
    headers = {"accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Buyer(client, order)


async def test_a_buyer_pays_at_the_sandbox(buyer: Buyer, shop: Shop, order: Order):
    page = await buyer.choose(shop)
    done = await buyer.submit(page, page, {"act": "pay"})
    waiting = await buyer.get(done.headers["location"])
    await shop.handle_all()
    after = await buyer.get(done.headers["location"])

    assert (done.status_code, done.headers["location"]) == (303, f"{buyer.pay_path}/return")
    assert (waiting.status_code, "Menunggu konfirmasi" in waiting.text) == (200, True)
    assert (after.status_code, after.headers["location"]) == (303, f"/b/{order.code}")
    assert (await shop.order(order)).state == OrderState.PAID


async def test_a_return_that_claims_success_proves_nothing(buyer: Buyer, shop: Shop, order: Order):
    await buyer.choose(shop)

    answer = await buyer.get(f"{buyer.pay_path}/return?status=success&transaction_status=settlement&paid=1")

    assert (answer.status_code, "Menunggu konfirmasi" in answer.text) == (200, True)
    assert (await shop.order(order)).state == OrderState.HOLD
    assert await shop.balances(order) == {}


async def test_a_return_without_an_attempt_leads_back_to_the_choice(buyer: Buyer):
    answer = await buyer.get(f"{buyer.pay_path}/return")

    assert (answer.status_code, answer.headers["location"]) == (303, buyer.pay_path)


async def test_a_buyer_who_fails_comes_back_and_pays(buyer: Buyer, shop: Shop, order: Order):
    page = await buyer.choose(shop)
    await buyer.submit(page, page, {"act": "fail"})
    await shop.handle_all()
    back = await buyer.get(f"{buyer.pay_path}/return")
    told = [await buyer.get(buyer.pay_path)]
    second = await buyer.choose(shop)
    told.append(await buyer.get(buyer.pay_path))
    await buyer.submit(second, second, {"act": "pay"})
    await shop.handle_all()

    assert (back.status_code, back.headers["location"]) == (303, buyer.pay_path)
    assert second != page
    assert ["Pembayaran tadi tidak berhasil" in answer.text for answer in told] == [True, False]
    assert (await shop.order(order)).state == OrderState.PAID


async def test_a_buyer_who_pays_twice_gets_the_second_back(buyer: Buyer, shop: Shop, order: Order):
    page = await buyer.choose(shop)
    await buyer.submit(page, page, {"act": "pay"})
    await shop.handle_all()
    again = await buyer.submit(page, page, {"act": "twice"})
    await shop.handle_all()

    assert again.status_code == 303
    assert await shop.balances(order) == {
        Account.RECEIVED: 2 * PRICE,
        Account.CUSTOMER: PRICE,
        Account.REFUND_DUE: PRICE,
    }


async def test_the_sandbox_refuses_what_cannot_happen(buyer: Buyer, shop: Shop, order: Order):
    page = await buyer.choose(shop)

    answer = await buyer.submit(page, page, {"act": "late"})

    assert answer.status_code == 409
    assert (await shop.order(order)).state == OrderState.HOLD


async def test_an_unknown_page_of_the_sandbox_is_not_found(buyer: Buyer):
    assert (await buyer.get("/sandbox/tidak-ada")).status_code == 404


async def test_the_api_tells_where_the_hosted_page_is(buyer: Buyer, shop: Shop, order: Order):
    headers = {"x-booking-code": order.code, "accept": "application/json"}
    path, choice = f"/api/bookings/{order.id}/select-method", {"methodId": str(shop.method.id)}

    first = await buyer.client.post(path, json=choice, headers=headers)
    second = await buyer.client.post(path, json=choice, headers=headers)

    assert (first.status_code, first.content) == (200, second.content)
    told = first.json()
    assert (told["amount"], told["uniqueCode"], told["instructions"]["kind"]) == (PRICE, None, "gateway")
    assert told["instructions"]["redirectUrl"].startswith("http://127.0.0.1/sandbox/")


async def test_an_attempt_that_ended_shows_the_choice_again(buyer: Buyer, shop: Shop, order: Order):
    await buyer.choose(shop)
    ended = await paid(shop, order, state=RemoteState.EXPIRED)
    await settle(shop.database, shop.desk, shop.account, ended)

    page = await buyer.get(buyer.pay_path)

    assert (page.status_code, "/sandbox/" in page.text) == (200, False)
