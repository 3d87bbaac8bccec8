"""Public answers that are the same for everybody: made once for each version of what they show."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from pesan.jastip.queries.profiles import Version

_MOST = 256


class Shelf:
    """The answers that a process made last; which version counts is asked of the database each time.

    So that a change is seen by the next request in every process, whoever made it and wherever.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[Version, bytes] = OrderedDict()

    async def take(self, version: Version, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer of this version; what `make` makes meanwhile may be newer, and never older."""
        body = self._answers.pop(version, None)
        if body is None:
            body = await make()
        self._answers[version] = body
        if len(self._answers) > _MOST:
            self._answers.popitem(last=False)
        return body
