"""A device that is moved to another gate: its row decides where it stands, and what it scanned stays where that was."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from pesan.db import Database
from pesan.gates.device_tokens import DeviceTokens
from pesan.gates.models import Gate, GatePairing
from pesan.gates.service.devices import DeviceDraft, change_device
from pesan.gates.service.gates import close_gate, make_gate
from pesan.gates.tasks import purge
from tests.gates.conftest import AsOwner
from tests.gates.phones import Entrance, Phone, open_entrance
from tests.gates.steps import Venue
from tests.support.factories import SYSTEM, Make
from tests.support.schema import SECRET


async def move(database: Database, entrance: Entrance, phone: Phone) -> Gate:
    """Another gate of the event, where the phone stands from now on."""
    async with database.write(entrance.actor) as session:
        gate = await make_gate(session, event=entrance.event, name="Pintu Selatan", actor=entrance.actor)
        await change_device(
            session,
            phone.device_id,
            event_id=entrance.event.id,
            draft=DeviceDraft("HP Wati", gate.id),
            actor=entrance.actor,
        )
    return gate


@pytest.fixture
async def entrance(make: Make, database: Database) -> Entrance:
    return await open_entrance(make, database, await make.event())


async def test_a_device_that_was_moved_works_on_with_its_old_token(
    client, entrance: Entrance, database: Database
):
    phone = await entrance.joined(client)

    gate = await move(database, entrance, phone)
    # What happens to the gate of its token is nothing to it any more.
    async with database.write(entrance.actor) as session:
        await close_gate(session, entrance.gate.id, event_id=entrance.event.id, actor=entrance.actor)
    told, bundle = (await phone.beat()).json(), (await phone.get("bundle")).json()
    renewed = (await phone.renew()).json()["token"]

    assert (told["name"], told["gate"]["name"], bundle["gate"]["id"]) == (
        "HP Wati",
        "Pintu Selatan",
        str(gate.id),
    )
    claims = DeviceTokens(SECRET.encode()).read(renewed)
    assert claims is not None
    assert claims.gate_id == gate.id


async def test_scans_stay_with_the_gate_where_they_were_made(venue: Venue, as_owner: AsOwner):
    device = await venue.device()
    before, after, online = await venue.sell(quantity=3)
    async with venue.database.write(venue.staff) as session:
        south = await make_gate(session, event=venue.event, name="Pintu Selatan", actor=venue.staff)
        await change_device(
            session,
            device.id,
            event_id=venue.event.id,
            draft=DeviceDraft(device.name, south.id),
            actor=venue.staff,
        )
    opened = (venue.now - timedelta(hours=1)).isoformat()
    await as_owner(f"UPDATE gate_devices SET moved_at = timestamptz '{opened}' + interval '20 minutes'")

    await venue.upload(
        await venue.offline(device, before.qr_text, 10), await venue.offline(device, after.qr_text, 30)
    )
    await venue.scan(device, online.qr_text)
    again = await venue.scan(device, before.qr_text)

    found = [(await venue.scans(ticket))[0].gate_id for ticket in (before, after, online)]
    assert found == [venue.gate.id, south.id, south.id]
    assert again.first is not None
    assert (again.first.gate_id, again.first.gate) == (venue.gate.id, "Pintu Utara")


async def test_codes_that_are_over_are_purged(entrance: Entrance, database: Database, as_owner: AsOwner):
    await entrance.code()
    await as_owner("UPDATE gate_pairings SET expires_at = clock_timestamp()")
    await entrance.code()

    async with database.write(SYSTEM) as session:
        await purge(session)
        left = await session.scalar(select(func.count()).select_from(GatePairing))

    assert left == 1
