"""What a gate takes along: its event's tickets and nothing else, small, once, and without anybody's contact."""

import gzip
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from pesan.catalog.models import Event
from pesan.db import Database
from pesan.gates.models import GateFeed, TicketStanding
from pesan.orders.moves import LineWish, SeatWish, TypeWish
from pesan.orders.states import OrderState
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from pesan.tickets.models import SigningKey, Ticket
from pesan.tickets.queries import list_tickets
from tests.gates.phones import Entrance, Phone, b64, open_entrance
from tests.gates.vectors import digest_of
from tests.support.factories import SYSTEM, Make
from tests.support.fulfilment import fulfil
from tests.support.postgres import Server

EMAIL, WA = "rahasia@contoh.id", "+6281234567890"
MEGABYTE = 1_000_000
MORE = """
INSERT INTO tickets (id, merchant_id, order_id, order_line_id, event_id, code, number, holder_name, kid, qr_text,
    live_text, token, issued_at, expires_at)
SELECT gen_random_uuid(), merchant_id, order_id, order_line_id, event_id,
    upper(substr(md5(n::text) || md5(n::text), 1, 26)), n + 1, 'Siti Rahmawati ' || n, kid, qr_text, live_text, token,
    issued_at, expires_at
FROM tickets, generate_series(1, 9999) n
"""


async def sell(make: Make, database: Database, event: Event, **wish: Any) -> Ticket:
    order = await make.order(event, state=OrderState.PAID, email=EMAIL, wa=WA, **wish)
    await fulfil(make, database, order)
    async with database.read(SYSTEM) as session:
        return (await list_tickets(session, order.id))[0]


async def admit(database: Database, ticket: Ticket, entrance: Entrance, seq: int) -> None:
    """What a scan leaves behind: where the ticket stands, and the number of the change."""
    of_event = {"merchant_id": ticket.merchant_id, "event_id": ticket.event_id}
    async with database.gate(ticket.event_id) as session:
        standing = {"cycle": 1, "is_inside": True, "seq": seq, "entered_at": func.clock_timestamp()}
        gate_id = entrance.gate.id
        session.add(TicketStanding(ticket_id=ticket.id, entered_gate_id=gate_id, **standing, **of_event))
        await session.merge(GateFeed(seq=seq, **of_event))


@pytest.fixture
async def entrance(make: Make, database: Database) -> Entrance:
    return await open_entrance(make, database, await make.event())


@pytest.fixture
async def phone(client, entrance: Entrance) -> Phone:
    return await entrance.joined(client)


async def test_a_bundle_holds_the_event_and_no_contact(
    phone: Phone, entrance: Entrance, make: Make, database: Database, settings: Settings
):
    offer = await make.ticket_type(entrance.event, is_seated=True)
    (seat,) = await make.seats(offer)
    line = LineWish(1, TypeWish(offer.id, offer.pool_id), (SeatWish(seat.id, seat.pool_id),))
    ticket = await sell(make, database, entrance.event, buyer_name='Siti "Oke" Rahayu', lines=(line,))
    await admit(database, ticket, entrance, 1)

    answer = await phone.get("bundle")

    told = answer.json()
    async with database.read(SYSTEM) as session:
        key = (await session.scalars(select(SigningKey))).one()
    (row,) = told["tickets"]
    assert row[:9] == [
        b64(ticket.id.bytes),
        digest_of(ticket.code),
        'Siti "Oke" Rahayu',
        0,
        "A 1-1",
        0,
        0,
        1,
        1,
    ]
    assert row[9] <= told["snapshot_at_s"]
    assert told["types"] == [{"id": str(offer.id), "name": offer.name, "colour": offer.colour}]
    assert told["keys"] == [
        {"kid": key.kid, "qr_kid": key.qr_kid.hex(), "x": b64(key.verifying_key), "retired_at_s": None}
    ]
    assert (told["seq"], told["is_online_only"]) == (1, False)
    assert told["slices"]["seconds"] == settings.ticket_slice_seconds
    assert told["event"]["id"] == str(entrance.event.id)
    # Whoever has it may open the ticket's page.
    assert ticket.code not in answer.text
    assert EMAIL not in answer.text
    assert WA not in answer.text


async def test_a_bundle_that_did_not_change_is_not_sent_again(
    phone: Phone, entrance: Entrance, make: Make, database: Database
):
    first = await phone.get("bundle")
    again = await phone.get("bundle", **{"if-none-match": first.headers["etag"]})
    ticket = await sell(make, database, entrance.event)
    sold = await phone.get("bundle", **{"if-none-match": first.headers["etag"]})
    await admit(database, ticket, entrance, 1)
    scanned = await phone.get("bundle", **{"if-none-match": sold.headers["etag"]})

    answers = (first, again, sold, scanned)
    assert [answer.status_code for answer in answers] == [200, 304, 200, 200]
    assert (again.content, again.headers["etag"]) == (b"", first.headers["etag"])
    assert len({answer.headers["etag"] for answer in answers}) == 3
    assert sold.json()["roster_version"] == scanned.json()["roster_version"] != first.json()["roster_version"]


async def test_ten_thousand_tickets_fit_in_a_megabyte(
    phone: Phone, entrance: Entrance, make: Make, database: Database, postgres: Server, database_url
):
    await sell(make, database, entrance.event)
    with postgres.connect(database_url.database) as owner:
        owner.execute(MORE.encode())

    answer = await phone.get("bundle", **{"accept-encoding": "gzip"})
    packed = len(gzip.compress(answer.content))
    plain = await phone.get("bundle", **{"accept-encoding": "identity"})

    assert len(answer.json()["tickets"]) == 10_000
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed < len(plain.content) <= MEGABYTE
    assert answer.json()["tickets"] == json.loads(plain.content)["tickets"]


async def test_a_device_sees_no_other_event(
    client, phone: Phone, entrance: Entrance, make: Make, database: Database
):
    """Neither of the same merchant nor of another one, and both are there to be seen."""
    async with database.read(SYSTEM) as session:
        own = await session.get_one(Merchant, entrance.event.merchant_id)
    events = [await make.event(own), await make.event()]
    others = [await open_entrance(make, database, event) for event in events]
    phones = [phone, *[await other.joined(client) for other in others]]
    for entry in (entrance, *others):
        await admit(database, await sell(make, database, entry.event, buyer_name="Budi Santoso"), entry, 1)

    seen = [
        (
            {row[0] for row in (await each.get("bundle")).json()["tickets"]},
            {row["ticket_id"] for row in (await each.get("changes")).json()["changes"]},
            {row["id"] for row in (await each.get("tickets?q=budi")).json()["tickets"]},
        )
        for each in phones
    ]

    assert all(len(part) == 1 for parts in seen for part in parts)
    assert [len(set.union(*(parts[which] for parts in seen))) for which in range(3)] == [3, 3, 3]


async def test_tickets_are_found_by_name_and_by_the_end_of_a_code(
    phone: Phone, entrance: Entrance, make: Make, database: Database
):
    ticket = await sell(make, database, entrance.event, buyer_name="Siti Rahayu")
    await sell(make, database, entrance.event, buyer_name="Budi Santoso")

    async def found(words: str) -> list[tuple[str, str]]:
        answer = await phone.get(f"tickets?q={words}")
        return [(row["holder_name"], row["code"]) for row in answer.json()["tickets"]]

    siti = ("Siti Rahayu", ticket.code[-4:])
    assert await found("raHAY") == [siti]
    assert await found(ticket.code[-4:].lower()) == [siti]
    assert await found(ticket.code[:4]) == await found(ticket.code[:8]) == []
    assert await found("%25%25") == []
    assert (await phone.get("tickets?q=s")).status_code == 422


async def test_changes_come_in_order_and_in_parts(
    phone: Phone, entrance: Entrance, make: Make, database: Database
):
    tickets = [await sell(make, database, entrance.event) for _ in range(3)]
    for seq, ticket in enumerate(tickets, 1):
        await admit(database, ticket, entrance, seq)

    told = (await phone.get("changes?after=1")).json()
    nothing = (await phone.beat(after=3)).json()

    assert [(row["ticket_id"], row["seq"]) for row in told["changes"]] == [
        (str(ticket.id), seq) for seq, ticket in enumerate(tickets[1:], 2)
    ]
    assert (told["seq"], told["is_more"], told["changes"][0]["gate"]) == (3, False, "Pintu Utara")
    assert (nothing["seq"], nothing["changes"]) == (3, [])
