"""What devices are shown beside every answer: how full it is, and which roster is the newest. A moment old at most."""

from uuid import UUID

from pesan.db import Database, ReadSession
from pesan.gates.queries import Figures, get_figures
from pesan.gates.recent import Recent
from pesan.gates.roster import KeyRing, read_ring, read_roster

_FIGURES_SECONDS = 0.5
_ROSTER_SECONDS = 3.0


class Glances:
    """One process's; counting fifty thousand tickets for each of twenty devices would take what scans need."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rings: Recent[UUID, KeyRing] = Recent(_ROSTER_SECONDS)
        self._versions: Recent[UUID, str] = Recent(_ROSTER_SECONDS)
        self._figures: Recent[UUID, Figures] = Recent(_FIGURES_SECONDS)

    async def ring(self, merchant_id: UUID) -> KeyRing:
        """The merchant's keys; asked before the caller's transaction begins, because it takes one of its own."""
        return await self._rings.get(merchant_id, lambda: read_ring(self._database, merchant_id))

    async def version(self, session: ReadSession, event_id: UUID, ring: KeyRing) -> str:
        """The event's newest roster, as a bundle would name it."""

        async def find() -> str:
            return (await read_roster(session, event_id, ring)).version

        return await self._versions.get(event_id, find)

    async def figures(self, session: ReadSession, event_id: UUID) -> Figures:
        """How full the event is."""
        return await self._figures.get(event_id, lambda: get_figures(session, event_id))
