"""Scans that were made without a network: kept as they were shown, and worked out whatever order they arrive in."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from pesan.audit.models import AuditEntry
from pesan.gates.errors import GateShut, NothingToUndo
from pesan.gates.states import ConflictKind, Reason, Reentry, Result
from pesan.gates.undoing import undo
from pesan.tickets.verify import Presented
from tests.gates.conftest import AsOwner
from tests.gates.steps import EXIT, Venue
from tests.support.factories import SYSTEM

SETTLE = (
    "UPDATE scan_conflicts SET settled_at = clock_timestamp(), settled_by = id, note = 'Suaminya',"
    " settled_ids = scan_ids"
)


async def states(venue: Venue, ticket) -> tuple[object, ...]:
    """Everything that must not depend on the order of arrival."""
    scans = [(scan.nonce, scan.shown, scan.result, scan.cycle) for scan in await venue.scans(ticket)]
    conflicts = [(one.kind, one.cycle, one.scan_count, one.settled_at) for one in await venue.conflicts()]
    standing = await venue.standing(ticket)
    used = await venue.ticket(ticket)
    return (
        scans,
        conflicts,
        (standing.cycle, standing.is_inside, standing.entered_at),
        (used.state, used.used_at),
    )


async def test_two_gates_that_both_admitted_are_one_conflict_in_either_order(venue: Venue, as_owner: AsOwner):
    north, south = await venue.device(), await venue.device()
    (ticket,) = await venue.sell()
    first = await venue.offline(north, ticket.qr_text, 5)
    second = await venue.offline(south, ticket.qr_text, 9)
    seen = []
    for uploads in permutations([first, second, first]):
        for attempt in uploads:
            await venue.upload(attempt)
        seen.append(await states(venue, ticket))
        await as_owner("TRUNCATE scan_conflicts, ticket_standings, gate_feeds, scans")
        await as_owner("UPDATE tickets SET state = 'active', used_at = NULL")

    scans, conflicts, standing, used = seen[0]
    assert scans == [(first.nonce, "ok", "ok", 1), (second.nonce, "ok", "duplicate", None)]
    assert conflicts == [("double_entry", 1, 2, None)]
    assert standing == (1, True, first.device_at)
    assert used == ("used", first.device_at)
    assert seen == [seen[0]] * len(seen)


async def test_an_entry_that_was_earlier_takes_the_place_of_one_with_a_network(venue: Venue):
    north, south = await venue.device(), await venue.device()
    (ticket,) = await venue.sell()
    online = await venue.scan(south, ticket.qr_text)

    (offline,) = await venue.upload(await venue.offline(north, ticket.qr_text, 5))

    assert (offline.result, offline.cycle, offline.conflict) == (Result.OK, 1, ConflictKind.DOUBLE_ENTRY)
    assert [(scan.shown, scan.result) for scan in await venue.scans(ticket)] == [
        ("ok", "ok"),
        ("ok", "duplicate"),
    ]
    assert (await venue.standing(ticket)).entered_by == offline.id != online.id


async def test_an_upload_that_is_repeated_changes_nothing(venue: Venue):
    device = await venue.device()
    tickets = await venue.sell(quantity=3)
    attempts = [await venue.offline(device, ticket.qr_text, minute) for minute, ticket in enumerate(tickets)]

    answers = [await venue.upload(*attempts) for _ in range(3)]

    assert answers[1] == answers[2] == answers[0]
    assert [len(await venue.scans(ticket)) for ticket in tickets] == [1, 1, 1]


async def test_a_green_screen_for_a_void_ticket_is_kept_and_flagged(venue: Venue, as_owner: AsOwner):
    device = await venue.device()
    before, after = await venue.sell(quantity=2)
    void_at = venue.now - timedelta(minutes=30)
    await as_owner(f"UPDATE tickets SET state = 'void', voided_at = '{void_at.isoformat()}'")

    await venue.upload(
        await venue.offline(device, before.qr_text, 20), await venue.offline(device, after.qr_text, 40)
    )

    assert [(scan.shown, scan.result) for scan in await venue.scans(before)] == [("ok", "ok")]
    assert [(scan.shown, scan.result) for scan in await venue.scans(after)] == [("ok", "void")]
    assert [(one.kind, one.ticket_id) for one in await venue.conflicts()] == [("refused_admitted", after.id)]
    assert (await venue.ticket(before)).state == "void"


async def test_a_green_screen_for_a_forged_code_is_flagged_once(venue: Venue):
    device = await venue.device()
    attempt = await venue.offline(device, "X" * 152, 5)

    await venue.upload(attempt)
    await venue.upload(attempt)

    assert [(one.kind, one.ticket_id) for one in await venue.conflicts()] == [("refused_admitted", None)]


async def test_a_clock_that_is_off_is_corrected_bounded_and_marked(venue: Venue):
    device = await venue.device()
    fast, ahead = await venue.sell(quantity=2)
    hours = timedelta(hours=3)
    corrected = await venue.offline(
        device, fast.qr_text, 5, offset_ms=-3 * 3_600_000, device_at=venue.now + hours - timedelta(minutes=55)
    )
    future = await venue.offline(device, ahead.qr_text, 5, device_at=venue.now + hours)

    await venue.upload(corrected, future)

    (one,), (other,) = await venue.scans(fast), await venue.scans(ahead)
    assert (one.scanned_at, one.is_skewed) == (venue.now - timedelta(minutes=55), True)
    assert (other.scanned_at, other.is_skewed) == (other.received_at, True)


async def test_a_screen_that_gave_up_waiting_keeps_what_it_showed(venue: Venue):
    """The server had said duplicate; the answer was lost, and the device let its own verdict stand."""
    north, south = await venue.device(), await venue.device()
    (ticket,) = await venue.sell()
    await venue.scan(north, ticket.qr_text)
    lost = await venue.attempt(south, ticket.qr_text)
    await venue.desk.submit(venue.event.id, lost)

    (told,) = await venue.upload(await venue.offline(south, ticket.qr_text, 61, nonce=lost.nonce))

    assert (told.shown, told.result, told.conflict) == (
        Result.OK,
        Result.DUPLICATE,
        ConflictKind.DOUBLE_ENTRY,
    )
    assert len(await venue.scans(ticket)) == 2


async def test_an_exit_that_comes_late_takes_an_open_conflict_back(venue: Venue):
    await venue.rules(reentry=Reentry.AFTER_EXIT.value)
    north, south = await venue.device(), await venue.device()
    (ticket,) = await venue.sell()
    await venue.upload(
        await venue.offline(north, ticket.qr_text, 5), await venue.offline(north, ticket.qr_text, 15)
    )
    (conflict,) = await venue.conflicts()

    await venue.upload(await venue.offline(south, ticket.qr_text, 10, direction=EXIT))

    assert conflict.scan_count == 2
    assert await venue.conflicts() == []
    assert [scan.cycle for scan in await venue.scans(ticket)] == [1, 1, 2]


async def test_another_admission_opens_a_settled_conflict_again(venue: Venue, as_owner: AsOwner):
    device = await venue.device()
    (ticket,) = await venue.sell()
    attempts = [await venue.offline(device, ticket.qr_text, minute) for minute in (1, 2, 3)]
    await venue.upload(*attempts[:2])
    await as_owner(SETTLE)

    await venue.upload(attempts[0])
    settled = [one.settled_at is not None for one in await venue.conflicts()]
    await venue.upload(attempts[2])

    assert settled == [True]
    assert [(one.settled_at, one.scan_count, one.note) for one in await venue.conflicts()] == [
        (None, 3, "Suaminya")
    ]


async def test_an_undone_entry_lets_the_next_one_in(venue: Venue):
    device = await venue.device()
    (ticket,) = await venue.sell()
    wrong = await venue.scan(device, ticket.qr_text)

    await undo(venue.database, venue.desk, wrong.id, person=venue.organizer, reason="Salah orang")
    assert (await venue.ticket(ticket)).state == "active"
    right = await venue.scan(device, ticket.qr_text)

    assert (right.shown, right.cycle) == (Result.OK, 1)
    assert [(scan.shown, scan.result, scan.undone_at is None) for scan in await venue.scans(ticket)] == [
        ("ok", "ok", False),
        ("ok", "ok", True),
    ]
    with pytest.raises(NothingToUndo):
        await undo(venue.database, venue.desk, wrong.id, person=venue.organizer, reason="Salah orang")
    query = select(AuditEntry.action).where(AuditEntry.subject_id == venue.gate.id)
    async with venue.database.read(SYSTEM) as session:
        assert (await session.scalars(query)).all() == ["gate:scan:undone"]


async def test_undoing_one_of_two_admissions_settles_who_came_in(venue: Venue):
    north, south = await venue.device(), await venue.device()
    (ticket,) = await venue.sell()
    first, second = await venue.upload(
        await venue.offline(north, ticket.qr_text, 1), await venue.offline(south, ticket.qr_text, 2)
    )

    await undo(venue.database, venue.desk, first.id, person=venue.organizer, reason="Salah orang")

    assert await venue.conflicts() == []
    assert (await venue.standing(ticket)).entered_by == second.id
    assert second.reason == Reason.GOOD


async def test_entries_and_exits_of_three_phones_come_to_the_same_in_any_order(
    venue: Venue, as_owner: AsOwner
):
    """Cycles move on under entries that count already, which the index must not mind."""
    await venue.rules(reentry=Reentry.AFTER_EXIT.value)
    phones = [await venue.device() for _ in range(3)]
    (ticket,) = await venue.sell()
    ways = [{}, {"direction": EXIT}]
    uploads = [
        [
            await venue.offline(phone, ticket.qr_text, 10 * place + step, **way)
            for step, way in enumerate(ways)
        ]
        for place, phone in enumerate(phones)
    ]
    seen = []
    for order in permutations(uploads):
        for attempts in order:
            await venue.upload(*attempts)
        seen.append(await states(venue, ticket))
        await as_owner("TRUNCATE scan_conflicts, ticket_standings, gate_feeds, scans")
        await as_owner("UPDATE tickets SET state = 'active', used_at = NULL")

    assert [scan[3] for scan in seen[0][0]] == [1, 1, 2, 2, 3, 3]
    assert seen == [seen[0]] * len(seen)


async def test_whoever_came_in_before_the_opening_was_moved_does_not_come_in_again(venue: Venue):
    north, south = await venue.device(), await venue.device()
    (ticket,) = await venue.sell()
    early = await venue.offline(north, ticket.qr_text, 5)
    await venue.rules(opens_at=venue.now - timedelta(minutes=30))

    (told,) = await venue.upload(early)
    again = await venue.scan(south, ticket.qr_text)

    assert (told.shown, told.result, told.conflict) == (Result.OK, Result.OK, ConflictKind.REFUSED_ADMITTED)
    assert (again.shown, again.reason) == (Result.DUPLICATE, Reason.ALREADY_IN)


async def test_a_ticket_made_anew_meanwhile_does_not_undo_an_admission(venue: Venue, as_owner: AsOwner):
    device = await venue.device()
    (ticket,) = await venue.sell()
    admitted = await venue.offline(device, ticket.qr_text, 5)
    await as_owner("UPDATE tickets SET epoch = epoch + 1")

    (told,) = await venue.upload(admitted)

    assert (told.result, told.conflict) == (Result.OK, None)


@pytest.mark.parametrize(
    ("epoch", "minute", "result"),
    [(0, 5, Result.OK), (0, 20, Result.VOID), (1, 20, Result.OK), (1, 40, Result.VOID), (2, 40, Result.OK)],
)
async def test_a_code_of_before_a_handing_on_is_void_from_that_one_on(
    venue: Venue, as_owner: AsOwner, epoch: int, minute: int, result: Result
):
    """Handed on twice, ten and thirty minutes after the opening."""
    device = await venue.device()
    (ticket,) = await venue.sell()
    opened = f"timestamptz '{(venue.now - timedelta(hours=1)).isoformat()}'"
    for newer, at in ((1, 10), (2, 30)):
        when = f"{opened} + interval '{at} minutes'"
        await as_owner(
            "INSERT INTO ticket_transfers (id, merchant_id, order_id, event_id, ticket_id, epoch, code, from_name,"
            f" to_name, created_at) SELECT gen_random_uuid(), merchant_id, order_id, event_id, id, {newer},"
            f" 'CODE-{newer}', 'Budi', 'Rani', {when} FROM tickets"
        )
        await as_owner(f"UPDATE tickets SET epoch = {newer}, handed_on_at = {when}")
    shown = await venue.offline(device, ticket.qr_text, minute)
    assert isinstance(shown.presented, Presented)
    shown = replace(shown, presented=replace(shown.presented, epoch=epoch))

    (told,) = await venue.upload(shown)

    assert told.result == result
    assert (told.conflict is None) == (result == Result.OK)


async def test_a_known_nonce_rewrites_no_other_scan(venue: Venue):
    device = await venue.device()
    ticket, other = await venue.sell(quantity=2)
    counted = await venue.scan(device, ticket.qr_text)
    shown = {"shown": Result.DUPLICATE, "reason": Reason.ALREADY_IN, "nonce": counted.nonce}

    await venue.upload(await venue.offline(device, other.qr_text, 60, **shown))
    await venue.upload(await venue.offline(device, ticket.qr_text, 5, **shown))

    assert [(scan.shown, scan.result) for scan in await venue.scans(ticket)] == [
        ("duplicate", "duplicate"),
        ("ok", "ok"),
    ]
    assert [(scan.shown, scan.result) for scan in await venue.scans(other)] == [("duplicate", "duplicate")]
    assert (await venue.ticket(ticket)).state == "used"


@pytest.mark.parametrize("known", ["another ticket", "hours before", "undone"])
async def test_an_admission_under_a_nonce_of_another_scan_is_kept_and_counts(venue: Venue, known: str):
    device = await venue.device()
    ticket, other = await venue.sell(quantity=2)
    if known == "hours before":
        await venue.rules(opens_at=venue.now + timedelta(hours=1))
    first = await venue.scan(device, (other if known == "another ticket" else ticket).qr_text)
    if known == "undone":
        await undo(venue.database, venue.desk, first.id, person=venue.organizer, reason="Belum masuk")
    await venue.rules(opens_at=venue.now - timedelta(hours=1))
    minute = 10 if known == "hours before" else 60
    letter = await venue.offline(device, ticket.qr_text, minute, nonce=first.nonce)

    answers = [await venue.upload(letter) for _ in range(2)]

    assert [(told.nonce, told.shown, told.result) for (told,) in answers] == 2 * [
        (first.nonce, Result.OK, Result.OK)
    ]
    assert answers[0] == answers[1]
    assert [scan.is_offline for scan in await venue.scans(ticket) if scan.result == "ok" and scan.cycle] == [
        True
    ]
    assert (await venue.ticket(ticket)).state == "used"


async def test_what_the_server_had_answered_is_kept_beside_what_was_shown(venue: Venue):
    device = await venue.device()
    (ticket,) = await venue.sell()
    counted = await venue.scan(device, ticket.qr_text)
    shown = {"shown": Result.DUPLICATE, "reason": Reason.ALREADY_IN, "nonce": counted.nonce}

    await venue.upload(await venue.offline(device, ticket.qr_text, 60, **shown))

    assert [(scan.answered, scan.shown, scan.cycle) for scan in await venue.scans(ticket)] == [
        ("ok", "duplicate", None)
    ]


async def test_another_pair_of_admissions_opens_a_settled_conflict_again(venue: Venue, as_owner: AsOwner):
    """As many scans as before, but not the same."""
    device = await venue.device()
    (ticket,) = await venue.sell()
    attempts = [await venue.offline(device, ticket.qr_text, minute) for minute in (1, 2, 3)]
    first, second = await venue.upload(*attempts[:2])
    await as_owner(SETTLE)
    await undo(venue.database, venue.desk, second.id, person=venue.organizer, reason="Salah orang")

    (third,) = await venue.upload(attempts[2])

    (conflict,) = await venue.conflicts()
    assert (conflict.settled_at, conflict.scan_ids) == (None, [first.id, third.id])


async def test_a_settled_conflict_that_loses_a_scan_stays_settled_until_one_comes_that_nobody_saw(
    venue: Venue, as_owner: AsOwner
):
    device = await venue.device()
    (ticket,) = await venue.sell()
    attempts = [await venue.offline(device, ticket.qr_text, minute) for minute in (1, 2, 3, 4)]
    first, second, third = await venue.upload(*attempts[:3])
    await as_owner(SETTLE)

    await undo(venue.database, venue.desk, third.id, person=venue.organizer, reason="Salah orang")
    (fewer,) = await venue.conflicts()
    (fourth,) = await venue.upload(attempts[3])

    (conflict,) = await venue.conflicts()
    assert (fewer.settled_at is not None, fewer.scan_ids) == (True, [first.id, second.id])
    assert (conflict.settled_at, conflict.scan_ids) == (None, [first.id, second.id, fourth.id])


async def test_a_closed_gate_takes_what_was_scanned_before_and_lets_nobody_in(
    venue: Venue, as_owner: AsOwner
):
    device = await venue.device()
    ticket, late = await venue.sell(quantity=2)
    await as_owner("UPDATE gates SET closed_at = clock_timestamp()")

    (told,) = await venue.upload(await venue.offline(device, ticket.qr_text, 5))
    with pytest.raises(GateShut):
        await venue.scan(device, late.qr_text)

    assert told.result is Result.OK
    assert await venue.scans(late) == []


async def test_a_change_of_the_rules_rewrites_no_entry(venue: Venue):
    await venue.rules(reentry=Reentry.AFTER_EXIT.value)
    device = await venue.device()
    (ticket,) = await venue.sell()
    for way in ({}, {"direction": EXIT}, {}):
        await venue.scan(device, ticket.qr_text, **way)
    await venue.rules(reentry=Reentry.NONE.value)

    await venue.scan(device, ticket.qr_text)

    assert [scan.cycle for scan in await venue.scans(ticket)] == [1, 1, 2, None]
    assert await venue.conflicts() == []


@pytest.mark.parametrize("comes_first", ["yesterday", "today"])
async def test_an_admission_that_comes_a_day_late_counts_as_of_its_own_time(
    venue: Venue, as_owner: AsOwner, comes_first: str
):
    device, other = await venue.device(), await venue.device()
    await as_owner("UPDATE gate_devices SET registered_at = registered_at - interval '2 days'")
    await venue.rules(opens_at=venue.now - timedelta(days=2))
    (ticket,) = await venue.sell()
    yesterday = await venue.offline(device, ticket.qr_text, -23 * 60)
    today = await venue.offline(other, ticket.qr_text, 30)
    letters = [yesterday, today] if comes_first == "yesterday" else [today, yesterday]

    for letter in letters:
        await venue.upload(letter)

    first, second = await venue.scans(ticket)
    assert [(scan.nonce, scan.shown, scan.result) for scan in (first, second)] == [
        (yesterday.nonce, "ok", "ok"),
        (today.nonce, "ok", "duplicate"),
    ]
    assert venue.now - first.scanned_at > timedelta(hours=23)
    assert [(one.kind, one.scan_ids) for one in await venue.conflicts()] == [
        ("double_entry", [first.id, second.id])
    ]
