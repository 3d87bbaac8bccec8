"""The time that every answer carries, so that a countdown does not depend on the phone's clock."""

import time


class ServerClock:
    """Now, in UTC with milliseconds, corrected to the database's clock once the difference was measured.

    Deadlines are set by the database, so the time that clients count from must be the database's too.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self._second = -1
        self._prefix = b""

    def now(self) -> float:
        """Seconds of the epoch, by the database's clock as far as it is known."""
        return time.time() + self.offset

    def stamp(self) -> bytes:
        """`2026-11-21T10:47:43.123Z`."""
        now = time.time() + self.offset
        second = int(now)
        if second != self._second:
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode("ascii")
            self._second = second
        return b"%s.%03dZ" % (self._prefix, int((now - second) * 1000))
