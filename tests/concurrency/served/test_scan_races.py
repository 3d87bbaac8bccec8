"""One ticket held before two gates at the same moment, a hundred times, over real HTTP and several processes."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text

from pesan.db import Database
from pesan.gates.device_tokens import DeviceTokens
from pesan.gates.models import GateDevice
from pesan.kit.ids import new_id
from pesan.settings import Settings
from pesan.tickets.models import Ticket
from pesan.web.devices import DeviceClaims
from tests.gates.steps import Venue, open_venue
from tests.support.factories import SYSTEM, Make
from tests.support.racer import race
from tests.support.wire import Answer, Request

TICKETS = 100
AT_ONCE = 10
_ENTRIES = text(
    "SELECT ticket_id, count(*) FROM scans WHERE event_id = :id AND result = 'ok' AND direction = 'entry'"
    " GROUP BY ticket_id"
)


class Gates:
    """Two devices at an event, and what they ask."""

    def __init__(self, settings: Settings, venue: Venue, devices: Sequence[GateDevice]) -> None:
        tokens = DeviceTokens(settings.secret)
        self.venue = venue
        self._tokens: Mapping[GateDevice, str] = {
            device: tokens.make(
                DeviceClaims(device.id, device.event_id, device.gate_id, device.merchant_id)
            ).text
            for device in devices
        }

    def requests(self, ticket: Ticket) -> list[Request]:
        """The same ticket at each of the gates."""
        return [
            Request(
                "POST",
                "/v1/scan",
                {"device_id": str(device.id), "qr": ticket.qr_text, "nonce": str(new_id())},
                {"authorization": f"Bearer {token}"},
            )
            for device, token in self._tokens.items()
        ]


async def open_gates(make: Make, database: Database, settings: Settings) -> Gates:
    # For nothing, so that these orders want no money, which the instance's other races look at.
    event = {"capacity": 1_000, "max_per_order": 1_000, "price_amount": 0}
    venue = await open_venue(make, database, settings.secret, **event)
    return Gates(settings, venue, [await venue.device(), await venue.device()])


async def scan_all(port: int, gates: Gates, tickets: Sequence[Ticket]) -> list[list[str]]:
    """What the two screens of each ticket say, in alphabetical order."""
    requests = [request for ticket in tickets for request in gates.requests(ticket)]
    answers = await race(port, requests)
    pairs = [answers[place : place + 2] for place in range(0, len(answers), 2)]
    return [sorted(map(_said, pair)) for pair in pairs]


def _said(answer: Answer) -> str:
    return str(answer.json()["result"]) if answer.status == 200 else f"{answer.status} {answer.code}"


async def count_entries(database: Database, gates: Gates) -> list[int]:
    async with database.read(SYSTEM) as session:
        rows = await session.execute(_ENTRIES, {"id": gates.venue.event.id})
        return [row[1] for row in rows]


async def test_a_ticket_at_two_gates_at_once_lets_one_in(
    served, make: Make, database: Database, settings: Settings
):
    service = await served()
    gates = await open_gates(make, database, settings)
    tickets = await gates.venue.sell(quantity=TICKETS)

    seen = [
        pair
        for start in range(0, TICKETS, AT_ONCE)
        for pair in await scan_all(service.port, gates, tickets[start : start + AT_ONCE])
    ]

    assert seen == [["duplicate", "ok"]] * TICKETS
    assert await count_entries(database, gates) == [1] * TICKETS
    assert await gates.venue.offenders() == {}


async def test_without_the_lock_and_the_index_the_same_race_lets_two_in(unguarded):
    """The control."""
    gates = await open_gates(unguarded.make, unguarded.database, unguarded.settings)
    tickets = await gates.venue.sell(quantity=TICKETS)
    for start in range(0, TICKETS, AT_ONCE):
        await scan_all(unguarded.service.port, gates, tickets[start : start + AT_ONCE])
        most = max(await count_entries(unguarded.database, gates))
        if most > 1:
            break
    assert most > 1
