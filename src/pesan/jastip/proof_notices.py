"""Telling a jastiper that somebody sent a proof of payment, of the order or of its balance."""

from datetime import datetime
from uuid import UUID, uuid5

from pesan.catalog.models import Event
from pesan.chats.catalogue import BALANCE_NOTICE, CATALOGUE, PROOF_NOTICE
from pesan.chats.outbox import Outgoing, say
from pesan.chats.states import Line
from pesan.db import WriteSession
from pesan.kit.i18n import DEFAULT_LOCALE, Text
from pesan.kit.money import format_rupiah
from pesan.messaging.whatsapp.limits import MAX_BODY, MAX_LABEL
from pesan.messaging.whatsapp.shapes import Link, fit
from pesan.orders.dues import due_now, owes_balance
from pesan.orders.errors import OrderNotFound
from pesan.orders.models import Order
from pesan.orders.queries import get_order
from pesan.orders.states import OrderState
from pesan.tenancy.models import Merchant

_NOTICE = Text(
    id="Bukti bayar baru dari {buyer_name}\n{trip_title}, pesanan {order_code}: {amount}",
    en="A new proof of payment from {buyer_name}\n{trip_title}, order {order_code}: {amount}",
)
_BALANCE = Text(
    id="Bukti pelunasan baru dari {buyer_name}\n{trip_title}, pesanan {order_code}: sisanya {amount}",
    en="A new proof of the rest from {buyer_name}\n{trip_title}, order {order_code}: {amount} is left",
)
_LABEL = Text(id="Periksa bukti", en="Check the proof")


async def tell_jastiper(session: WriteSession, order_id: UUID, *, base_url: str) -> None:
    """Write to the number that the jastiper gave, once for each proof; nothing where it was looked at by now."""
    try:
        order = await get_order(session, order_id)
    except OrderNotFound:
        return
    merchant = await session.get_one(Merchant, order.merchant_id)
    since = _waits_since(order)
    if since is None or merchant.contact_wa is None:
        return
    event = await session.get_one(Event, order.event_id)
    facts = {
        "buyer_name": order.buyer_name,
        "trip_title": event.title,
        "order_code": order.code,
        "amount": format_rupiah(due_now(order)),
    }
    key, notice = (BALANCE_NOTICE, _BALANCE) if owes_balance(order) else (PROOF_NOTICE, _NOTICE)
    template, path = CATALOGUE[key], f"/organizer/{merchant.slug}/review/{order.code}"
    message = Outgoing(
        id=uuid5(order.id, f"{key}:{since.isoformat()}"),
        line=Line.PROOF_NOTIFY,
        category=template.category,
        to_wa=merchant.contact_wa,
        body=Link(
            fit(notice.in_(DEFAULT_LOCALE, **facts), MAX_BODY),
            fit(_LABEL.in_(DEFAULT_LOCALE), MAX_LABEL),
            f"{base_url.rstrip('/')}{path}",
        ),
        template=template.use(DEFAULT_LOCALE, facts, path=path),
        merchant_id=order.merchant_id,
        event_id=order.event_id,
    )
    await say(session, [message])


def _waits_since(order: Order) -> datetime | None:
    """Since when a proof waits that somebody should look at; several of one balance come at several times."""
    if owes_balance(order):
        return order.balance_submitted_at
    return order.submitted_at if order.state == OrderState.REVIEW else None
