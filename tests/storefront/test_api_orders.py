"""`/v1/orders`: baskets of types, seats and a promo code, priced by the server; what is refused changes nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from pesan.catalog.models import PromoCode, Seat, TicketType
from pesan.kit.ids import new_id
from pesan.kit.times import isoformat
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from tests.storefront.shop import Shop, new_key, problem
from tests.support.database import offenders
from tests.support.factories import SYSTEM

NOBODYS = "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f"
BUYER = {"name": "Siti Nurhaliza", "email": "siti@contoh.id"}


@dataclass
class Fair:
    """An event with a type of 5 at Rp 100.000, a seated one of 3 at Rp 250.000, one hidden, and ten percent off."""

    shop: Shop
    regular: TicketType
    seated: TicketType
    hidden: TicketType
    seats: list[Seat]
    promo: PromoCode

    def body(self, *items: dict[str, Any], **fields: Any) -> dict[str, Any]:
        wish = {"event_id": str(self.shop.event.id), "items": list(items), "buyer": BUYER, **fields}
        return {name: value for name, value in wish.items() if value is not None}

    def some(self, qty: Any = 1, **fields: Any) -> dict[str, Any]:
        return {"ticket_type_id": str(self.regular.id), "qty": qty, **fields}

    def seat(self, *numbers: int) -> dict[str, Any]:
        ids = [str(self.seats[number].id) for number in numbers]
        return {"ticket_type_id": str(self.seated.id), "qty": len(ids), "seat_ids": ids}

    async def order(
        self, *items: dict[str, Any], client: Any = None, key: str = "", **fields: Any
    ) -> httpx.Response:
        headers = {"idempotency-key": key} if key else {}
        body = self.body(*items, **fields)
        return await (client or self.shop.guest).post("/v1/orders", json=body, headers=headers)

    async def quote(self, *items: dict[str, Any], **fields: Any) -> httpx.Response:
        return await self.shop.guest.post("/v1/orders/quote", json=self.body(*items, buyer=None, **fields))


@pytest.fixture
async def fair(shop: Shop) -> Fair:
    make = shop.make
    shop.event = await make.event(shop.merchant, capacity=20, max_per_order=10)
    await shop.execute("UPDATE events SET fee_amount = 2000, fee_basis_points = 100, tax_basis_points = 1000")
    seated = await make.ticket_type(
        shop.event, name="Tribun", price_amount=250_000, inventory=3, is_seated=True
    )
    return Fair(
        shop,
        await make.ticket_type(shop.event),
        seated,
        await make.ticket_type(shop.event, name="Teman", is_hidden=True, access_code="KAWAN"),
        list(await make.seats(seated, 3)),
        await make.promo(shop.event, code="HEMAT10"),
    )


def sums(subtotal: int, discount: int, fees: int, tax: int) -> dict[str, Any]:
    return {
        "subtotal_amount": subtotal,
        "discount_amount": discount,
        "fees_amount": fees,
        "tax_amount": tax,
        "total_amount": subtotal - discount + fees + tax,
        "currency": "IDR",
    }


# 2 × 100.000 + 250.000, ten percent off; 2.000 for each of three tickets and 1 % of the rest, 10 % tax.
BASKET = sums(450_000, 45_000, 6_000 + 4_050, 40_500)


async def test_order_of_two_types_and_a_seat_answers_with_the_servers_sums(fair: Fair):
    answer = await fair.order(fair.some(2), fair.seat(1), promo_code=" hemat10 ")

    order = await fair.shop.order({"id": answer.json()["order_id"]})
    assert answer.status_code == 201, answer.text
    assert answer.json() == {
        "order_id": str(order.id),
        "code": order.code,
        "status": "created",
        "payment_url": f"http://127.0.0.1/pay/{order.code}",
        "expires_at": isoformat(order.hold_expires_at),
        "totals": BASKET,
    }
    assert (order.quantity, order.total_amount, order.promo_code_id) == (
        3,
        BASKET["total_amount"],
        fair.promo.id,
    )
    assert await offenders(fair.shop.database) == []


async def test_quote_says_what_the_order_will_cost_and_holds_nothing(fair: Fair):
    before = await fair.shop.facts()

    answer = await fair.quote(fair.some(2), fair.seat(1), promo_code="HEMAT10")

    assert answer.status_code == 200, answer.text
    assert answer.json()["totals"] == BASKET
    assert [(item["title"], item["qty"], item["amount"]) for item in answer.json()["items"]] == [
        ("Reguler", 2, 200_000),
        ("Tribun", 1, 250_000),
    ]
    assert await fair.shop.facts() == before


async def test_placed_order_is_read_with_its_seats_and_reservations(fair: Fair):
    placed = (await fair.order(fair.some(2), fair.seat(0, 2))).json()

    answer = (await fair.shop.guest.get(f"/v1/orders/{placed['order_id']}")).json()

    assert {name: answer[name] for name in placed} == placed
    assert [(item["qty"], [seat["number"] for seat in item["seats"]]) for item in answer["items"]] == [
        (2, []),
        (2, ["1", "3"]),
    ]
    assert [(one["status"], one["ticket_type_id"], one["quantity"]) for one in answer["reservations"]] == [
        ("active", str(fair.regular.id), 2),
        ("active", str(fair.seated.id), 2),
    ]
    assert {one["order_id"] for one in answer["reservations"]} == {placed["order_id"]}


async def test_status_of_an_order_goes_by_the_documents_names(fair: Fair, expire):
    placed = (await fair.order(fair.some())).json()
    seen = [await _told(fair, placed)]
    booking = {"id": placed["order_id"]}
    await fair.shop.choose(booking, fair.shop.bank)
    seen.append(await _told(fair, placed))
    await expire(booking)
    seen.append(await _told(fair, placed))

    assert seen == [("created", "active"), ("pending_payment", "active"), ("expired", "released")]


async def test_paid_order_has_converted_its_reservation(fair: Fair):
    placed = (await fair.order(fair.some())).json()
    for step in (OrderEvent.SUBMIT_PROOF, OrderEvent.APPROVE):
        await fair.shop.make.move(Move(step, fair.shop.event.id, SYSTEM, UUID(placed["order_id"])))

    assert await _told(fair, placed) == ("paid", "converted")


async def _told(fair: Fair, placed: dict[str, Any]) -> tuple[str, str]:
    answer = (await fair.shop.guest.get(f"/v1/orders/{placed['order_id']}")).json()
    return answer["status"], answer["reservations"][0]["status"]


async def test_order_of_an_event_without_types_takes_several_places(shop: Shop):
    shop.event = await shop.make.event(shop.merchant, max_per_order=4)

    answer = await shop.guest.post(
        "/v1/orders", json={"event_id": str(shop.event.id), "items": [{"qty": 4}], "buyer": BUYER}
    )

    assert (answer.status_code, answer.json()["totals"]) == (201, sums(600_000, 0, 0, 0))


async def test_order_that_costs_nothing_is_paid_at_once(fair: Fair):
    await fair.shop.make.promo(fair.shop.event, code="GRATIS", value=100)

    answer = (await fair.order(fair.some(), promo_code="GRATIS")).json()

    assert (answer["status"], answer["payment_url"], answer["totals"]["total_amount"]) == ("paid", None, 0)


async def test_hidden_type_is_sold_to_whoever_knows_its_code(fair: Fair):
    wish = {"ticket_type_id": str(fair.hidden.id), "qty": 1}

    assert (await fair.order(wish, access_code="kawan")).status_code == 201


async def test_order_is_opened_by_its_code_and_by_nothing_else(fair: Fair):
    placed = (await fair.order(fair.some())).json()
    path = f"/v1/orders/{placed['order_id']}"
    holder = await fair.shop.open_guest(code=placed["code"])
    other = await fair.shop.open_guest(code=(await fair.order(fair.some())).json()["code"])

    assert (await holder.get(path)).status_code == 200
    assert problem(await other.get(path)) == (404, "orders.not_found")
    assert problem(await (await fair.shop.open_guest()).get(path)) == (401, "auth.required")


async def test_order_with_the_same_key_gets_the_same_bytes_even_when_a_part_is_gone(fair: Fair):
    key = new_key()
    first = await fair.order(fair.some(), promo_code="HEMAT10", key=key)
    await fair.shop.execute("UPDATE promo_codes SET is_active = false")

    again = await fair.order(fair.some(), promo_code="HEMAT10", key=key)
    other = await fair.order(fair.some(2), key=key)

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert problem(other) == (422, "idempotency.key_reused")
    assert await fair.shop.execute("SELECT count(*) FROM orders") == [(1,)]


@pytest.mark.parametrize(
    "change",
    [
        {"price": 1},
        {"price_amount": 1},
        {"unit_amount": 0},
        {"qty": 0},
        {"qty": -1},
        {"qty": "1"},
        {"qty": 1.5},
        {"qty": True},
        {"qty": 1e308},
        {"qty": 2**63},
        {"qty": None},
        {"seat_ids": "x"},
        {"seat_ids": ["1"]},
        {"ticket_type_id": "1 OR 1=1"},
        {"ticket_type_id": 1},
    ],
)
async def test_tampered_item_changes_nothing(fair: Fair, change):
    before = await fair.shop.facts()
    item = {**fair.some(), **change}

    assert problem(await fair.order(item)) == (422, "validation")
    assert problem(await fair.quote(item)) == (422, "validation")
    assert await fair.shop.facts() == before


@pytest.mark.parametrize(
    "fields",
    [
        {"total_amount": 1},
        {"totals": {"total_amount": 1}},
        {"status": "paid"},
        {"state": "PAID"},
        {"merchant_id": NOBODYS},
        {"user_id": NOBODYS},
        {"paid_at": "2026-11-21T00:00:00Z"},
        {"currency": "USD"},
        {"items": []},
        {"items": None},
        {"items": [{"qty": 1}] * 51},
        {"buyer": {**BUYER, "role": "admin"}},
        {"buyer": {"name": "Al"}},
        {"buyer": None},
        {"promo_code": "X" * 41},
        {"promo_code": ["HEMAT10"]},
    ],
)
async def test_order_with_a_field_that_is_the_servers_changes_nothing(fair: Fair, fields):
    before = await fair.shop.facts()

    assert problem(await fair.order(fair.some(), **fields)) == (422, "validation")
    assert await fair.shop.facts() == before


async def test_order_of_what_is_not_for_sale_changes_nothing(fair: Fair):
    make, before_all = fair.shop.make, datetime.now(UTC)
    elsewhere = await make.event(fair.shop.merchant)
    foreign = await make.ticket_type(elsewhere, is_seated=True)
    (foreign_seat,) = await make.seats(foreign)
    later = await make.ticket_type(fair.shop.event, sale_opens_at=before_all + timedelta(days=1))
    over = await make.ticket_type(fair.shop.event, sale_closes_at=before_all - timedelta(days=1))
    hidden = {"ticket_type_id": str(fair.hidden.id), "qty": 1}
    wishes: list[tuple[list[dict[str, Any]], dict[str, Any], tuple[int, str]]] = [
        ([hidden], {}, (404, "catalog.ticket_type_not_found")),
        ([hidden], {"access_code": "LAWAN"}, (404, "catalog.ticket_type_not_found")),
        ([{"ticket_type_id": str(foreign.id), "qty": 1}], {}, (404, "catalog.ticket_type_not_found")),
        ([{"ticket_type_id": NOBODYS, "qty": 1}], {}, (404, "catalog.ticket_type_not_found")),
        ([{"ticket_type_id": str(later.id), "qty": 1}], {}, (409, "sale.closed")),
        ([{"ticket_type_id": str(over.id), "qty": 1}], {}, (409, "sale.closed")),
        ([{"qty": 1}], {}, (422, "orders.ticket_type_needed")),
        ([fair.some(11)], {}, (422, "orders.quantity_not_allowed")),
        ([fair.some(1_000)], {}, (422, "orders.quantity_not_allowed")),
        ([fair.some(6), fair.some(5)], {}, (422, "orders.quantity_not_allowed")),
        ([{**fair.seat(0), "qty": 2}], {}, (422, "orders.seats_needed")),
        ([{**fair.seat(0), "seat_ids": []}], {}, (422, "orders.seats_needed")),
        ([fair.seat(0, 0)], {}, (422, "orders.seats_needed")),
        ([fair.some(1, seat_ids=[str(fair.seats[0].id)])], {}, (422, "orders.seats_needed")),
        ([{**fair.seat(0), "seat_ids": [str(foreign_seat.id)]}], {}, (404, "catalog.seat_not_found")),
        ([{**fair.seat(0), "seat_ids": [str(new_id())]}], {}, (404, "catalog.seat_not_found")),
        ([fair.some()], {"promo_code": "ABC"}, (422, "promo.not_valid")),
        ([fair.some()], {"promo_code": "'; DROP TABLE orders; --"}, (422, "promo.not_valid")),
        ([fair.some()], {"event_id": NOBODYS}, (404, "catalog.event_not_found")),
        ([fair.some()], {"event_id": str(elsewhere.id)}, (404, "catalog.ticket_type_not_found")),
    ]
    before = await fair.shop.facts()

    ordered = [problem(await fair.order(*items, **fields)) for items, fields, _ in wishes]
    quoted = [problem(await fair.quote(*items, **fields)) for items, fields, _ in wishes]

    assert ordered == [refusal for _, _, refusal in wishes]
    assert quoted == ordered
    assert await fair.shop.facts() == before


async def test_what_is_gone_is_refused_and_says_what_it_is(fair: Fair):
    promo = await fair.shop.make.promo(fair.shop.event, code="SEKALI", max_uses=1)
    assert (await fair.order(fair.some(4), promo_code=promo.code)).status_code == 201
    assert (await fair.order(fair.seat(0))).status_code == 201
    before = await fair.shop.facts()

    assert problem(await fair.order(fair.some(2))) == (409, "capacity.hold_pool_full")
    assert problem(await fair.order(fair.some(), fair.seat(0))) == (409, "capacity.seat_held")
    assert problem(await fair.order(fair.seat(1), fair.seat(1))) == (422, "orders.seats_needed")
    assert problem(await fair.order(fair.some(), promo_code="SEKALI")) == (409, "promo.held")
    assert await fair.shop.facts() == before
