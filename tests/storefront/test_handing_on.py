"""A buyer hands a ticket on, over the API and on the pages, and its new holder opens it."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from pesan.db import Database
from pesan.identity.states import MerchantRole
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.tickets.keystore import DatabaseKeyStore, KeyStore
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from pesan.tickets.render.pictures import qr_svg
from pesan.tickets.slices import Slices
from pesan.tickets.tasks import sign_transfer
from tests.storefront.shop import Shop, new_key, problem
from tests.support.factories import SYSTEM
from tests.support.fulfilment import fulfil
from tests.support.schema import SECRET

WISH = {"name": "Rani Wijaya", "email": "Rani@Contoh.id", "version": 0}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Sold:
    """A completed order of one ticket; `buyer` holds its code."""

    shop: Shop
    order: Order
    ticket: Ticket
    buyer: httpx.AsyncClient

    @property
    def path(self) -> str:
        return f"/v1/tickets/{self.ticket.id}/transfer"

    @property
    def form(self) -> str:
        return f"/b/{self.order.code}/tickets/{self.ticket.id}/transfer"

    async def now(self) -> Ticket:
        async with self.shop.database.read(SYSTEM) as session:
            return (await list_tickets(session, self.order.id))[0]

    async def submit(self, **typed: str) -> httpx.Response:
        token = _TOKEN.search((await self.buyer.get(self.form)).text)
        assert token
        return await self.buyer.post(self.form, data={**typed, "csrf_token": token[1]})

    async def sign(self) -> None:
        """What the worker does."""
        worker = Registry()
        worker.add(Database, self.shop.database)
        worker.add(KeyStore, DatabaseKeyStore(self.shop.database, SECRET.encode()))
        for (transfer_id,) in await self.shop.execute("SELECT id FROM ticket_transfers"):
            await sign_transfer(worker, transfer_id)


@pytest.fixture
async def sold(shop: Shop) -> Sold:
    order = await shop.make.order(shop.event, state=OrderState.PAID)
    await fulfil(shop.make, shop.database, order)
    async with shop.database.read(SYSTEM) as session:
        (ticket,) = await list_tickets(session, order.id)
    return Sold(shop, order, ticket, await shop.open_guest(code=order.code))


async def verdict(client: httpx.AsyncClient, payload: str) -> str:
    answer: dict[str, Any] = (await client.post("/api/verify/qr", json={"payload": payload})).json()
    return str(answer["result"])


async def test_codes_on_a_bookings_page_turn_and_the_one_that_stays_is_for_want_of_scripts(sold: Sold):
    page = (await sold.buyer.get(f"/b/{sold.order.code}", headers={"accept": "text/html"})).text
    live, _, rest = page.partition("<noscript><details")
    static = qr_svg(sold.ticket.qr_text, title="QR")

    assert (static in live, static in rest) == (False, True)
    assert (live.count("data-turns="), "js/turn" in live) == (1, True)


async def test_ticket_handed_on_is_void_for_its_buyer_and_its_answer_is_kept(sold: Sold):
    headers = {"idempotency-key": new_key()}
    link = (await sold.buyer.get(f"/v1/tickets/{sold.ticket.id}")).json()["qr_url"]

    first = await sold.buyer.post(sold.path, json=WISH, headers=headers)
    again = await sold.buyer.post(sold.path, json=WISH, headers=headers)

    assert first.status_code == 200, first.text
    assert first.json() == {
        "id": str(sold.ticket.id),
        "status": "active",
        "holder_name": "Rani Wijaya",
        "version": 1,
    }
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert [await verdict(sold.buyer, form) for form in (sold.ticket.qr_text, sold.ticket.code)] == [
        "void",
        "void",
    ]
    told = (await sold.buyer.get(f"/v1/tickets/{sold.ticket.id}")).json()
    assert (told["code"], told["qr_url"], told["holder_name"], told["version"]) == (
        None,
        None,
        "Rani Wijaya",
        1,
    )
    assert problem(await sold.buyer.get(link)) == (403, "storage.link_refused")
    (booked,) = (await sold.buyer.get(f"/api/bookings/{sold.order.code}")).json()["tickets"]
    assert (booked["code"], booked["qr"]) == (None, None)


async def test_wish_about_a_ticket_that_went_to_somebody_changes_nothing(sold: Sold):
    await sold.buyer.post(sold.path, json=WISH)
    before = await sold.now()

    wishes = [{**WISH, "name": "Dewi Lestari", "version": version} for version in (0, 1)]
    answers = [await sold.buyer.post(sold.path, json=wish) for wish in wishes]

    assert [problem(answer) for answer in answers] == [(409, "tickets.changed"), (409, "tickets.handed_on")]
    assert (await sold.now()).code == before.code


@pytest.mark.parametrize(
    "change", [{"name": "R"}, {"email": "rani"}, {"email": None}, {"version": "0"}, {"version": -1}, {"x": 1}]
)
async def test_wish_that_is_not_whole_is_refused(sold: Sold, change: dict[str, Any]):
    assert problem(await sold.buyer.post(sold.path, json={**WISH, **change}))[0] == 422
    assert (await sold.now()).epoch == 0


async def test_strangers_hand_nothing_on(sold: Sold):
    other = await sold.shop.open_guest(code=(await sold.shop.make.order(sold.shop.event)).code)
    holder = await sold.shop.open_guest(code=sold.ticket.code)
    staff = await sold.shop.open_guest()
    user = await sold.shop.make.user(await sold.shop.make.merchant(), MerchantRole.ORGANIZER)
    staff.cookies.update(await sold.shop.make.session_of(user))

    for client in (other, holder, staff):
        assert problem(await client.post(sold.path, json=WISH)) == (404, "tickets.not_found")
    nobody = await (await sold.shop.open_guest()).post(sold.path, json=WISH)
    assert problem(nobody) == (401, "auth.required")
    assert (await sold.now()).epoch == 0


async def test_buyer_hands_on_by_the_form_and_the_holder_opens_the_page_of_the_new_code(sold: Sold):
    typed = {"name": "Rani Wijaya", "email": "rani@contoh.id", "wa": "", "version": "0"}

    answer = await sold.submit(**typed)
    status = (await sold.buyer.get(f"/b/{sold.order.code}")).text
    stranger = await sold.shop.open_guest()
    unsigned = (await stranger.get(f"/ticket/{(await sold.now()).code}")).text
    await sold.sign()
    ticket = await sold.now()
    page = await stranger.get(f"/ticket/{ticket.code}")
    pdf = await stranger.get(f"/ticket/{ticket.code}/ticket.pdf")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/b/{sold.order.code}")
    assert "Tiketnya ada pada Rani Wijaya." in status
    assert ticket.code not in status
    assert sold.form not in status
    assert "Minta penyelenggara: hanya mereka yang bisa." in page.text
    assert "Kodenya sedang dibuat" in unsigned
    assert (page.status_code, "<svg" in page.text, "Rani Wijaya" in page.text) == (200, True, True)
    assert sold.order.code not in page.text
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    assert (await stranger.get(f"/ticket/{sold.ticket.code}")).status_code == 404


async def test_form_comes_back_with_what_was_typed_and_what_is_wrong(sold: Sold):
    wrong = await sold.submit(name="Rani Wijaya", email="rani", version="0")
    late = await sold.submit(name="Rani Wijaya", email="rani@contoh.id", version="7")

    assert (wrong.status_code, 'value="Rani Wijaya"' in wrong.text) == (422, True)
    assert (late.status_code, "Tiket ini baru saja berubah" in late.text) == (409, True)
    assert (await sold.now()).epoch == 0


async def test_event_that_forbids_it_offers_no_form(sold: Sold):
    await sold.shop.execute("UPDATE events SET transferable = false")

    assert sold.form not in (await sold.buyer.get(f"/b/{sold.order.code}")).text
    assert f'action="{sold.form}"' not in (await sold.buyer.get(sold.form)).text
    assert problem(await sold.buyer.post(sold.path, json=WISH)) == (409, "tickets.handing_on_off")


async def test_page_of_a_ticket_turns_its_code_and_calls_the_others_weaker(sold: Sold):
    slices = sold.shop.registry[Slices]
    async with sold.shop.database.read(SYSTEM) as session:
        now = (await session.scalars(select(func.clock_timestamp()))).one()
    live, old = (
        slices.live_text(sold.ticket, moment) for moment in (now, now - timedelta(seconds=3 * slices.seconds))
    )

    page = (await sold.buyer.get(f"/ticket/{sold.ticket.code}")).text
    answers = [
        (await sold.buyer.post("/api/verify/qr", json={"payload": payload})).json() for payload in (live, old)
    ]

    assert [(told["result"], told["reason"], told["isLive"]) for told in answers] == [
        ("valid", "good", True),
        ("invalid", "slice_over", True),
    ]
    assert page.count("<svg") >= 2
    for words in (
        "js/live.",
        'data-every="300"',
        "<noscript>",
        "(lebih lemah)",
        "PDF memuat kode yang tidak",
    ):
        assert words in page
