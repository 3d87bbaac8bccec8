"""What a gate takes along: its event's tickets and nothing else, small, once, and without anybody's contact."""

import asyncio
import gzip
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from pesan.catalog.models import Event
from pesan.db import Database
from pesan.gates.bundles import MAX_BEHIND, Bundles
from pesan.gates.models import GateFeed, TicketStanding
from pesan.gates.roster import read_ring, read_roster
from pesan.orders.moves import LineWish, SeatWish, TypeWish
from pesan.orders.states import OrderState
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from pesan.tickets.models import SigningKey, Ticket
from pesan.tickets.queries import list_tickets
from tests.gates.conftest import AsOwner
from tests.gates.phones import Entrance, Phone, b64, open_entrance
from tests.gates.vectors import digest_of
from tests.support.factories import SYSTEM, Make
from tests.support.fulfilment import fulfil
from tests.support.postgres import Server
from tests.support.queries import CountQueries

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
    assert told["seq"] == 1
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
    assert [answer.status_code for answer in answers] == [200, 304, 200, 304]
    assert (again.content, again.headers["etag"]) == (b"", first.headers["etag"])
    # Who came in is for the changes to tell.
    assert scanned.headers["etag"] == sold.headers["etag"] != first.headers["etag"]
    assert sold.json()["roster_version"] != first.json()["roster_version"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param("state = 'void', voided_at = now()", {6: 1}, id="void"),
        pytest.param("holder_name = 'Budi'", {2: "Budi"}, id="a corrected name"),
        pytest.param("epoch = epoch + 1", {5: 1}, id="signed anew"),
        pytest.param(
            "code = repeat('Z', 26), epoch = 1, holder_name = 'Budi'",
            {1: digest_of("Z" * 26), 2: "Budi", 5: 1},
            id="handed on",
        ),
        pytest.param("state = 'used', used_at = now()", None, id="who came in is none"),
    ],
)
async def test_what_changes_of_a_ticket_is_in_the_next_bundle_at_once(
    phone: Phone,
    entrance: Entrance,
    make: Make,
    database: Database,
    as_owner: AsOwner,
    change: str,
    told: dict[int, Any] | None,
):
    await sell(make, database, entrance.event, buyer_name="Siti Rahayu")
    before = await phone.get("bundle")

    await as_owner(f"UPDATE tickets SET {change}")
    after = await phone.get("bundle", **{"if-none-match": before.headers["etag"]})

    if told is None:
        assert (after.status_code, after.content) == (304, b"")
        return
    (old,), (new,) = before.json()["tickets"], after.json()["tickets"]
    assert {place: value for place, value in enumerate(new) if value != old[place]} == told
    assert after.json()["roster_version"] != before.json()["roster_version"]


async def test_names_that_change_places_are_another_roster(
    phone: Phone, entrance: Entrance, make: Make, database: Database, as_owner: AsOwner
):
    for name in ("Siti", "Budi", "Andi", "Dewi"):
        await sell(make, database, entrance.event, buyer_name=name)
    tags = [(await phone.get("bundle")).headers["etag"]]

    for one, other in (("Siti", "Budi"), ("Andi", "Dewi"), ("Siti", "Andi")):
        swapped = f"CASE holder_name WHEN '{one}' THEN '{other}' ELSE '{one}' END"
        await as_owner(
            f"UPDATE tickets SET holder_name = {swapped} WHERE holder_name IN ('{one}', '{other}')"
        )
        tags.append((await phone.get("bundle")).headers["etag"])

    assert len(set(tags)) == 4


async def test_twenty_phones_that_ask_at_once_cost_one_packing(
    client, entrance: Entrance, make: Make, database: Database, count_page_queries: CountQueries
):
    """Each asks once which state the tickets are in, and one reads them."""
    await sell(make, database, entrance.event)
    phones = [await entrance.joined(client) for _ in range(20)]

    with count_page_queries() as statements:
        answers = await asyncio.gather(*(each.get("bundle") for each in phones))

    about = [statement for statement in statements if "FROM tickets" in statement]
    assert len([statement for statement in about if "string_agg" in statement]) == 1
    assert len(about) == 20 + 1
    assert {len(answer.json()["tickets"]) for answer in answers} == {1}


async def test_a_bundle_and_the_changes_since_say_who_came_in(
    phone: Phone, entrance: Entrance, make: Make, database: Database, as_owner: AsOwner
):
    """Packed before somebody came in, and packed anew only once there would be too much to tell."""
    ticket = await sell(make, database, entrance.event)
    await phone.get("bundle")
    await admit(database, ticket, entrance, 1)

    kept = (await phone.get("bundle")).json()
    changes = (await phone.get(f"changes?after={kept['seq']}")).json()["changes"]
    await as_owner(f"UPDATE gate_feeds SET seq = {MAX_BEHIND + 1}")
    fresh = (await phone.get("bundle")).json()

    assert (kept["seq"], kept["tickets"][0][7:9]) == (0, [0, 0])
    assert [(each["ticket_id"], each["is_inside"]) for each in changes] == [(str(ticket.id), True)]
    assert (fresh["seq"], fresh["tickets"][0][7:9]) == (MAX_BEHIND + 1, [1, 1])
    assert fresh["roster_version"] == kept["roster_version"]


@pytest.mark.parametrize("limit", [{"most_events": 2}, {"most_bytes": 400}])
async def test_few_events_are_kept_packed(
    make: Make, database: Database, count_queries: CountQueries, limit: dict[str, int]
):
    """Those that were asked for last; and the newest of all, however large it is."""
    bundles, rosters = Bundles(database, **limit), []
    for _ in range(3):
        event = await make.event()
        await sell(make, database, event)
        ring = await read_ring(database, event.merchant_id)
        async with database.gate(event.id) as session:
            rosters.append(await read_roster(session, event.id, ring))

    packed = []
    for which in (0, 1, 0, 2, 0, 1):
        with count_queries() as statements:
            await bundles.get(rosters[which])
        packed.append(any("string_agg" in statement for statement in statements))

    assert packed == [True, True, False, True, False, True]


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
