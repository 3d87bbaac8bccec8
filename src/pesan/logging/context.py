"""Which request a line belongs to, wherever in the code it is written."""

from contextvars import ContextVar
from typing import Protocol


class RequestFields(Protocol):
    """What every line written during a request carries; nothing here is personal."""

    def log_fields(self) -> dict[str, str]:
        """Request id, trace id, and route and merchant once they are known."""
        ...


CURRENT_REQUEST: ContextVar[RequestFields | None] = ContextVar("current_request", default=None)
