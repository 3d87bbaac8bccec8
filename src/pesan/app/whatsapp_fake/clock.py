"""The time of the fake: the machine's own, until somebody moves it."""

import time

DAY = 86_400


class Clock:
    """Seconds since 1970. It can be moved forward, and stopped so that a test can stand on a boundary."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._stopped_at: float | None = None

    def now(self) -> float:
        """The moment it is."""
        return self._stopped_at if self._stopped_at is not None else time.time() + self._ahead

    def forward(self, seconds: float) -> None:
        """Let time pass at once."""
        if self._stopped_at is not None:
            self._stopped_at += seconds
        else:
            self._ahead += seconds

    def stop(self) -> None:
        """Stand still on a whole second."""
        self._stopped_at = float(int(self.now()))

    def go(self) -> None:
        """Run on from here."""
        if self._stopped_at is not None:
            self._ahead = self._stopped_at - time.time()
            self._stopped_at = None

    def reset(self) -> None:
        """Back to the machine's time."""
        self._ahead, self._stopped_at = 0.0, None
