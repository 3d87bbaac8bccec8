"""One booking put together from the features that know a part of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit.queries import Record, list_entries
from pesan.catalog.models import Event
from pesan.chats.models import ChatMessage
from pesan.chats.queries import map_messages
from pesan.checkout.resending import find_letter
from pesan.checkout.returning import read_shares
from pesan.db import ReadSession
from pesan.identity.models import User
from pesan.notifications.models import Delivery, Notification
from pesan.notifications.queries import list_deliveries
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.models import Order
from pesan.payments.models import Payment, PaymentMethod, PaymentProof
from pesan.payments.queries import Duplicate, find_duplicate_proofs, list_methods, list_payments, list_proofs
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.queries import list_refunds
from pesan.privacy.models import Consent
from pesan.privacy.states import Purpose
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets


@dataclass(frozen=True, slots=True)
class Parts:
    """What was loaded about one booking."""

    event: Event
    payments: Sequence[Payment]
    methods: dict[UUID, PaymentMethod]
    proofs: Sequence[PaymentProof]
    duplicates: Sequence[Duplicate]
    refunds: Sequence[Refund]
    tickets: Sequence[Ticket]
    shares: Mapping[UUID, int]
    records: Sequence[Record]
    names: dict[UUID, str]
    letters: Sequence[tuple[Notification, Delivery]]
    chats: Mapping[UUID, ChatMessage]
    letter: Kind | None
    now: datetime
    guardian: str | None = None


async def load_parts(session: ReadSession, order: Order) -> Parts:
    """Everything that the booking's page shows, as far as the session's actor may see it."""
    records = await list_entries(session, order.id)
    actors = {record.entry.actor_id for record in records} | {order.decided_by}
    rows = await session.execute(select(User.id, User.name).where(User.id.in_(actors - {None})))
    methods = await list_methods(session, order.merchant_id)
    tickets = await list_tickets(session, order.id)
    letters = await list_deliveries(session, order.id)
    by_chat = [told.id for _, told in letters if told.channel == ChannelName.WHATSAPP]
    given = Consent.order_id == order.id, Consent.purpose == Purpose.GUARDIAN, Consent.withdrawn_at.is_(None)
    guardian = select(Consent.guardian_name).where(*given).scalar_subquery()
    at_once = select(Event, func.clock_timestamp(), guardian).where(Event.id == order.event_id)
    event, now, guardian_name = (await session.execute(at_once)).one()
    return Parts(
        event=event,
        payments=await list_payments(session, order.id),
        methods={method.id: method for method in methods},
        proofs=await list_proofs(session, order.id),
        duplicates=await find_duplicate_proofs(session, order.id),
        refunds=await list_refunds(session, order.id),
        tickets=tickets,
        shares=await read_shares(session, order, tickets),
        records=records,
        names={user_id: name for user_id, name in rows},  # noqa: C416  a row is a tuple, which mypy cannot see
        letters=letters,
        chats=await map_messages(session, by_chat),
        letter=await find_letter(session, order),
        now=now,
        guardian=guardian_name,
    )
