"""How often one number may write to one customer: a message in six seconds, and up to 45 at once."""

from pesan.app.whatsapp_fake.clock import Clock
from pesan.app.whatsapp_fake.errors import GraphError

BURST, SECONDS_A_MESSAGE = 45, 6.0
TOO_OFTEN = 131056


class PairRate:
    """A bucket of messages for each pair of number and customer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at: dict[tuple[str, str], float] = {}

    def count(self, sender: str, wa: str) -> None:
        """Raises GraphError when the bucket is empty."""
        now = self._clock.now()
        full_at = max(now, self._full_at.get((sender, wa), 0.0)) + SECONDS_A_MESSAGE
        if full_at - now > BURST * SECONDS_A_MESSAGE:
            raise GraphError(TOO_OFTEN, "Too many messages sent from this number to the same recipient.")
        self._full_at[sender, wa] = full_at

    def clear(self) -> None:
        """Every bucket is full."""
        self._full_at.clear()
