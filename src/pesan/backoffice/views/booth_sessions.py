"""What the page of one session shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pesan.backoffice.forms.state import FormState
from pesan.backoffice.views.bookings import TrailEntry
from pesan.backoffice.views.booth_board import OutletFrame
from pesan.backoffice.views.codes import Naming
from pesan.booths.queries.sessions import Booked
from pesan.booths.states import OVERRIDES, SessionState


@dataclass(frozen=True, slots=True)
class SessionPage:
    """A session with where staff may put it, and its history; `came_from` is where undoing puts it back."""

    path: str
    code: str
    booking_path: str
    customer: str
    state: str
    booth: str
    starts_at: datetime
    ends_at: datetime
    times: Sequence[tuple[str, datetime]]
    targets: Sequence[str]
    came_from: str
    reason: str
    trail: Sequence[TrailEntry]
    form: FormState
    done: str = ""
    problem: str = ""


_TIMES = ("arrive_until", "arrived_at", "started_at", "due_at", "finished_at", "expired_at", "override_at")


def session_page(
    booked: Booked,
    outlet: OutletFrame,
    naming: Naming,
    trail: Sequence[TrailEntry],
    *,
    form: FormState | None = None,
    done: str = "",
    problem: str = "",
) -> SessionPage:
    """The page's view."""
    order, session = booked.order, booked.session
    return SessionPage(
        path=f"{outlet.path}/sessions/{order.id}",
        code=naming.code(order.code),
        booking_path=naming.booking(order.id, order.code),
        customer=order.buyer_name,
        state=booked.state.value,
        booth=booked.booth.name if booked.booth else "–",
        starts_at=booked.starts_at,
        ends_at=booked.ends_at,
        times=[(name, getattr(session, name)) for name in _TIMES if session and getattr(session, name)],
        targets=_targets(booked),
        came_from=session.overridden_from or "" if session and booked.state == session.state else "",
        reason=session.override_reason or "" if session else "",
        trail=trail,
        form=form or FormState(),
        done=done,
        problem=problem,
    )


def _targets(booked: Booked) -> Sequence[str]:
    """Where it may be put, in the order of a session's life; a booking that ended unpaid is only looked at."""
    if booked.session is None and booked.state is not SessionState.PENDING_PAYMENT:
        return ()
    return [state.value for state in SessionState if state in OVERRIDES[booked.state]]
