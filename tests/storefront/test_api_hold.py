"""`POST /api/bookings/hold`: the answer, the refusals, the cookie, and what a repeated request gets."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pesan.catalog.states import EventStatus
from pesan.checkout.schemas import HoldAnswer, StateAnswer
from pesan.kit.times import isoformat
from tests.storefront.shop import Shop, new_key, problem


async def test_hold_answers_with_what_the_buyer_needs_next(shop: Shop):
    answer = await shop.hold(wa="0812-3456-7890", email="Siti@Contoh.ID", notes="Dekat panggung")

    order = await shop.order(answer.json())
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "id": str(order.id),
        "code": order.code,
        "state": "HOLD",
        "holdExpiresAt": isoformat(order.hold_expires_at),
        "serverTime": isoformat(order.placed_at),
        "amount": 150_000,
        "currency": "IDR",
        "statusUrl": f"http://127.0.0.1/b/{order.code}",
    }
    assert order.hold_expires_at - order.placed_at == timedelta(minutes=15)
    assert (order.buyer_name, order.wa, order.email, order.notes, order.locale) == (
        "Siti Nurhaliza",
        "+6281234567890",
        "siti@contoh.id",
        "Dekat panggung",
        "id",
    )


async def test_answers_fit_their_schemas(shop: Shop):
    held = await shop.guest.post(
        "/api/bookings/hold", json={"eventId": str(shop.event.id), "name": "Siti Aminah"}
    )
    cancelled = await shop.guest.post(f"/api/bookings/{held.json()['id']}/cancel")

    for answer, schema in ((held, HoldAnswer), (cancelled, StateAnswer)):
        assert schema.model_validate(answer.json()).model_dump_json(by_alias=True) == answer.text


async def test_hold_says_who_may_keep_the_answer_and_what_time_it_is(shop: Shop):
    headers = (await shop.hold()).headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert abs(datetime.fromisoformat(headers["x-server-time"]) - datetime.now(UTC)) < timedelta(seconds=5)


async def test_hold_sets_the_cookie_that_opens_the_booking(shop: Shop):
    answer = await shop.hold()

    code = answer.json()["code"]
    cookie = answer.headers["set-cookie"]
    assert cookie == f"pesan_codes={code}; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax"
    assert (await shop.choose(answer.json(), shop.bank)).status_code == 200


async def test_second_hold_keeps_the_first_ones_code(shop: Shop):
    first = await shop.held()
    second = await shop.held()

    assert shop.guest.cookies["pesan_codes"] == f"{second['code']}.{first['code']}"


async def test_hold_keeps_the_language_that_it_was_asked_in(shop: Shop):
    booking = await shop.held(await shop.open_guest(locale="en-GB,en;q=0.9"))

    assert (await shop.order(booking)).locale == "en"


async def test_hold_of_a_free_event_is_paid_at_once(shop: Shop):
    event = await shop.make.event(shop.merchant, price_amount=0)

    answer = await shop.held(event=event)

    assert (answer["state"], answer["amount"]) == ("PAID", 0)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": "Al"}, "#/name"),
        ({"name": "S1ti"}, "#/name"),
        ({"name": "<b>Siti</b>"}, "#/name"),
        ({"name": None}, "#/name"),
        ({"name": 42}, "#/name"),
        ({"name": "x" * 101}, "#/name"),
        ({"qty": 0}, "#/qty"),
        ({"qty": -1}, "#/qty"),
        ({"qty": 2}, "#/qty"),
        ({"qty": 2**63}, "#/qty"),
        ({"qty": 1e308}, "#/qty"),
        ({"qty": 1.5}, "#/qty"),
        ({"qty": "1"}, "#/qty"),
        ({"qty": True}, "#/qty"),
        ({"qty": [1]}, "#/qty"),
        ({"wa": "12"}, "#/wa"),
        ({"wa": "0812-ABCD-7890"}, "#/wa"),
        ({"email": "siti@"}, "#/email"),
        ({"email": "siti@contoh.id\r\nBcc: x@y.id"}, "#/email"),
        ({"notes": "x" * 121}, "#/notes"),
        ({"notes": "a\u0007b"}, "#/notes"),
        ({"eventId": "1 OR 1=1"}, "#/eventId"),
        ({"eventId": None}, "#/eventId"),
        ({"price": 1}, "#/price"),
        ({"amount": 1}, "#/amount"),
        ({"state": "PAID"}, "#/state"),
        ({"merchantId": "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f"}, "#/merchantId"),
        ({"paid_at": "2026-11-21T00:00:00Z"}, "#/paid_at"),
    ],
)
async def test_hold_with_a_broken_or_tampered_field_changes_nothing(shop: Shop, fields, pointer):
    before = await shop.facts()

    answer = await shop.hold(**fields)

    assert problem(answer) == (422, "validation")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert await shop.facts() == before


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b'{"qty": NaN}', (400, "http.bad_request")),
        (b'{"qty": Infinity}', (400, "http.bad_request")),
        (b'{"qty": ' + b"1" * 5_000 + b"}", (400, "http.bad_request")),
        (b'{"qty": 1', (400, "http.bad_request")),
        (b"", (400, "http.bad_request")),
        (b"[]", (422, "validation")),
        (b"[" * 100_000, (400, "http.bad_request")),
        (b'{"name": "\\ud800"}', (400, "http.bad_request")),
        (b'{"name": "Siti\\u0000"}', (422, "http.unusable_text")),
        (b'{"name": "' + b"x" * 300_000 + b'"}', (413, "http.body_too_large")),
    ],
)
async def test_hold_with_an_unreadable_body_changes_nothing(shop: Shop, body, refusal):
    before = await shop.facts()

    answer = await shop.guest.post(
        "/api/bookings/hold", content=body, headers={"content-type": "application/json"}
    )

    assert problem(answer) == refusal
    assert await shop.facts() == before


async def test_hold_that_is_not_json_is_refused(shop: Shop):
    answer = await shop.guest.post(
        "/api/bookings/hold", content=b"{}", headers={"content-type": "text/plain"}
    )

    assert problem(answer) == (415, "http.unsupported_media_type")


async def test_hold_from_another_site_is_refused(shop: Shop):
    before = await shop.facts()
    shop.guest.headers["origin"] = "https://jahat.example"

    assert problem(await shop.hold()) == (403, "http.cross_site")
    assert await shop.facts() == before


async def test_hold_of_an_unknown_event_is_not_found(shop: Shop):
    before = await shop.facts()

    answer = await shop.hold(eventId="01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f")

    assert problem(answer) == (404, "catalog.event_not_found")
    assert await shop.facts() == before


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": EventStatus.CLOSED}, "closed"),
        ({"status": EventStatus.CANCELLED}, "cancelled"),
        ({"status": EventStatus.DRAFT}, "closed"),
        ({"sale_opens_at": datetime.now(UTC) + timedelta(days=1)}, "not_yet"),
        ({"sale_closes_at": datetime.now(UTC) - timedelta(minutes=1)}, "sale_over"),
        (
            {
                "starts_at": datetime.now(UTC) - timedelta(days=2),
                "ends_at": datetime.now(UTC) - timedelta(days=1),
            },
            "ended",
        ),
    ],
)
async def test_hold_of_an_event_that_is_not_on_sale_says_why(shop: Shop, changes, reason):
    event = await shop.make.event(shop.merchant, **changes)
    before = await shop.facts()

    answer = await shop.hold(event=event)

    assert problem(answer) == (409, "sale.closed")
    assert answer.json()["reason"] == reason
    assert await shop.facts() == before


@pytest.mark.parametrize(
    ("locale", "detail"), [("id", "Tempat sudah habis."), ("en", "All places are taken.")]
)
async def test_hold_of_a_full_event_is_sold_out_in_the_readers_language(shop: Shop, locale, detail):
    from pesan.orders.states import OrderState

    event = await shop.make.event(shop.merchant, capacity=1)
    await shop.make.order(event, state=OrderState.REVIEW)

    answer = await shop.hold(await shop.open_guest(locale=locale), event=event)

    assert problem(answer) == (409, "capacity.sold_out")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": detail,
        "code": "capacity.sold_out",
        "request_id": answer.headers["x-request-id"],
    }


async def test_hold_beyond_the_holds_share_says_when_the_next_one_ends(shop: Shop):
    event = await shop.make.event(shop.merchant, capacity=10, hold_ratio=Decimal("0.1"))
    first = await shop.held(event=event)
    before = await shop.facts()

    answer = await shop.hold(event=event)

    assert problem(answer) == (409, "capacity.hold_pool_full")
    assert answer.json()["nextHoldEndsAt"] == first["holdExpiresAt"]
    assert 0 < int(answer.headers["retry-after"]) <= 15 * 60 + 1
    assert await shop.facts() == before


async def test_hold_beyond_the_contacts_limit_is_refused(shop: Shop):
    event = await shop.make.event(shop.merchant, max_holds_per_contact=1)
    await shop.held(event=event, wa="0812-3456-7890")
    before = await shop.facts()

    answer = await shop.hold(event=event, wa="+62 812 3456 7890")

    assert problem(answer) == (429, "orders.too_many_holds")
    assert await shop.facts() == before


async def test_same_key_gets_the_same_bytes_and_the_cookie_again(shop: Shop):
    key = new_key()
    first = await shop.hold(key=key)
    before = await shop.facts()

    again = await shop.hold(await shop.open_guest(), key=key)

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == "application/json"
    assert again.headers["set-cookie"].startswith(f"pesan_codes={first.json()['code']};")
    assert "idempotency-replayed" not in first.headers
    assert await shop.facts() == before


async def test_same_key_sent_many_times_at_once_makes_one_hold(shop: Shop):
    key = new_key()
    clients = [await shop.open_guest() for _ in range(8)]

    answers = await asyncio.gather(*(shop.hold(client, key=key) for client in clients))

    assert {answer.content for answer in answers if answer.status_code == 201} == {answers[0].content}
    assert {answer.status_code for answer in answers} == {201}
    assert (await shop.execute("SELECT count(*) FROM orders")) == [(1,)]


async def test_same_key_with_another_body_is_refused(shop: Shop):
    key = new_key()
    await shop.hold(key=key)
    before = await shop.facts()

    answer = await shop.hold(key=key, name="Budi Santoso")

    assert problem(answer) == (422, "idempotency.key_reused")
    assert await shop.facts() == before


async def test_same_key_and_body_in_another_order_of_members_is_the_same_request(shop: Shop):
    key = new_key()
    wish = {"eventId": str(shop.event.id), "name": "Siti Nurhaliza"}

    answers = [
        await shop.guest.post("/api/bookings/hold", json=body, headers={"idempotency-key": key})
        for body in (wish, dict(reversed(wish.items())))
    ]

    assert answers[0].content == answers[1].content


async def test_key_in_flight_elsewhere_is_a_conflict(shop: Shop):
    from pesan.idempotency.keys import canonical_json, fingerprint_of
    from pesan.idempotency.service import Wanted, lock_and_find

    key, body = new_key(), f'{{"eventId":"{shop.event.id}","name":"Siti Nurhaliza"}}'.encode()
    wanted = Wanted("open", key, fingerprint_of("POST", "/api/bookings/hold", canonical_json(body)))
    async with shop.database.sale() as session:
        await lock_and_find(session, [wanted])
        answer = await shop.guest.post(
            "/api/bookings/hold",
            content=body,
            headers={"idempotency-key": key, "content-type": "application/json"},
        )

    assert problem(answer) == (409, "idempotency.in_flight")
    assert answer.headers["retry-after"] == "1"
    assert (await shop.execute("SELECT count(*) FROM orders")) == [(0,)]


async def test_key_survives_a_refusal(shop: Shop):
    """A refused hold leaves the key free: the same request succeeds once there is room."""
    event = await shop.make.event(shop.merchant, capacity=1)
    other = await shop.held(event=event)
    key = new_key()
    refused = await shop.hold(event=event, key=key)
    await shop.guest.post(f"/api/bookings/{other['id']}/cancel")

    granted = await shop.hold(event=event, key=key)

    assert (refused.status_code, granted.status_code) == (409, 201)


async def test_key_survives_a_validation_error(shop: Shop):
    key = new_key()
    broken = await shop.hold(key=key, name="Al")

    assert (broken.status_code, (await shop.hold(key=key)).status_code) == (422, 201)


@pytest.mark.parametrize("key", ["1", "a" * 300, "kunci saya", "é"])
async def test_anonymous_key_that_is_no_uuid_is_refused(shop: Shop, key):
    before = await shop.facts()

    answer = await shop.guest.post(
        "/api/bookings/hold", json={}, headers={"idempotency-key": key.encode("latin-1")}
    )

    assert answer.status_code in {400, 422}
    assert await shop.facts() == before


async def test_keys_of_two_guests_are_their_own(shop: Shop):
    first, second = await shop.open_guest(), await shop.open_guest()
    first.cookies.set("pesan_guest", "a" * 32)
    second.cookies.set("pesan_guest", "b" * 32)

    codes = [(await shop.held(client, key="pesan-satu"))["code"] for client in (first, second)]

    assert len(set(codes)) == 2


async def test_key_survives_a_restart(shop: Shop, settings, database_url):
    import httpx

    from pesan.app.instance import Instance
    from pesan.app.web import create_app
    from pesan.app.wiring import build_registry

    key = new_key()
    first = await shop.hold(key=key)
    app = create_app(build_registry(Instance(settings, database_url, None), "web"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client,
    ):
        again = await shop.hold(client, key=key)

    assert again.content == first.content


async def test_hold_costs_a_fixed_number_of_statements(shop: Shop, count_page_queries):
    await shop.hold()
    with count_page_queries() as one:
        await shop.hold()
    with count_page_queries() as three:
        await asyncio.gather(*(shop.hold() for _ in range(3)))

    assert len([statement for statement in one if "set_config" in statement]) == 1
    assert len(three) <= 2 * len(one)
    assert len(one) <= 14


async def test_waves_of_holds_share_transactions(shop: Shop, count_page_queries):
    """Whoever comes back at once after an answer joins the others, and does not queue for the row alone."""
    event = await shop.make.event(shop.merchant, capacity=1_000)

    async def buyer() -> None:
        for _ in range(4):
            await shop.held(event=event)

    with count_page_queries() as statements:
        await asyncio.gather(*(buyer() for _ in range(20)))

    transactions = len([statement for statement in statements if "set_config" in statement])
    assert transactions <= 12


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        (
            "id",
            {
                "#/name": "Tulis sedikitnya 3 huruf: huruf, spasi, titik, petik atau tanda hubung.",
                "#/wa": "Nomor ini belum lengkap. Contoh: +62 812-3456-7890.",
                "#/email": "Alamat ini belum lengkap. Contoh: nama@contoh.id.",
                "#/notes": "Maksimal 120 karakter.",
                "#/qty": "Maksimal 1.",
                "#/price": "Isian ini tidak dikenal.",
            },
        ),
        (
            "en",
            {
                "#/name": "Write at least 3 letters: letters, spaces, dots, apostrophes or hyphens.",
                "#/wa": "This number is not complete. Example: +62 812-3456-7890.",
                "#/email": "This address is not complete. Example: name@example.com.",
                "#/notes": "At most 120 characters.",
                "#/qty": "At most 1.",
                "#/price": "This field is not known.",
            },
        ),
    ],
)
async def test_every_field_says_what_to_do_in_the_readers_language(shop: Shop, locale, told):
    client = await shop.open_guest(locale=locale)
    broken = {"name": "S1t1", "wa": "12345", "email": "siti", "notes": "x" * 121, "qty": 2, "price": 1}

    errors = (await shop.hold(client, **broken)).json()["errors"]

    assert {error["pointer"]: error["detail"] for error in errors} == told
