"""`GET /api/items`, `/api/items/{id}` and `/api/capacity/{eventId}`."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from pesan.catalog.states import EventStatus
from pesan.kit.pagination import encode_cursor
from pesan.kit.times import isoformat
from pesan.orders.states import OrderState
from tests.storefront.shop import Shop, problem

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)


async def titles(shop: Shop, **query) -> list[str]:
    answer = await shop.guest.get("/api/items", params=query)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def test_list_answers_with_what_cards_show(shop: Shop):
    answer = (await shop.guest.get("/api/items")).json()

    event = shop.event
    assert answer == {
        "items": [
            {
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
                "available": 10,
                "capacityLeft": 10,
                "tags": [],
                "url": f"/x/{event.slug}-{event.short_id}",
                "merchant": {
                    "slug": "kopi-senja",
                    "name": "Kopi Senja",
                    "accent": "#7a4a21",
                    "zone": "Asia/Jakarta",
                },
            }
        ],
        "nextCursor": None,
    }


async def test_list_is_paged_by_key_without_gap_or_repetition(shop: Shop):
    for number in range(4):
        await shop.make.event(shop.merchant, title=f"Acara {number}", starts_at=SOON)  # all at the same time
    seen, cursor = [], None
    while True:
        page = (
            await shop.guest.get("/api/items", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [item["title"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break

    assert len(seen) == 5
    assert sorted(seen[:4]) == ["Acara 0", "Acara 1", "Acara 2", "Acara 3"]
    assert seen[4] == "Malam Keroncong Kota Tua"


async def test_list_of_three_costs_what_a_list_of_one_costs(shop: Shop, count_page_queries):
    with count_page_queries() as one:
        assert len(await titles(shop)) == 1
    for _ in range(2):
        await shop.make.event()
    with count_page_queries() as three:
        assert len(await titles(shop)) == 3

    assert (len(one), len(three)) == (2, 2)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "kopi"}, ["Kelas Kopi"]),
        ({"q": "KELAS k"}, ["Kelas Kopi"]),
        ({"q": "bandung"}, ["Kelas Kopi"]),
        ({"q": "100%"}, ["Diskon 100%"]),
        ({"q": "%"}, ["Diskon 100%"]),
        ({"q": "_"}, []),
        ({"q": "' OR 1=1 --"}, []),
        ({"city": "bandung"}, ["Kelas Kopi"]),
        ({"city": "Medan"}, []),
        ({"merchant": "TEATER"}, ["Diskon 100%"]),
        ({"maxPrice": 50_000}, ["Diskon 100%"]),
        ({"maxPrice": 0}, []),
        ({"from": isoformat(SOON + timedelta(hours=1))}, ["Diskon 100%"]),
        ({"to": isoformat(SOON + timedelta(hours=1))}, ["Kelas Kopi"]),
        ({"available": True}, ["Kelas Kopi"]),
        ({"q": "kelas", "city": "Bandung", "merchant": "teater"}, []),
        ({}, ["Kelas Kopi", "Diskon 100%"]),
    ],
)
async def test_list_is_narrowed(shop: Shop, owner, query, found):
    theatre = await shop.make.merchant(name="Ruang Rakyat", slug="teater")
    workshop = await shop.make.merchant(name="Sanggar", slug="sanggar")
    await owner("UPDATE events SET status = 'draft'")
    await shop.make.event(workshop, title="Kelas Kopi", city="Bandung", starts_at=SOON)
    full = await shop.make.event(
        theatre,
        title="Diskon 100%",
        price_amount=50_000,
        city="Solo",
        capacity=1,
        starts_at=SOON + timedelta(days=1),
    )
    await shop.make.order(full, state=OrderState.REVIEW)

    assert await titles(shop, **query) == found


async def test_list_leaves_out_drafts_and_what_is_over(shop: Shop):
    past = {"starts_at": SOON - timedelta(days=20), "ends_at": SOON - timedelta(days=19)}
    await shop.make.event(title="Draf", status=EventStatus.DRAFT)
    await shop.make.event(title="Sudah lewat", **past)
    await shop.make.event(title="Ditutup", status=EventStatus.CLOSED, starts_at=SOON)

    assert await titles(shop) == ["Ditutup", "Malam Keroncong Kota Tua"]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        "é",
        "e30",
        encode_cursor("a", "b"),
        encode_cursor("2026-12-01T12:00:00.000Z"),
        encode_cursor("2026-12-01", "x"),
        encode_cursor("9999-12-31T23:59:59-23:59", str(UUID(int=1)))[:-4] + "!!",
    ],
)
async def test_cursor_that_is_not_ours_is_refused(shop: Shop, cursor):
    answer = await shop.guest.get("/api/items", params={"cursor": cursor})

    assert problem(answer) == (422, "validation")
    assert answer.json()["errors"] == [
        {
            "pointer": "#/cursor",
            "detail": "Kursor ini bukan dari daftar ini. Mulai lagi tanpa kursor.",
            "in": "query",
        }
    ]


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-12-01T00:00:00"]
)
async def test_cursor_of_an_extreme_moment_is_no_server_error(shop: Shop, moment):
    answer = await shop.guest.get("/api/items", params={"cursor": encode_cursor(moment, str(uuid4()))})

    assert answer.status_code in {200, 422}


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
async def test_extreme_moment_is_no_server_error(shop: Shop, name, moment):
    answer = await shop.guest.get("/api/items", params={name: moment})

    assert answer.status_code in {200, 422}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"limit": 0}, "#/limit"),
        ({"limit": 101}, "#/limit"),
        ({"limit": 10**9}, "#/limit"),
        ({"limit": "1" * 5_000}, "#/limit"),
        ({"maxPrice": -1}, "#/maxPrice"),
        ({"maxPrice": 2**63}, "#/maxPrice"),
        ({"maxPrice": "NaN"}, "#/maxPrice"),
        ({"from": "2026-12-01T00:00:00"}, "#/from"),
        ({"to": "besok"}, "#/to"),
        ({"from": "0"}, "#/from"),
        ({"to": "-62135596800"}, "#/to"),
        ({"to": "1e3"}, "#/to"),
        ({"q": "x" * 81}, "#/q"),
        ({"available": "mungkin"}, "#/available"),
    ],
)
async def test_filter_out_of_range_is_refused(shop: Shop, query, pointer):
    answer = await shop.guest.get("/api/items", params=query)

    assert problem(answer) == (422, "validation")
    assert [(error["pointer"], error["in"]) for error in answer.json()["errors"]] == [(pointer, "query")]


async def test_item_answers_in_full(shop: Shop):
    opens, closes = SOON - timedelta(days=30), SOON - timedelta(days=1)
    event = await shop.make.event(
        shop.merchant,
        summary="Belajar menyeduh.",
        description="Bawa cangkir sendiri.",
        address="Jl. Braga 10",
        starts_at=SOON,
        sale_opens_at=opens,
        sale_closes_at=closes,
        hold_minutes=10,
    )

    answer = (await shop.guest.get(f"/api/items/{event.id}")).json()

    now = answer["capacity"].pop("snapshotAt")
    assert datetime.fromisoformat(now) <= datetime.now(UTC) + timedelta(seconds=5)
    assert answer == {
        "id": str(event.id),
        "slug": event.slug,
        "shortId": event.short_id,
        "title": "Malam Keroncong Kota Tua",
        "summary": "Belajar menyeduh.",
        "description": "Bawa cangkir sendiri.",
        "venue": "Taman Fatahillah",
        "address": "Jl. Braga 10",
        "city": "Jakarta",
        "startsAt": isoformat(SOON),
        "endsAt": isoformat(SOON + timedelta(hours=3)),
        "zone": "Asia/Jakarta",
        "saleOpensAt": isoformat(opens),
        "saleClosesAt": isoformat(closes),
        "holdMinutes": 10,
        "needsGuardian": False,
        "price": 150_000,
        "currency": "IDR",
        "status": "open",
        "available": 10,
        "capacityLeft": 10,
        "tags": [],
        "url": f"/x/{event.slug}-{event.short_id}",
        "merchant": {"slug": "kopi-senja", "name": "Kopi Senja", "accent": "#7a4a21", "zone": "Asia/Jakarta"},
        "capacity": {
            "capacity": 10,
            "capacityUsed": 0,
            "capacityLeft": 10,
            "holdActive": 0,
            "holdPoolLeft": 10,
            "available": 10,
        },
    }


async def test_capacity_counts_as_the_documents_define_it(shop: Shop, expire):
    event = await shop.make.event(shop.merchant, capacity=20, hold_ratio=Decimal("0.3"))
    for state in (OrderState.HOLD, OrderState.REVIEW, OrderState.PAID, OrderState.REJECTED):
        await shop.make.order(event, state=state)
    over = await shop.make.order(event)
    await expire({"id": over.id})

    answer = (await shop.guest.get(f"/api/capacity/{event.id}")).json()

    assert answer.pop("snapshotAt") <= isoformat(datetime.now(UTC) + timedelta(seconds=5))
    assert answer == {
        "capacity": 20,
        "capacityUsed": 2,
        "capacityLeft": 18,
        "holdActive": 1,
        "holdPoolLeft": 5,
        "available": 5,
    }


@pytest.mark.parametrize(
    ("status", "taken", "shown"),
    [
        (EventStatus.OPEN, 0, "open"),
        (EventStatus.OPEN, 1, "sold_out"),
        (EventStatus.CLOSED, 0, "closed"),
        (EventStatus.CANCELLED, 0, "cancelled"),
    ],
)
async def test_item_says_what_a_buyer_can_do(shop: Shop, owner, status, taken, shown):
    event = await shop.make.event(shop.merchant, capacity=1)
    for _ in range(taken):
        await shop.make.order(event, state=OrderState.REVIEW)
    await owner("UPDATE events SET status = %s WHERE id = %s", status.value, event.id)

    answer = (await shop.guest.get(f"/api/items/{event.id}")).json()

    assert answer["status"] == shown


@pytest.mark.parametrize("path", ["/api/items/{}", "/api/capacity/{}"])
async def test_draft_and_unknown_events_are_not_found(shop: Shop, path):
    draft = await shop.make.event(status=EventStatus.DRAFT)

    answers = [await shop.guest.get(path.format(event_id)) for event_id in (draft.id, uuid4(), "x", "1e9")]

    assert [problem(answer)[0] for answer in answers] == [404] * 4
    assert [problem(answer)[1] for answer in answers[:2]] == ["catalog.event_not_found"] * 2


@pytest.mark.parametrize("path", ["/api/items/{}", "/api/capacity/{}"])
async def test_one_event_costs_two_statements(shop: Shop, count_page_queries, path):
    with count_page_queries() as statements:
        await shop.guest.get(path.format(shop.event.id))

    assert len(statements) == 2
