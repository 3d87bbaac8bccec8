"""What an outlet's feed says of a session: whose it is by a masked name, and nothing by which to reach them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pesan.booths.feed import FeedEvent
from pesan.booths.kinds import FeedKind
from pesan.booths.moves import SessionFacts
from pesan.booths.states import SessionState
from pesan.kit.names import mask_name
from pesan.kit.times import isoformat


def event_of(session: SessionFacts, kind: FeedKind, at: datetime) -> FeedEvent:
    """A change of a session as everybody who looks at its outlet may read it."""
    return FeedEvent(
        event_id=session.event_id,
        merchant_id=session.merchant_id,
        kind=kind,
        session_id=session.id,
        booth_id=session.booth_id,
        payload=_payload(session, at),
    )


def rejected(
    order_id: UUID, *, merchant_id: UUID, event_id: UUID, booth_id: UUID | None, at: datetime
) -> FeedEvent:
    """A booking that ended unpaid, and so never had a session."""
    payload = {
        "sessionId": str(order_id),
        "boothId": str(booth_id) if booth_id else None,
        "state": SessionState.EXPIRED.value,
        "serverTime": isoformat(at),
    }
    return FeedEvent(event_id, merchant_id, FeedKind.SESSION_REJECTED, payload, order_id, booth_id)


def outlet_changed(event_id: UUID, merchant_id: UUID, *, booth_id: UUID | None = None) -> FeedEvent:
    """Something about the outlet itself: whoever looks at it reads it anew."""
    return FeedEvent(event_id, merchant_id, FeedKind.OUTLET_CHANGED, {}, booth_id=booth_id)


def _payload(session: SessionFacts, at: datetime) -> dict[str, Any]:
    return {
        "sessionId": str(session.id),
        "boothId": str(session.booth_id),
        "state": session.state.value,
        "startsAt": isoformat(session.starts_at),
        "endsAt": isoformat(session.ends_at),
        "dueAt": isoformat(session.due_at) if session.due_at else None,
        "customer": mask_name(session.customer_name.split(" ")[0]),
        "serverTime": isoformat(at),
    }
