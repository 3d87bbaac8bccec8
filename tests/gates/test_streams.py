"""A device's stream tells of its own event, and ends with its device."""

import asyncio
import re

from pesan.db import Database
from pesan.gates.models import GateFeed
from pesan.gates.service.devices import revoke_device
from pesan.gates.service.gates import close_gate
from pesan.gates.topics import topic_of
from pesan.kit.registry import Registry
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from tests.gates.phones import Entrance, Phone, open_entrance
from tests.support.factories import Make


async def happen(database: Database, registry: Registry, entrance: Entrance, seq: int) -> None:
    """Something changed where the event's tickets stand, and everybody who listens there hears so."""
    event = entrance.event
    async with database.gate(event.id) as session:
        session.add(GateFeed(event_id=event.id, merchant_id=event.merchant_id, seq=seq))
    registry[Hub].hint(topic_of(event.id))


async def revoke(database: Database, registry: Registry, entrance: Entrance, phone: Phone) -> None:
    of_event = {"event_id": entrance.event.id, "actor": entrance.actor}
    async with database.write(entrance.actor) as session:
        await revoke_device(session, phone.device_id, **of_event)
    registry[Hub].hint(topic_of(entrance.event.id))


def heard(stream: str) -> tuple[set[str], str]:
    """The numbers of the changes that a stream told of, and its last word."""
    events = re.findall(r"^event: (\w+)$", stream, re.MULTILINE)
    return set(re.findall(r"^id: (\d+)$", stream, re.MULTILINE)), events[-1]


async def test_a_stream_tells_nothing_of_another_event_or_merchant(
    client, make: Make, database: Database, registry: Registry
):
    own = await open_entrance(make, database, await make.event(merchant := await make.merchant()))
    beside = await open_entrance(make, database, await make.event(merchant))
    theirs = await open_entrance(make, database, await make.event(await make.merchant()))
    phones = [await each.joined(client) for each in (own, beside, theirs)]
    listening = asyncio.create_task(phones[0].get("stream"))
    while not registry[StreamGate].count():
        await asyncio.sleep(0.01)

    await happen(database, registry, beside, 7)
    await happen(database, registry, theirs, 8)
    told = [(await phone.get("changes")).json()["seq"] for phone in phones]
    await revoke(database, registry, own, phones[0])

    assert told == [0, 7, 8]
    assert heard((await listening).text) == ({"0"}, "gone")


async def test_a_stream_ends_when_its_gate_is_closed(
    client, make: Make, database: Database, registry: Registry
):
    entrance = await open_entrance(make, database, await make.event())
    listening = asyncio.create_task((await entrance.joined(client)).get("stream"))
    while not registry[StreamGate].count():
        await asyncio.sleep(0.01)

    async with database.write(entrance.actor) as session:
        of_event = {"event_id": entrance.event.id, "actor": entrance.actor}
        await close_gate(session, entrance.gate.id, **of_event)
    registry[Hub].hint(topic_of(entrance.event.id))

    assert heard((await listening).text)[1] == "gone"


async def test_a_stream_ends_with_its_own_device_only(
    client, make: Make, database: Database, registry: Registry
):
    entrance = await open_entrance(make, database, await make.event())
    lost, kept = await entrance.joined(client), await entrance.joined(client)
    streams = [asyncio.create_task(phone.get("stream")) for phone in (lost, kept)]
    while registry[StreamGate].count() < len(streams):
        await asyncio.sleep(0.01)

    await revoke(database, registry, entrance, lost)
    ended = (await streams[0]).text
    goes_on = not streams[1].done()
    await revoke(database, registry, entrance, kept)

    assert (heard(ended)[1], goes_on) == ("gone", True)
    assert heard((await streams[1]).text)[1] == "gone"
