"""Scans with a network: one entry for each ticket, and every other answer with its reason."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from pesan.gates.errors import DeviceRevoked, ScanReused
from pesan.gates.scanning import scan_many
from pesan.gates.states import Reason, Reentry, Result, StaticCodes
from pesan.gates.undoing import undo
from pesan.kit.ids import new_id
from pesan.tickets import qr
from pesan.tickets.verify import Presented
from tests.gates.conftest import AsOwner
from tests.gates.steps import EXIT, Venue, open_venue


async def test_the_first_scan_lets_in_and_the_second_says_who_came(venue: Venue):
    north, south = await venue.device(), await venue.device()
    (ticket,) = await venue.sell()

    first = await venue.scan(north, ticket.qr_text)
    second = await venue.scan(south, ticket.qr_text)

    assert (first.shown, first.reason, first.cycle) == (Result.OK, Reason.GOOD, 1)
    assert (second.shown, second.reason, second.cycle) == (Result.DUPLICATE, Reason.ALREADY_IN, None)
    assert second.first == first.first
    assert (second.first.at, second.first.gate) == (first.at, "Pintu Utara")
    used = await venue.ticket(ticket)
    assert (used.state, used.used_at) == ("used", first.at)
    assert await venue.conflicts() == []


async def test_a_code_that_is_none_of_this_event_says_which_kind(venue: Venue):
    device = await venue.device()
    (ticket,) = await venue.sell()
    other = await venue.another_event()
    (elsewhere,) = await venue.sell(other)
    stranger = await open_venue(venue.make, venue.database, b"s" * 32)
    (theirs,) = await stranger.sell()
    body = qr.read(ticket.qr_text)
    forged = qr.assemble(body.body, body.signature[:-1] + bytes([body.signature[-1] ^ 1]))
    texts = [forged, elsewhere.qr_text, theirs.qr_text, "bukan tiket", "X" * 10_000, "\x00", "🎟", "0" * 26]

    answers = [await venue.scan(device, shown) for shown in texts]

    assert [(answer.shown.value, answer.reason.value) for answer in answers] == [
        ("invalid", "forged"),
        ("wrong_event", "other_event"),
        ("invalid", "forged"),
        ("invalid", "unreadable"),
        ("invalid", "unreadable"),
        ("invalid", "unreadable"),
        ("invalid", "unreadable"),
        ("invalid", "unknown"),
    ]
    assert await venue.standing(ticket) is None


async def test_a_void_ticket_does_not_pass(venue: Venue, as_owner):
    device = await venue.device()
    (ticket,) = await venue.sell()
    await as_owner("UPDATE tickets SET state = 'void', voided_at = clock_timestamp()")

    answer = await venue.scan(device, ticket.qr_text)

    assert (answer.shown, answer.reason) == (Result.VOID, Reason.VOIDED)
    assert await venue.standing(ticket) is None


@pytest.mark.parametrize(
    ("opens", "closes", "answer"),
    [(1, 2, (Result.NOT_YET, Reason.NOT_OPEN)), (-2, -1, (Result.TOO_LATE, Reason.CLOSED))],
)
async def test_gates_let_in_while_they_are_open(venue: Venue, opens: int, closes: int, answer: object):
    await venue.rules(
        opens_at=venue.now + timedelta(hours=opens), closes_at=venue.now + timedelta(hours=closes)
    )
    device = await venue.device()
    (ticket,) = await venue.sell()

    scanned = await venue.scan(device, ticket.qr_text)

    assert (scanned.shown, scanned.reason) == answer


async def test_a_turning_code_passes_in_its_slice_and_the_next(venue: Venue):
    device = await venue.device()
    tickets = await venue.sell(quantity=3)
    now = await venue.now_at()
    texts = [
        venue.slices.live_text(ticket, now - timedelta(seconds=30 * behind))
        for behind, ticket in enumerate(tickets)
    ]
    texts[2] = venue.slices.live_text(tickets[2], now - timedelta(seconds=120))

    answers = [await venue.scan(device, shown) for shown in texts]

    assert [answer.reason for answer in answers] == [Reason.GOOD, Reason.GOOD, Reason.SLICE_OVER]


@pytest.mark.parametrize(
    ("policy", "answer"),
    [
        (StaticCodes.ACCEPT, (Result.OK, False)),
        (StaticCodes.WARN, (Result.OK, True)),
        (StaticCodes.REFUSE, (Result.INVALID, False)),
    ],
)
async def test_a_code_that_does_not_turn_is_taken_as_the_event_says(venue: Venue, policy, answer):
    await venue.rules(static_codes=policy.value)
    device = await venue.device()
    (ticket,) = await venue.sell()

    scanned = await venue.scan(device, ticket.qr_text)

    assert (scanned.shown, scanned.is_warning) == answer


async def test_whoever_went_out_comes_back_where_the_event_allows_it(venue: Venue):
    await venue.rules(reentry=Reentry.AFTER_EXIT.value)
    device = await venue.device()
    (ticket,) = await venue.sell()

    ways = [
        await venue.scan(device, ticket.qr_text, **way)
        for way in ({}, {"direction": EXIT}, {"direction": EXIT}, {}, {})
    ]

    assert [way.reason for way in ways] == [
        Reason.GOOD,
        Reason.GOOD,
        Reason.NOT_IN,
        Reason.GOOD,
        Reason.ALREADY_IN,
    ]
    standing = await venue.standing(ticket)
    assert (standing.cycle, standing.is_inside) == (2, True)


async def test_a_scan_that_is_sent_again_is_the_same_scan(venue: Venue):
    device = await venue.device()
    (ticket,) = await venue.sell()
    attempt = await venue.attempt(device, ticket.qr_text)

    answers = await asyncio.gather(*(venue.desk.submit(venue.event.id, attempt) for _ in range(10)))

    assert {(answer.id, answer.shown) for answer in answers} == {(answers[0].id, Result.OK)}
    assert len(await venue.scans(ticket)) == 1


async def test_a_revoked_device_is_refused_and_changes_nothing(venue: Venue, as_owner):
    device = await venue.device()
    (ticket,) = await venue.sell()
    await as_owner("UPDATE gate_devices SET revoked_at = clock_timestamp(), revoked_by = id")

    with pytest.raises(DeviceRevoked):
        await venue.scan(device, ticket.qr_text)

    assert await venue.scans(ticket) == []
    assert (await venue.ticket(ticket)).state == "active"


async def test_a_ticket_without_a_code_is_let_in_with_a_reason(venue: Venue):
    device = await venue.device()
    (ticket,) = await venue.sell()
    attempt = await venue.attempt(device, ticket.qr_text, manual_reason="HP mati")
    by_name = Presented(ticket_id=ticket.id)

    answer = await venue.desk.submit(
        venue.event.id, type(attempt)(device.id, new_id(), by_name, manual_reason="HP mati")
    )

    assert answer.shown is Result.OK
    assert [scan.manual_reason for scan in await venue.scans(ticket)] == ["HP mati"]


async def test_neighbours_are_numbered_without_a_gap(venue: Venue):
    device = await venue.device()
    tickets = await venue.sell(quantity=4)

    await asyncio.gather(*(venue.scan(device, ticket.qr_text) for ticket in [*tickets, tickets[0]]))

    standings = [await venue.standing(ticket) for ticket in tickets]
    assert sorted(standing.seq for standing in standings if standing) == [1, 2, 3, 4]


async def test_a_scan_reads_its_own_ticket_and_none_of_the_event_s_others(venue: Venue):
    full = await open_venue(venue.make, venue.database, b"s" * 32, capacity=200, max_per_order=200)
    device = await full.device()
    tickets = await full.sell(quantity=200)
    await asyncio.gather(*[full.scan(device, ticket.qr_text) for ticket in tickets])
    attempts = [await full.attempt(device, tickets[0].qr_text)]
    rows = text(
        "SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
        " WHERE relname IN ('tickets', 'scans', 'ticket_standings')"
    )

    async with full.database.gate(full.event.id) as session:
        before = Counter(dict((await session.execute(rows)).all()))
        await scan_many(session, full.event.id, attempts, full.slices)
        read = Counter(dict((await session.execute(rows)).all())) - before

    # The ticket once for each way to it, and again when it is locked.
    assert read == {"tickets": 2, "ticket_standings": 1}


async def test_the_typed_code_of_a_ticket_that_was_handed_on_is_one_that_was_replaced(
    venue: Venue, as_owner: AsOwner
):
    device = await venue.device()
    (ticket,) = await venue.sell()
    await as_owner(
        "INSERT INTO ticket_transfers (id, merchant_id, order_id, event_id, ticket_id, epoch, code, from_name, to_name)"
        " SELECT gen_random_uuid(), merchant_id, order_id, event_id, id, 1, code, 'Budi', 'Rani' FROM tickets"
    )
    await as_owner(f"UPDATE tickets SET epoch = 1, code = '{'7' * 26}', handed_on_at = clock_timestamp()")

    before, since = [await venue.scan(device, code) for code in (ticket.code, "7" * 26)]

    assert (before.shown, before.reason) == (Result.VOID, Reason.SUPERSEDED)
    assert (since.shown, since.reason) == (Result.OK, Reason.GOOD)


@pytest.mark.parametrize("since", ["taken back", "made void"])
async def test_a_scan_asked_for_again_is_no_answer_once_it_holds_no_more(
    venue: Venue, as_owner: AsOwner, since: str
):
    device = await venue.device()
    (ticket,) = await venue.sell()
    first = await venue.scan(device, ticket.qr_text)
    if since == "taken back":
        await undo(venue.database, venue.desk, first.id, person=venue.organizer, reason="Belum masuk")
    else:
        await as_owner("UPDATE tickets SET state = 'void', voided_at = clock_timestamp()")

    with pytest.raises(ScanReused):
        await venue.scan(device, ticket.qr_text, nonce=first.nonce)

    assert len(await venue.scans(ticket)) == 1
