"""The gate desk: every scan of an event goes through one combiner per process."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from pesan.db import Database
from pesan.db.waits import is_data_error, refusal
from pesan.gates.attempts import Attempt, Scanned
from pesan.gates.scanning import Outcome, scan_many
from pesan.kit import metrics
from pesan.kit.combiner import Combiner
from pesan.realtime import Hub
from pesan.tickets.slices import Slices

MAX_GROUP = 256
# Longer than the server's own limit on a statement, which does not help when the server stands still.
GROUP_SECONDS = 15.0


class GateDesk:
    """Where scans are handed in: grouped per event, decided in the order of arrival, announced when committed."""

    def __init__(self, database: Database, hub: Hub, slices: Slices) -> None:
        self._database = database
        self._hub = hub
        self.slices = slices
        self._combiners: dict[UUID, Combiner[Attempt, Scanned]] = {}

    async def submit(self, event_id: UUID, attempt: Attempt) -> Scanned:
        """The committed outcome of one scan; raises DeviceRevoked, GateShut, and Busy without the database."""
        combiner = self._combiners.get(event_id) or self._open(event_id)
        try:
            return await combiner.submit(attempt)
        finally:
            if combiner.is_idle and self._combiners.get(event_id) is combiner:
                del self._combiners[event_id]

    async def submit_all(self, event_id: UUID, attempts: Sequence[Attempt]) -> list[Scanned]:
        """The outcomes of what a device scanned without a network, in one transaction; all of them or none."""
        outcomes = await self._run_bounded(event_id, attempts)
        for outcome in outcomes:
            if not isinstance(outcome, Scanned):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, Scanned)]

    def hint(self, event_id: UUID) -> None:
        """Say that something changed at the event's gates."""
        self._hub.hint(f"gate:{event_id}")

    def _open(self, event_id: UUID) -> Combiner[Attempt, Scanned]:
        async def run(attempts: Sequence[Attempt]) -> list[Outcome]:
            return await self._run_bounded(event_id, attempts)

        combiner = Combiner(run, is_divisible=is_data_error, max_group=MAX_GROUP)
        self._combiners[event_id] = combiner
        return combiner

    async def _run_bounded(self, event_id: UUID, attempts: Sequence[Attempt]) -> list[Outcome]:
        try:
            async with asyncio.timeout(GROUP_SECONDS):
                return await self._run(event_id, attempts)
        except TimeoutError as error:
            raise refusal() from error

    async def _run(self, event_id: UUID, attempts: Sequence[Attempt]) -> list[Outcome]:
        async with self._database.gate(event_id) as session:
            outcomes = await scan_many(session, event_id, attempts, self.slices)
        for outcome in outcomes:
            if isinstance(outcome, Scanned):
                metrics.SCANS.inc(outcome.shown.value)
        self.hint(event_id)
        return outcomes
