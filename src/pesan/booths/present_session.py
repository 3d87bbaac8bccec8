"""From a booked session to its page."""

from markupsafe import Markup

from pesan.booths.models import Booth, BoothSession
from pesan.booths.present import show_outlet
from pesan.booths.queries.sessions import Booked
from pesan.booths.queries.showing import Shown
from pesan.booths.rescheduling import is_movable, last_moment
from pesan.booths.states import SessionState
from pesan.booths.views import SessionView
from pesan.booths.words import SESSION_WORDS
from pesan.checkout.links import session_path, status_path
from pesan.tickets.render.pictures import qr_svg


def stamp_of(booked: Booked, session: BoothSession) -> str:
    """Differs whenever the session's page does."""
    return f"{booked.order.state}.{booked.state}.{session.resource}.{session.starts_at.timestamp():.0f}"


def show_session(
    booked: Booked, session: BoothSession, booth: Booth, shown: Shown, *, origin: str
) -> SessionView:
    """A paid booking's session."""
    order, state = booked.order, booked.state
    files = status_path(order.code)
    can_move = is_movable(session, shown.outlet, booked.now) and shown.is_open
    return SessionView(
        code=order.code,
        state=state,
        word=SESSION_WORDS[state],
        card=show_outlet(shown),
        booth=booth.name,
        buyer_name=order.buyer_name,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        arrive_until=session.arrive_until,
        stamp=stamp_of(booked, session),
        url=origin + files,
        path=session_path(order.code),
        files=files,
        total_amount=order.total_amount,
        due_at=session.due_at,
        movable_until=last_moment(session, shown.outlet) if can_move else None,
        qr=_draw(origin + files) if state is SessionState.AWAITING_CUSTOMER else Markup(),
        notes=order.notes or "",
    )


def _draw(address: str) -> Markup:
    return Markup(qr_svg(address, title="QR"))  # noqa: S704 - drawn here; the address is ours
