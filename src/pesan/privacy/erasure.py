"""Taking people out of what has to stay: amounts, states and the ledger remain, names and contacts do not."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, or_, select, text, update

from pesan.audit.erasure import erase
from pesan.catalog.models import Event
from pesan.db import Actor, ReadSession, WriteSession
from pesan.orders.locks import lock_orders
from pesan.orders.models import Order
from pesan.orders.queries import ends_at_of_order
from pesan.orders.states import SHIPPED, SLOTTED, OrderState
from pesan.payments.models import PaymentProof
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.states import OPEN
from pesan.privacy.models import Consent
from pesan.privacy.states import ERASED
from pesan.risk.models import RiskReview, RiskTrace
from pesan.tickets.models import Ticket, TicketTransfer

_OVER = (OrderState.EXPIRED, OrderState.REJECTED, OrderState.CANCELLED, OrderState.REFUNDED)
# What banks and providers wrote about those who paid; fingerprints and amounts stay, so that nothing counts twice.
PAID_BY = (
    text(
        "UPDATE bank_lines SET description = :erased WHERE id IN"
        " (SELECT line_id FROM bank_matches WHERE order_id = ANY (:ids))"
    ),
    text(
        # Each name has its own index, so each is looked up by its own.
        "UPDATE webhook_events SET body = '' WHERE id IN (SELECT w.id FROM payments p JOIN webhook_events w"
        " ON w.account_id = p.gateway_account_id AND w.reference = p.reference WHERE p.order_id = ANY (:ids)"
        " UNION ALL SELECT w.id FROM payments p JOIN webhook_events w"
        " ON w.account_id = p.gateway_account_id AND w.provider_ref = p.provider_ref WHERE p.order_id = ANY (:ids)"
        # A merchant's own program names the booking itself.
        " UNION ALL SELECT w.id FROM orders o JOIN gateway_accounts a"
        " ON a.merchant_id = o.merchant_id AND a.provider = 'confirm' JOIN webhook_events w"
        " ON w.account_id = a.id AND w.reference IN (o.code, o.id::text) WHERE o.id = ANY (:ids))"
    ),
)


# The booth desk is above this module, so its table is named and not imported.
_FORGET_OVERRIDES = text(
    "UPDATE booth_sessions SET override_reason = :erased, replaced = CASE WHEN replaced ->> 'override_reason' IS NULL"
    " THEN replaced ELSE replaced || jsonb_build_object('override_reason', CAST(:erased AS text)) END"
    " WHERE id = ANY (:ids) AND override_reason IS NOT NULL"
)
# Nor the jastip desk's: what was written to whoever ordered, and that they took part, where nothing else is on record.
_FORGET_CHATS = text(
    "UPDATE chat_messages m SET body = NULL, template = NULL, to_wa = NULL, to_user_id = NULL FROM orders o"
    " WHERE o.id = ANY (:ids) AND m.event_id = o.event_id AND m.to_wa = o.wa AND m.state NOT IN ('queued', 'sending')"
)
_FORGET_PARTICIPANTS = text(
    "UPDATE participants p SET name = :erased, wa = NULL, wa_user_id = NULL, erased_at = clock_timestamp()"
    " WHERE p.id IN (SELECT participant_id FROM trip_orders WHERE order_id = ANY (:ids)) AND NOT EXISTS"
    " (SELECT 1 FROM trip_orders t JOIN orders o ON o.id = t.order_id"
    " WHERE t.participant_id = p.id AND o.erased_at IS NULL)"
)
# What they said of the jastiper under their masked name; the score counts on.
_FORGET_RATINGS = text("UPDATE ratings SET words = '', shown_name = :erased WHERE order_id = ANY (:ids)")
# What the jastiper wrote with another price; the prices stay.
_FORGET_PRICES = text("UPDATE price_proposals SET note = '' WHERE order_id = ANY (:ids)")


def over_at() -> ColumnElement[datetime]:
    """When what was bought is over: a booth's time, the sending of a parcel, or else the event, which a query joins."""
    return case(
        (Order.fulfilment.in_(SLOTTED), ends_at_of_order()),
        (Order.fulfilment.in_(SHIPPED), Order.ended_at),
        else_=Event.ends_at,
    )


def is_over() -> ColumnElement[bool]:
    """Whether nothing about an order needs its buyer any more: for a query that joins its event."""
    owed = exists().where(Refund.order_id == Order.id, Refund.state.in_(OPEN))
    was_held = and_(Order.state == OrderState.COMPLETED, over_at() < func.clock_timestamp())
    return and_(or_(Order.state.in_(_OVER), was_held), ~owed)


async def list_erasable(session: ReadSession, merchant_id: UUID, email: str, *, limit: int) -> Sequence[UUID]:
    """Orders of an address at a merchant that are over and not erased yet."""
    mine = Order.merchant_id == merchant_id, Order.email == email, Order.erased_at.is_(None)
    query = select(Order.id).join(Event, Event.id == Order.event_id).where(*mine, is_over())
    return (await session.scalars(query.order_by(Order.id).limit(limit))).all()


async def has_running(session: ReadSession, merchant_id: UUID, email: str) -> bool:
    """Whether something of an address at a merchant still goes on."""
    mine = Order.merchant_id == merchant_id, Order.email == email
    query = select(Order.id).join(Event, Event.id == Order.event_id).where(*mine, ~is_over())
    return await session.scalar(query.limit(1)) is not None


async def erase_orders(
    session: WriteSession, wanted: Sequence[UUID], *, reason: str, actor: Actor
) -> list[str]:
    """Take the buyers out of those of a batch of orders that are over; returns the objects to delete after the commit.

    **Locks** the orders. Whatever names them goes: contacts, holders, proofs, refunds' reasons and references, why a
    session was overridden, what they said of a jastiper and were told of prices, what banks and providers wrote, and
    the personal part of their history, which says that and why.
    """
    await lock_orders(session, wanted)
    order_ids = await _still_over(session, wanted)
    # While the orders still say which number is meant.
    await session.execute(_FORGET_CHATS, {"ids": list(order_ids)})
    await session.execute(
        update(Order)
        .where(Order.id.in_(order_ids))
        .values(
            buyer_name=ERASED,
            wa=None,
            email=None,
            notes=None,
            ip_digest=None,
            network_digest=None,
            device_digest=None,
            ip_country=None,
            reject_reason=None,
            user_id=None,
            erased_at=func.clock_timestamp(),
        )
    )
    await session.execute(update(Ticket).where(Ticket.order_id.in_(order_ids)).values(holder_name=ERASED))
    await _erase_transfers(session, order_ids)
    await _erase_refunds(session, order_ids)
    await _end_consents(session, order_ids)
    await _erase_risk(session, order_ids)
    for statement in (*PAID_BY, _FORGET_OVERRIDES, _FORGET_PARTICIPANTS, _FORGET_RATINGS, _FORGET_PRICES):
        await session.execute(statement, {"ids": list(order_ids), "erased": ERASED})
    proofs = (
        delete(PaymentProof).where(PaymentProof.order_id.in_(order_ids)).returning(PaymentProof.object_key)
    )
    keys = list(await session.scalars(proofs))
    for order_id in order_ids:
        await erase(session, kind=Order.audit_kind, subject_id=order_id, reason=reason, actor=actor)
    return keys


async def _still_over(session: ReadSession, order_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Asked again under the lock: late money may have brought one back to life."""
    query = select(Order.id).join(Event, Event.id == Order.event_id).where(Order.id.in_(order_ids), is_over())
    return (await session.scalars(query.order_by(Order.id))).all()


async def _erase_transfers(session: WriteSession, order_ids: Sequence[UUID]) -> None:
    nobody = {"from_name": ERASED, "to_name": ERASED, "to_email": None, "to_wa": None}
    mine = TicketTransfer.order_id.in_(order_ids)
    await session.execute(update(TicketTransfer).where(mine).values(nobody))


async def _erase_refunds(session: WriteSession, order_ids: Sequence[UUID]) -> None:
    mine = Refund.order_id.in_(order_ids)
    await session.execute(update(Refund).where(mine).values(reason=None))
    named = mine, Refund.reference.is_not(None)
    await session.execute(update(Refund).where(*named).values(reference=ERASED))


async def _erase_risk(session: WriteSession, order_ids: Sequence[UUID]) -> None:
    """What was found stays as numbers; by what, and what somebody wrote about it, does not."""
    await session.execute(delete(RiskTrace).where(RiskTrace.order_id.in_(order_ids)))
    noted = RiskReview.order_id.in_(order_ids), RiskReview.note.is_not(None)
    await session.execute(update(RiskReview).where(*noted).values(note=ERASED))


async def _end_consents(session: WriteSession, order_ids: Sequence[UUID]) -> None:
    given = Consent.order_id.in_(order_ids), Consent.withdrawn_at.is_(None)
    await session.execute(update(Consent).where(*given).values(withdrawn_at=func.clock_timestamp()))
    named = Consent.order_id.in_(order_ids), Consent.guardian_name.is_not(None)
    await session.execute(update(Consent).where(*named).values(guardian_name=ERASED))
