"""What people ask about their data, as staff see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pesan.backoffice.views.review import Contact
from pesan.privacy.models import PrivacyRequest
from pesan.privacy.states import RequestState


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request; `hours_left` is below zero when the answer is overdue."""

    id: UUID
    kind: str
    state: str
    contacts: Sequence[str]
    name: str | None
    wa: Sequence[str]
    reason: str | None
    asked_at: datetime
    due_at: datetime
    waiting_minutes: int
    hours_left: int
    path: str
    can_decide: bool

    @property
    def is_late(self) -> bool:
        """Whether the law's time is over."""
        return self.state == RequestState.OPEN and self.hours_left < 0


def request_row(request: PrivacyRequest, now: datetime, shop_path: str, *, is_open: bool) -> RequestRow:
    """A request as a card; `is_open` shows contacts whole, to those who decide."""
    return RequestRow(
        id=request.id,
        kind=request.kind,
        state=request.state,
        contacts=Contact(None, request.email, is_open).lines,
        name=request.name,
        wa=Contact(request.wa, None, is_open).lines,
        reason=request.reason,
        asked_at=request.asked_at,
        due_at=request.due_at,
        waiting_minutes=int((now - request.asked_at).total_seconds()) // 60,
        hours_left=int((request.due_at - now).total_seconds() // 3600),
        path=f"{shop_path}/privacy/{request.id}",
        can_decide=is_open and request.state == RequestState.OPEN,
    )
