"""Idempotency inside a group: replays, reused keys, and duplicates that share one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pesan.db import WriteSession
from pesan.errors import PesanError
from pesan.idempotency.errors import KeyInFlight, KeyReused
from pesan.idempotency.service import InFlight, Mismatch, Replay, Wanted, lock_and_find
from pesan.orders.moves import Move, Moved, Replayed

Outcome = Moved | Replayed | PesanError


@dataclass(frozen=True, slots=True)
class Keys:
    """What the keys of a group decide: indices to run, outcomes known already, and who follows whom."""

    fresh: list[int]
    known: Mapping[int, Outcome]
    leaders: Mapping[int, int]
    moves: Sequence[Move]

    def spread(self, outcomes: Mapping[int, Outcome]) -> list[Outcome]:
        """One outcome per move, duplicates answered like the move that they repeat."""
        decided = {**self.known, **outcomes}
        return [
            decided[index] if index in decided else self._follow(index, decided)
            for index in range(len(self.moves))
        ]

    def _follow(self, index: int, decided: Mapping[int, Outcome]) -> Outcome:
        leader = self.leaders[index]
        outcome, original = decided[leader], self.moves[leader]
        if isinstance(outcome, Moved) and original.render is not None:
            return Replayed(original.render(outcome))
        return outcome


async def resolve_keys(session: WriteSession, moves: Sequence[Move]) -> Keys:
    """Lock the keys of a group (sorted, without waiting) and find what was answered before.

    **Locks** one advisory lock per key until the transaction ends.
    """
    first: dict[tuple[str, str], int] = {}
    leaders: dict[int, int] = {}
    known: dict[int, Outcome] = {}
    for index, move in enumerate(moves):
        if move.wanted is None:
            continue
        leader = first.setdefault((move.wanted.scope, move.wanted.key), index)
        if leader == index:
            continue
        if moves[leader].wanted == move.wanted:
            leaders[index] = leader
        else:
            known[index] = KeyReused()
    known |= await _look_up(session, moves, list(first.values()))
    fresh = [index for index in range(len(moves)) if index not in known and index not in leaders]
    return Keys(fresh, known, leaders, moves)


async def _look_up(
    session: WriteSession, moves: Sequence[Move], indices: Sequence[int]
) -> dict[int, Outcome]:
    wanted: list[tuple[int, Wanted]] = []
    for index in indices:
        key = moves[index].wanted
        if key is not None:
            wanted.append((index, key))
    if not wanted:
        return {}
    found = await lock_and_find(session, [key for _, key in wanted])
    known: dict[int, Outcome] = {}
    for (index, _), status in zip(wanted, found, strict=True):
        if isinstance(status, Replay):
            known[index] = Replayed(status.answer)
        elif isinstance(status, InFlight):
            known[index] = KeyInFlight()
        elif isinstance(status, Mismatch):
            known[index] = KeyReused()
    return known
