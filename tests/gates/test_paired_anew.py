"""What a phone scanned before it was revoked and paired anew: sent late, by what is another device to the server."""

from dataclasses import replace
from uuid import UUID

import pytest

from pesan.gates.attempts import Attempt, Scanned
from pesan.gates.models import GateDevice
from pesan.gates.states import Reentry, Result
from pesan.tickets.models import Ticket
from tests.gates.conftest import AsOwner
from tests.gates.steps import EXIT, Venue

FORGED = "X" * 120


@pytest.fixture
async def pair_anew(venue: Venue, as_owner: AsOwner):
    """Revokes a phone's device, and joins as another one."""

    async def run(device: GateDevice) -> GateDevice:
        revoked = f"revoked_at = clock_timestamp(), revoked_by = '{UUID(int=1)}'"
        await as_owner(f"UPDATE gate_devices SET {revoked} WHERE id = '{device.id}'")
        paired = await venue.device()
        await as_owner(f"UPDATE gate_devices SET registered_at = clock_timestamp() WHERE id = '{paired.id}'")
        return paired

    return run


async def send_by(venue: Venue, device: GateDevice, *attempts: Attempt) -> list[Scanned]:
    return await venue.upload(*(replace(attempt, device_id=device.id) for attempt in attempts))


async def stand(venue: Venue, ticket: Ticket) -> tuple[int, bool]:
    standing = await venue.standing(ticket)
    assert standing is not None
    return standing.cycle, standing.is_inside


async def test_scans_of_before_the_pairing_count_as_of_their_own_time(venue: Venue, pair_anew):
    await venue.rules(reentry=Reentry.AFTER_EXIT.value)
    phone, other = await venue.device(), await venue.device()
    (ticket,) = await venue.sell()
    entry = await venue.offline(phone, ticket.qr_text, 5)
    leaving = await venue.offline(phone, ticket.qr_text, 20, direction=EXIT)
    back = await venue.scan(other, ticket.qr_text)

    await send_by(venue, await pair_anew(phone), entry, leaving)

    scans = await venue.scans(ticket)
    assert [scan.scanned_at for scan in scans] == [entry.device_at, leaving.device_at, back.at]
    assert [(scan.result, scan.cycle, scan.is_skewed) for scan in scans] == [
        ("ok", 1, True),
        ("ok", 1, True),
        ("ok", 2, False),
    ]
    assert (await venue.conflicts(), await stand(venue, ticket)) == ([], (2, True))


async def test_no_scan_is_older_than_the_events_first_device(venue: Venue):
    phone = await venue.device()
    (ticket,) = await venue.sell()

    await venue.upload(await venue.offline(phone, ticket.qr_text, -24 * 60))

    (scan,) = await venue.scans(ticket)
    assert (scan.scanned_at, scan.is_skewed) == (phone.registered_at, True)


async def test_an_upload_whose_answer_was_lost_is_the_same_scans_after_the_pairing(venue: Venue, pair_anew):
    phone = await venue.device()
    first, second = await venue.sell(quantity=2)
    told = [
        await venue.offline(phone, first.qr_text, 5),
        await venue.offline(phone, FORGED, 6),
        # The server was asked, and its answer did not come in time.
        await venue.attempt(phone, second.qr_text, device_at=venue.now),
    ]
    heard = await venue.upload(*told)
    told[2] = replace(told[2], shown=Result.OK)

    paired = await pair_anew(phone)
    again = [await send_by(venue, paired, *told) for _ in range(2)]

    assert [[scan.id for scan in scans] for scans in again] == [[scan.id for scan in heard]] * 2
    assert [len(await venue.scans(ticket)) for ticket in (first, second)] == [1, 1]
    assert [(one.kind, one.scan_count) for one in await venue.conflicts()] == [("refused_admitted", 1)]


@pytest.mark.parametrize("differs", ["ticket", "time", "direction"])
async def test_a_guessed_name_neither_shows_nor_hides_a_scan_of_another_device(venue: Venue, differs: str):
    phone, other = await venue.device(), await venue.device()
    ticket, second = await venue.sell(quantity=2)
    mine = await venue.offline(phone, ticket.qr_text, 5)
    (counted,) = await venue.upload(mine)
    guesses = {
        "ticket": await venue.offline(other, second.qr_text, 5, nonce=mine.nonce),
        "time": await venue.offline(other, ticket.qr_text, 6, nonce=mine.nonce),
        "direction": await venue.offline(other, ticket.qr_text, 5, nonce=mine.nonce, direction=EXIT),
    }

    (answer,) = await venue.upload(guesses[differs])

    assert answer.id != counted.id
    assert next(iter(await venue.scans(ticket))).id == counted.id
    kept = [scan.device_id for scan in [*await venue.scans(ticket), *await venue.scans(second)]]
    assert kept == [phone.id, other.id]
