"""What is known of somebody: everything with their contact, as they may see and take it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select, text

from pesan.catalog.models import Event
from pesan.catalog.zones import zone_of
from pesan.db import ReadSession
from pesan.kit.times import isoformat
from pesan.orders.models import Order
from pesan.payments.models import Payment, PaymentProof
from pesan.privacy.contacts import Contact
from pesan.privacy.models import Consent, PrivacyRequest
from pesan.tenancy.models import Merchant
from pesan.tickets.models import Ticket

# What somebody did at a booth; what staff noted of it is not theirs to read here.
_MOMENTS = ("starts_at", "ends_at", "arrived_at", "started_at", "finished_at", "expired_at", "override_at")
# The booth desk is above this module, so its table is named and not imported.
_SESSIONS = text(f"SELECT id, {', '.join(_MOMENTS)} FROM booth_sessions WHERE id = ANY (:ids)").bindparams(  # noqa: S608
    bindparam("ids", type_=ARRAY(Uuid()))
)
Row = TypeVar("Row", Ticket, Payment, PaymentProof, Consent)


async def read_dossier(session: ReadSession, contact: Contact) -> dict[str, Any]:
    """The person's data by organizer, made of plain values; the session sees what the contact's codes open."""
    mine = Order.code.in_(contact.order_codes), Order.email == contact.email
    query = (
        select(Order, Event, Merchant)
        .join(Event, Event.id == Order.event_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(*mine)
        .order_by(Merchant.name, Order.placed_at.desc())
    )
    rows = (await session.execute(query)).all()
    parts = await _parts(session, [order.id for order, _, _ in rows])
    organizers: dict[str, dict[str, Any]] = {}
    for order, event, merchant in rows:
        entry = organizers.setdefault(
            merchant.slug, {"name": merchant.name, "slug": merchant.slug, "bookings": []}
        )
        entry["bookings"].append(_booking(order, event, parts) | {"zone": zone_of(event, merchant)})
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    requests = await _requests(session, contact)
    return {
        "email": contact.email,
        "made_at": isoformat(now),
        "organizers": list(organizers.values()),
        "requests": requests,
    }


class _Parts:
    """What belongs to each order."""

    def __init__(self) -> None:
        self.tickets: dict[UUID, list[Ticket]] = defaultdict(list)
        self.payments: dict[UUID, list[Payment]] = defaultdict(list)
        self.proofs: dict[UUID, list[PaymentProof]] = defaultdict(list)
        self.consents: dict[UUID, list[Consent]] = defaultdict(list)
        self.sessions: dict[UUID, dict[str, Any]] = {}


async def _parts(session: ReadSession, order_ids: Sequence[UUID]) -> _Parts:
    found = _Parts()
    _sort(found.tickets, await _rows(session, Ticket, order_ids))
    _sort(found.payments, await _rows(session, Payment, order_ids))
    _sort(found.proofs, await _rows(session, PaymentProof, order_ids))
    _sort(found.consents, await _rows(session, Consent, order_ids))
    for order_id, *session_of in await session.execute(_SESSIONS, {"ids": list(order_ids)}):
        found.sessions[order_id] = _session(dict(zip(_MOMENTS, session_of, strict=True)))
    return found


async def _rows(session: ReadSession, kind: type[Row], order_ids: Sequence[UUID]) -> Sequence[Row]:
    return (await session.scalars(select(kind).where(kind.order_id.in_(order_ids)).order_by(kind.id))).all()


def _sort(by_order: dict[UUID, list[Row]], rows: Iterable[Row]) -> None:
    for row in rows:
        by_order[row.order_id].append(row)


def _session(moments: dict[str, datetime | None]) -> dict[str, str | None]:
    return {name: isoformat(moment) if moment else None for name, moment in moments.items()}


def _booking(order: Order, event: Event, parts: _Parts) -> dict[str, Any]:
    return {
        "code": order.code,
        "event": event.title,
        "state": order.state,
        "placed_at": isoformat(order.placed_at),
        "name": order.buyer_name,
        "whatsapp": order.wa,
        "email": order.email,
        "notes": order.notes,
        "total_amount": order.total_amount,
        "currency": order.currency,
        "session": parts.sessions.get(order.id),
        "tickets": [
            {"holder": ticket.holder_name, "state": ticket.state, "issued_at": isoformat(ticket.issued_at)}
            for ticket in parts.tickets[order.id]
        ],
        "payments": [
            {"amount": paid.amount, "state": paid.state, "made_at": isoformat(paid.created_at)}
            for paid in parts.payments[order.id]
        ],
        "proofs": [
            {"type": proof.mime, "size": proof.size, "sent_at": isoformat(proof.uploaded_at)}
            for proof in parts.proofs[order.id]
        ],
        "consents": [
            {
                "purpose": given.purpose,
                "guardian": given.guardian_name,
                "given_at": isoformat(given.given_at),
                "withdrawn_at": isoformat(given.withdrawn_at) if given.withdrawn_at else None,
            }
            for given in parts.consents[order.id]
        ],
    }


async def _requests(session: ReadSession, contact: Contact) -> list[dict[str, Any]]:
    query = (
        select(PrivacyRequest, Merchant.name)
        .join(Merchant, Merchant.id == PrivacyRequest.merchant_id)
        .where(PrivacyRequest.email == contact.email)
        .order_by(PrivacyRequest.asked_at)
    )
    return [
        {
            "organizer": name,
            "kind": request.kind,
            "state": request.state,
            "asked_at": isoformat(request.asked_at),
            "due_at": isoformat(request.due_at),
        }
        for request, name in await session.execute(query)
    ]
