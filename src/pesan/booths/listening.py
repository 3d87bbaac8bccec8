"""Who may listen to an outlet, and what they hear it by."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from pesan.booths import feed
from pesan.booths.messages import OutletScript, happened
from pesan.booths.screens.queries import require_live
from pesan.booths.screens.tenure import actor_of
from pesan.booths.topics import topic_of
from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.errors import Forbidden
from pesan.orders.states import SLOTTED
from pesan.realtime.relay import Message
from pesan.realtime.sockets import Channel, Listener
from pesan.web.clock import ServerClock
from pesan.web.devices import BoothClaims, BoothDevices
from pesan.web.errors import BoothTokenInvalid, SignInNeeded
from pesan.web.people import Sessions


class OutletFeed:
    """An outlet's feed as a relay reads it: one short transaction of the outlet's own for each portion."""

    def __init__(self, database: Database, event_id: UUID) -> None:
        self._database = database
        self._event_id = event_id

    async def head(self) -> int:
        """The number of the last event; 0 when there is none."""
        async with self._database.gate(self._event_id) as session:
            return await feed.get_seq(session, self._event_id)

    async def after(self, seq: int, limit: int) -> Sequence[Message]:
        """The next events after number `seq`, each encoded once."""
        async with self._database.gate(self._event_id) as session:
            events = await feed.list_after(session, self._event_id, seq, limit=limit)
        return [Message(event.seq, happened(event).encode(), event.booth_id) for event in events]


def open_channel(database: Database, clock: ServerClock, event_id: UUID, beat_seconds: float) -> Channel:
    """What a socket of this outlet follows."""
    source = OutletFeed(database, event_id)
    return Channel(topic_of(event_id), source, OutletScript(event_id, clock, beat_seconds))


def listener_of_staff(
    database: Database, sessions: Sessions, token: str, *, event_id: UUID, peer: str
) -> Listener:
    """Whoever's session the token opens, with their roles as they are whenever that is asked."""

    async def check() -> None:
        person = await sessions.find(token)
        if person is None:
            raise SignInNeeded
        await _require_part(database, person.to_actor(), event_id)

    return Listener(peer, check)


def listener_of_booth(database: Database, devices: BoothDevices, token: str, event_id: UUID) -> Listener:
    """A booth's screen, which hears of its own booth and of the outlet. Raises BoothTokenInvalid, Forbidden."""
    screen = _read(devices, token)
    if screen.event_id != event_id:
        raise Forbidden

    async def check() -> None:
        _read(devices, token)  # whose day may be over
        async with database.read(actor_of(screen)) as session:
            await require_live(session, screen)

    return Listener(f"booth:{screen.device_id}", check, screen.booth_id)


def _read(devices: BoothDevices, token: str) -> BoothClaims:
    claims = devices.read(token)
    if claims is None:
        raise BoothTokenInvalid
    return claims


async def _require_part(database: Database, actor: Actor, event_id: UUID) -> None:
    """Raise Forbidden unless the event is an outlet where the actor works; nobody else learns whether there is one."""
    query = select(Event.merchant_id).where(Event.id == event_id, Event.fulfilment.in_(SLOTTED))
    async with database.read(actor) as session:
        merchant_id = await session.scalar(query)
    if merchant_id is None or not actor.works_for(merchant_id, event_id):
        raise Forbidden
