"""How many streams may be open: few enough that plain requests are always answered."""

from collections import Counter

from pesan.kit import metrics
from pesan.realtime.errors import StreamsBusy

RETRY_AFTER_SECONDS = 10


class StreamGate:
    """Counts the open streams of one process, in all and per peer."""

    def __init__(self, *, total: int, per_peer: int) -> None:
        self._total = total
        self._per_peer = per_peer
        self._open: Counter[str] = Counter()

    def enter(self, peer: str) -> "Place":
        """A place for one stream of `peer`; raises StreamsBusy."""
        if self._open.total() >= self._total or self._open[peer] >= self._per_peer:
            raise StreamsBusy(retry_after=RETRY_AFTER_SECONDS)
        self._open[peer] += 1
        metrics.STREAMS_OPEN.inc()
        return Place(self, peer)

    def count(self) -> int:
        """How many streams are open."""
        return self._open.total()

    def release(self, peer: str) -> None:
        """Give one place of `peer` back."""
        self._open[peer] -= 1
        if not self._open[peer]:
            del self._open[peer]
        metrics.STREAMS_OPEN.inc(-1)


class Place:
    """One stream's place; leaving it twice does no harm."""

    def __init__(self, gate: StreamGate, peer: str) -> None:
        self._gate = gate
        self._peer = peer
        self._is_taken = True

    def leave(self) -> None:
        """Make room for another."""
        if self._is_taken:
            self._is_taken = False
            self._gate.release(self._peer)
