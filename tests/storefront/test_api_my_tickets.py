"""`/v1/tickets`: a buyer's own tickets with type and seat, and QR codes behind links that end."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import httpx
import pytest

from pesan.catalog.models import Seat, TicketType
from pesan.identity.states import MerchantRole
from pesan.kit.signing import Signer
from pesan.orders.models import Order
from pesan.orders.moves import LineWish, SeatWish, TypeWish
from pesan.orders.states import OrderState
from pesan.settings import Settings
from tests.storefront.shop import Shop, problem
from tests.support.fulfilment import fulfil

NOBODYS = "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f"


@dataclass
class Sold:
    """A completed order of two standing tickets and one seat; `buyer` holds its code."""

    shop: Shop
    order: Order
    regular: TicketType
    seated: TicketType
    seat: Seat
    buyer: httpx.AsyncClient


@pytest.fixture
async def sold(shop: Shop) -> Sold:
    make = shop.make
    event = await make.event(shop.merchant, max_per_order=5)
    regular = await make.ticket_type(event)
    seated = await make.ticket_type(event, name="Tribun", is_seated=True)
    seat = (await make.seats(seated, 3))[1]
    lines = (
        LineWish(2, TypeWish(regular.id, regular.pool_id)),
        LineWish(1, TypeWish(seated.id, seated.pool_id), (SeatWish(seat.id, seat.pool_id),)),
    )
    order = await make.order(event, state=OrderState.PAID, lines=lines)
    await fulfil(make, shop.database, order)
    return Sold(shop, order, regular, seated, seat, await shop.open_guest(code=order.code))


async def test_tickets_are_listed_with_type_and_seat(sold: Sold):
    found = (await sold.buyer.get("/v1/tickets")).json()

    assert found["next_cursor"] is None
    assert sorted((one["title"], one["number"], one["ticket_type_id"]) for one in found["tickets"]) == [
        ("Reguler", 1, str(sold.regular.id)),
        ("Reguler", 2, str(sold.regular.id)),
        ("Tribun", 1, str(sold.seated.id)),
    ]
    assert {one["title"]: one["seat"] for one in found["tickets"]} == {
        "Reguler": None,
        "Tribun": {"id": str(sold.seat.id), "section": "A", "row": "1", "number": "2"},
    }
    assert {(one["status"], one["order_id"]) for one in found["tickets"]} == {("active", str(sold.order.id))}


async def test_tickets_are_paged_by_key(sold: Sold):
    first = (await sold.buyer.get("/v1/tickets?limit=2")).json()
    second = (await sold.buyer.get(f"/v1/tickets?limit=2&cursor={first['next_cursor']}")).json()

    ids = [one["id"] for page in (first, second) for one in page["tickets"]]
    assert (len(first["tickets"]), len(second["tickets"]), second["next_cursor"]) == (2, 1, None)
    assert ids == sorted(set(ids), reverse=True)


async def test_tickets_are_the_buyers_and_nobody_elses(sold: Sold):
    (ticket, *_) = (await sold.buyer.get("/v1/tickets")).json()["tickets"]
    other = await sold.shop.open_guest(code=(await sold.shop.make.order(sold.shop.event)).code)
    staff = await sold.shop.open_guest()
    user = await sold.shop.make.user(sold.shop.merchant, MerchantRole.ORGANIZER)
    staff.cookies.update(await sold.shop.make.session_of(user))

    for client in (other, staff):
        assert (await client.get("/v1/tickets")).json() == {"tickets": [], "next_cursor": None}
        assert problem(await client.get(f"/v1/tickets/{ticket['id']}")) == (404, "tickets.not_found")
    assert problem(await (await sold.shop.open_guest()).get("/v1/tickets")) == (401, "auth.required")
    assert problem(await sold.buyer.get(f"/v1/tickets/{NOBODYS}")) == (404, "tickets.not_found")


async def test_ticket_comes_with_a_link_to_its_code_that_anybody_can_show_for_ten_minutes(sold: Sold):
    (ticket, *_) = (await sold.buyer.get("/v1/tickets")).json()["tickets"]

    told = (await sold.buyer.get(f"/v1/tickets/{ticket['id']}")).json()
    picture = await (await sold.shop.open_guest()).get(told["qr_url"])

    assert {name: told[name] for name in ticket} == ticket
    ends = datetime.fromisoformat(told["qr_url_expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=9) < ends <= timedelta(minutes=10)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    assert ElementTree.fromstring(picture.text).tag.endswith("svg")
    assert picture.headers["cache-control"] == "private, no-store"


async def test_link_that_is_over_altered_or_of_an_older_signature_opens_nothing(sold: Sold):
    (ticket, *_) = (await sold.buyer.get("/v1/tickets")).json()["tickets"]
    url = (await sold.buyer.get(f"/v1/tickets/{ticket['id']}")).json()["qr_url"]
    signer = Signer(sold.shop.registry[Settings].secret, "ticket.qr")
    over = signer.sign(f"{ticket['id']}:0", expires_at=1)
    older = signer.sign(f"{ticket['id']}:9")
    other_purpose = Signer(sold.shop.registry[Settings].secret, "storage.link").sign(f"{ticket['id']}:0")

    for token in (over, older, other_purpose, "x", url.rpartition("/")[2][:-2] + "AA"):
        answer = await sold.buyer.get(f"/v1/tickets/qr/{token}")
        assert problem(answer) == (403, "storage.link_refused")


async def test_void_ticket_has_no_code_any_more(sold: Sold):
    (ticket, *_) = (await sold.buyer.get("/v1/tickets")).json()["tickets"]
    url = (await sold.buyer.get(f"/v1/tickets/{ticket['id']}")).json()["qr_url"]
    await sold.shop.execute("UPDATE tickets SET state = 'void', voided_at = clock_timestamp()")

    told = (await sold.buyer.get(f"/v1/tickets/{ticket['id']}")).json()

    assert (told["status"], told["qr_url"], told["qr_url_expires_at"]) == ("void", None, None)
    assert problem(await sold.buyer.get(url)) == (403, "storage.link_refused")
