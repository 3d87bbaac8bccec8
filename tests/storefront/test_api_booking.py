"""Reading a booking, giving it back, and whose it is."""

from dataclasses import dataclass
from uuid import uuid4

import pytest

from pesan.identity.states import MerchantRole, PlatformRole
from pesan.kit.times import isoformat
from pesan.orders.states import OrderState
from tests.storage.files import encoded, picture
from tests.storefront.shop import Shop, new_key, problem

PROOF = encoded(picture(300, 500), "PNG")


async def test_booking_answers_with_everything_its_holder_can_do(shop: Shop):
    booking = await shop.held(wa="0812-3456-7890", email="siti@contoh.id", notes="rahasia")
    payment = (await shop.choose(booking, shop.bank)).json()

    answer = (await shop.guest.get(f"/api/bookings/{booking['code']}")).json()

    event, now = shop.event, answer.pop("serverTime")
    assert now >= booking["serverTime"]
    assert answer == {
        "id": booking["id"],
        "code": booking["code"],
        "state": "HOLD",
        "name": "s***a",
        "quantity": 1,
        "amount": 150_000,
        "currency": "IDR",
        "holdExpiresAt": booking["holdExpiresAt"],
        "rejectReason": None,
        "item": {
            "id": str(event.id),
            "slug": event.slug,
            "shortId": event.short_id,
            "title": "Malam Keroncong Kota Tua",
            "summary": "",
            "venue": "Taman Fatahillah",
            "city": "Jakarta",
            "startsAt": isoformat(event.starts_at),
            "endsAt": isoformat(event.ends_at),
            "zone": "Asia/Jakarta",
            "price": 150_000,
            "currency": "IDR",
            "status": "open",
            "available": 9,
            "capacityLeft": 10,
            "tags": [],
            "url": f"/x/{event.slug}-{event.short_id}",
            "merchant": {
                "slug": "kopi-senja",
                "name": "Kopi Senja",
                "accent": "#7a4a21",
                "zone": "Asia/Jakarta",
            },
        },
        "methods": [
            {"id": str(shop.bank.id), "kind": "bank", "displayName": "BCA"},
            {"id": str(shop.qris.id), "kind": "qris", "displayName": "QRIS"},
        ],
        "payment": payment,
        "tickets": [],
    }


async def test_booking_never_tells_contact_or_notes(shop: Shop):
    booking = await shop.held(
        name="Asep Budiawar", wa="0812-3456-7890", email="asep@contoh.id", notes="rahasia"
    )

    text = (await shop.guest.get(f"/api/bookings/{booking['code']}")).text

    assert '"name":"a***r"' in text
    assert [word for word in ("Asep", "34567890", "3456-7890", "asep@", "rahasia") if word in text] == []


async def test_booking_in_review_shows_what_was_to_pay_and_no_more_ways(shop: Shop):
    booking = await shop.held()
    payment = (await shop.choose(booking, shop.bank)).json()
    await shop.prove(booking, PROOF)

    answer = (await shop.guest.get(f"/api/bookings/{booking['code']}")).json()

    assert (answer["state"], answer["methods"], answer["payment"]) == ("REVIEW", [], payment)


async def test_rejected_booking_says_why(shop: Shop):
    order = await shop.make.order(shop.event, state=OrderState.REJECTED)

    answer = (await shop.guest.get(f"/api/bookings/{order.code}")).json()

    assert (answer["state"], answer["rejectReason"]) == ("REJECTED", "Nominal tidak sesuai")
    assert (answer["methods"], answer["payment"]) == ([], None)


async def test_hold_whose_time_is_over_is_expired_though_nothing_swept(shop: Shop, expire):
    booking = await shop.held()
    await expire(booking)

    whole = (await shop.guest.get(f"/api/bookings/{booking['code']}")).json()
    short = (await shop.guest.get(f"/api/bookings/{booking['code']}/status")).json()

    assert (whole["state"], short["state"]) == ("EXPIRED", "EXPIRED")
    assert (whole["methods"], whole["payment"]) == ([], None)
    assert (await shop.order(booking)).state == "HOLD"


async def test_status_answers_for_polling(shop: Shop):
    booking = await shop.held()

    answer = await shop.guest.get(f"/api/bookings/{booking['code']}/status")

    document = answer.json()
    now = document.pop("serverTime")
    assert booking["serverTime"] <= now <= booking["holdExpiresAt"]
    assert document == {
        "code": booking["code"],
        "state": "HOLD",
        "holdExpiresAt": booking["holdExpiresAt"],
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_code_is_read_as_people_type_it(shop: Shop):
    code = (await shop.held())["code"]
    typed = f" {code[:4].lower()}-{code[4:8]} {code[8:]}".replace("0", "o").replace("1", "l")

    answer = await (await shop.open_guest()).get(f"/api/bookings/{typed}/status")

    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "code", ["ZZZZZZZZZZZZZ", "hold", "x", "%27%20OR%201=1--", "%F0%9F%8E%AB", "a" * 300, "..%2f..%2f"]
)
@pytest.mark.parametrize("suffix", ["", "/status"])
async def test_unknown_code_is_not_found(shop: Shop, code, suffix):
    guest = await shop.open_guest(code="ZZZZZZZZZZZZZ")

    assert (await guest.get(f"/api/bookings/{code}{suffix}")).status_code == 404


async def test_status_costs_two_statements(shop: Shop, count_page_queries):
    code = (await shop.held())["code"]
    with count_page_queries() as statements:
        await shop.guest.get(f"/api/bookings/{code}/status")

    assert len(statements) == 2


async def test_booking_costs_a_fixed_number_of_statements(shop: Shop, count_page_queries):
    booking = await shop.held()
    await shop.choose(booking, shop.bank)
    with count_page_queries() as statements:
        await shop.guest.get(f"/api/bookings/{booking['code']}")

    assert len(statements) == 6


async def test_cancel_gives_the_place_back(shop: Shop):
    booking = await shop.held()

    answer = await shop.guest.post(f"/api/bookings/{booking['id']}/cancel")

    order = await shop.order(booking)
    assert answer.status_code == 200
    assert answer.json() == {
        "id": booking["id"],
        "code": booking["code"],
        "state": "CANCELLED",
        "holdExpiresAt": booking["holdExpiresAt"],
        "serverTime": isoformat(order.state_changed_at),
    }
    assert await shop.execute("SELECT held, used FROM capacity_pools") == [(0, 0)]


async def test_cancel_twice_is_refused_the_second_time(shop: Shop):
    booking = await shop.held()
    await shop.guest.post(f"/api/bookings/{booking['id']}/cancel")
    before = await shop.facts()

    answer = await shop.guest.post(f"/api/bookings/{booking['id']}/cancel")

    assert problem(answer) == (409, "orders.wrong_state")
    assert await shop.facts() == before


async def test_cancel_with_the_same_key_gets_the_same_bytes(shop: Shop):
    booking, headers = await shop.held(), {"idempotency-key": new_key()}
    first = await shop.guest.post(f"/api/bookings/{booking['id']}/cancel", headers=headers)
    before = await shop.facts()

    again = await shop.guest.post(f"/api/bookings/{booking['id']}/cancel", headers=headers)

    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert await shop.facts() == before


async def test_key_of_one_booking_is_not_good_for_another(shop: Shop):
    first, second, headers = await shop.held(), await shop.held(), {"idempotency-key": new_key()}
    await shop.guest.post(f"/api/bookings/{first['id']}/cancel", headers=headers)
    before = await shop.facts()

    answer = await shop.guest.post(f"/api/bookings/{second['id']}/cancel", headers=headers)

    assert problem(answer) == (422, "idempotency.key_reused")
    assert await shop.facts() == before


async def test_guest_cannot_cancel_what_is_being_reviewed(shop: Shop):
    order = await shop.make.order(shop.event, state=OrderState.REVIEW)
    guest = await shop.open_guest(code=order.code)
    before = await shop.facts()

    answer = await guest.post(f"/api/bookings/{order.id}/cancel")

    assert problem(answer) == (409, "orders.wrong_state")
    assert answer.json()["state"] == "REVIEW"
    assert await shop.facts() == before


@dataclass(frozen=True)
class Attempt:
    """One way to act on a booking by its id."""

    name: str

    async def by(self, client, shop: Shop, booking) -> object:
        if self.name == "select-method":
            return await shop.choose(booking, shop.bank, client)
        if self.name == "proof":
            return await shop.prove(booking, PROOF, client=client)
        return await client.post(f"/api/bookings/{booking['id']}/cancel")


ATTEMPTS = [Attempt("select-method"), Attempt("proof"), Attempt("cancel")]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
async def test_id_alone_is_no_authority(shop: Shop, attempt):
    booking = await shop.held()
    before = await shop.facts()

    answer = await attempt.by(await shop.open_guest(), shop, booking)

    assert problem(answer) == (401, "auth.required")
    assert await shop.facts() == before


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
async def test_code_of_another_booking_opens_nothing(shop: Shop, attempt):
    booking, other = await shop.held(), await shop.held(await shop.open_guest())
    before = await shop.facts()

    answer = await attempt.by(await shop.open_guest(code=other["code"]), shop, booking)

    assert problem(answer) == (404, "orders.not_found")
    assert await shop.facts() == before


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
async def test_code_in_the_header_is_authority(shop: Shop, attempt):
    booking = await shop.held()

    answer = await attempt.by(await shop.open_guest(code=booking["code"].lower()), shop, booking)

    assert answer.status_code == 200


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
@pytest.mark.parametrize("role", MerchantRole)
async def test_staff_do_nothing_in_a_buyers_place(shop: Shop, attempt, role: MerchantRole):
    booking, other = await shop.held(), await shop.held(await shop.open_guest())
    session = await shop.make.session_of(await shop.make.user(shop.merchant, role))
    before = await shop.facts()

    for code in (None, other["code"]):
        staff = await shop.open_guest(code=code)
        staff.cookies.update(session)
        answer = await attempt.by(staff, shop, booking)
        assert problem(answer) == (404, "orders.not_found")

    assert await shop.facts() == before


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
async def test_unknown_id_is_not_found(shop: Shop, attempt):
    await shop.held()

    answer = await attempt.by(shop.guest, shop, {"id": uuid4()})

    assert problem(answer) == (404, "orders.not_found")


async def test_guest_cannot_read_anothers_booking_by_its_id_or_with_their_own_code(shop: Shop):
    booking = await shop.held()
    other = await shop.open_guest(code=(await shop.held(await shop.open_guest()))["code"])

    answer = await other.get(f"/api/bookings/{booking['id']}")

    assert problem(answer)[0] == 404


async def test_staff_of_one_merchant_may_be_the_guest_of_another(shop: Shop):
    client = await shop.open_guest()
    person = await shop.make.user(await shop.make.merchant(), MerchantRole.ORGANIZER)
    client.cookies.update(await shop.make.session_of(person))

    booking = await shop.held(client)

    assert (await client.get(f"/api/bookings/{booking['code']}")).status_code == 200
    assert (await shop.choose(booking, shop.bank, client)).status_code == 200
    assert (await shop.prove(booking, PROOF, client=client)).json()["state"] == "REVIEW"


async def test_administrator_reads_every_booking(shop: Shop):
    booking = await shop.held()
    admin = await shop.open_guest()
    admin.cookies.update(await shop.make.session_of(await shop.make.user(platform_role=PlatformRole.ADMIN)))

    assert (await admin.get(f"/api/bookings/{booking['code']}/status")).json()["state"] == "HOLD"
