"""The sale desk: every move of a sale goes through one combiner per process."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from pesan.capacity.errors import HoldPoolFull, SlotTaken
from pesan.capacity.models import ONE_AT_A_TIME
from pesan.db import Actor, Database
from pesan.db.waits import RETRY_AFTER_SECONDS, is_data_error, violates
from pesan.errors import Busy, PesanError
from pesan.kit import metrics
from pesan.kit.combiner import Combiner
from pesan.logging import get_logger
from pesan.orders.gate import Outcome, transition_many
from pesan.orders.moves import Move, Moved, Replayed
from pesan.orders.queries import list_due_holds
from pesan.orders.states import OF_BALANCE, OrderEvent, OrderState
from pesan.realtime import Hub

MAX_GROUP = 256
SWEEP_CHUNK = 500
# Sales that run at once in one process; each takes one connection while its group runs.
MAX_SALES_AT_ONCE = 6
# Longer than the server's own limit on a statement, which does not help when the server stands still.
GROUP_SECONDS = 15.0
_NOTHING_DUE_SECONDS = 0.5
_SERVER_ERROR = 500

log = get_logger(__name__)


class SaleDesk:
    """Where moves are handed in: grouped per sale, run in the order of arrival, announced when committed."""

    def __init__(self, database: Database, hub: Hub, *, max_group: int = MAX_GROUP) -> None:
        self._database = database
        self._hub = hub
        self._max_group = max_group
        self._combiners: dict[UUID, Combiner[Move, Moved | Replayed]] = {}
        self._slots = asyncio.Semaphore(MAX_SALES_AT_ONCE)
        self._releases: dict[UUID, asyncio.Task[int]] = {}
        self._nothing_due_until: dict[UUID, float] = {}

    async def submit(self, move: Move) -> Moved | Replayed:
        """The committed outcome of one move; raises the PesanError that refused it.

        A placement that finds the holds' share full gives expired holds back, in a transaction of its own, and is
        tried once more; late money does so before it asks for places.
        """
        if move.event is OrderEvent.PAY_LATE:
            await self._release_expired(move.sale_id)
        try:
            return await self._submit(move)
        except HoldPoolFull:
            if not await self._release_expired(move.sale_id):
                raise
        return await self._submit(move)

    async def submit_all(self, moves: Sequence[Move]) -> list[Moved | Replayed | BaseException]:
        """The outcomes of many moves, refusals among them, in their order."""
        return await asyncio.gather(*(self._submit(move) for move in moves), return_exceptions=True)

    async def expire_due(self, sale_id: UUID | None = None) -> int:
        """Expire every hold whose time is over, of one sale or of all, in chunks; returns how many were found.

        Another process may have been first with some. Raises what kept a whole chunk from expiring.
        """
        found = 0
        while True:
            async with self._database.sale() as session:
                due = await list_due_holds(session, sale_id=sale_id, limit=SWEEP_CHUNK)
            outcomes = await self.submit_all([_expiry(order_id, event_id) for order_id, event_id in due])
            found += len(due)
            _require_progress(outcomes)
            if len(due) < SWEEP_CHUNK:
                return found

    async def _submit(self, move: Move) -> Moved | Replayed:
        combiner = self._combiners.get(move.sale_id)
        if combiner is None:
            combiner = self._open(move.sale_id)
        try:
            return await combiner.submit(move)
        finally:
            # Every waiter of the last group comes by here; meanwhile the sale may have a new combiner, which must stay,
            # or moves that should share a group queue for the pool's row one by one.
            if combiner.is_idle and self._combiners.get(move.sale_id) is combiner:
                del self._combiners[move.sale_id]

    def _open(self, sale_id: UUID) -> Combiner[Move, Moved | Replayed]:
        combiner: Combiner[Move, Moved | Replayed] = Combiner(
            self._run_group,
            is_divisible=is_data_error,
            max_group=self._max_group,
        )
        self._combiners[sale_id] = combiner
        return combiner

    async def _run_group(self, moves: Sequence[Move]) -> list[Outcome]:
        try:
            async with asyncio.timeout(GROUP_SECONDS), self._slots, self._database.sale() as session:
                outcomes = await transition_many(session, moves)
        except TimeoutError as error:
            # A database that hears but does not answer; whether it committed, nobody knows.
            raise Busy(retry_after=RETRY_AFTER_SECONDS) from error
        except IntegrityError as error:
            # The last word on times; a group that hears it is divided first, so that the others go through.
            if len(moves) > 1 or not violates(error, ONE_AT_A_TIME):
                raise
            raise SlotTaken from error
        for move, outcome in zip(moves, outcomes, strict=True):
            self._announce(move, outcome)
        return outcomes

    def _announce(self, move: Move, outcome: Outcome) -> None:
        """Hints and counters after the commit; whatever happens here, the outcome stands."""
        try:
            _count(move, outcome)
            if isinstance(outcome, Moved):
                self._hint(move, outcome)
        except Exception:
            log.exception("a committed move could not be announced", order=str(move.order_id))

    def _hint(self, move: Move, moved: Moved) -> None:
        self._hub.hint(f"order:{moved.order_id}")
        self._hub.hint(f"event:{moved.event_id}")
        if moved.state is OrderState.REVIEW or move.event in _LEAVES_REVIEW:
            self._hub.hint(f"review:{moved.merchant_id}")

    async def _release_expired(self, sale_id: UUID) -> int:
        """How many expired holds were found; one search at a time per sale, and none at once after an empty one.

        Refusals come in storms, and holds that another process expired meanwhile are places as well.
        """
        if monotonic() < self._nothing_due_until.get(sale_id, 0.0):
            return 0
        task = self._releases.get(sale_id)
        if task is None:
            task = asyncio.create_task(self.expire_due(sale_id))
            self._releases[sale_id] = task
            task.add_done_callback(lambda _: self._releases.pop(sale_id, None))
        found = await asyncio.shield(task)
        if not found:
            self._remember_nothing_due(sale_id)
        return found

    def _remember_nothing_due(self, sale_id: UUID) -> None:
        now = monotonic()
        self._nothing_due_until = {
            sale: until for sale, until in self._nothing_due_until.items() if until > now
        }
        self._nothing_due_until[sale_id] = now + _NOTHING_DUE_SECONDS


_COUNTERS = {
    OrderEvent.PLACE: metrics.HOLDS_CREATED,
    OrderEvent.EXPIRE: metrics.HOLDS_EXPIRED,
    OrderEvent.SUBMIT_PROOF: metrics.PROOFS_UPLOADED,
    OrderEvent.APPROVE: metrics.PROOFS_APPROVED,
    OrderEvent.REJECT: metrics.PROOFS_REJECTED,
}
_LEAVES_REVIEW = (
    frozenset({OrderEvent.APPROVE, OrderEvent.REJECT, OrderEvent.PAY, OrderEvent.CANCEL}) | OF_BALANCE
)


def _count(move: Move, outcome: Outcome) -> None:
    if isinstance(outcome, Moved) and (counter := _COUNTERS.get(move.event)) is not None:
        counter.inc()
    elif isinstance(outcome, PesanError) and move.event is OrderEvent.PLACE:
        metrics.HOLDS_REFUSED.inc(outcome.code)


def _require_progress(outcomes: Sequence[Moved | Replayed | BaseException]) -> None:
    """A refusal means that somebody was first; anything else must not pass in silence."""
    faults = [
        outcome for outcome in outcomes if isinstance(outcome, BaseException) and not _is_refusal(outcome)
    ]
    for fault in faults[:1]:
        log.error("holds could not be expired", count=len(faults), error=type(fault).__name__)
    if faults and len(faults) == len(outcomes):
        raise faults[0]


def _is_refusal(outcome: BaseException) -> bool:
    return isinstance(outcome, PesanError) and outcome.status < _SERVER_ERROR


def _expiry(order_id: UUID, event_id: UUID) -> Move:
    return Move(OrderEvent.EXPIRE, event_id, Actor.system("expiry"), order_id)
