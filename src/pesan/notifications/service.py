"""Writing notifications, the record of their deliveries, and the words that merchants choose for them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from pesan.audit import changed_values, record
from pesan.db import Actor, WriteSession
from pesan.jobs import enqueue_many
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_id
from pesan.notifications.channels import Channels
from pesan.notifications.locks import lock_delivery
from pesan.notifications.models import Delivery, LetterTemplate, Notification
from pesan.notifications.queries import find_own_words
from pesan.notifications.states import ChannelName, DeliveryState, Kind
from pesan.notifications.wording import OwnWords, default_words
from pesan.tenancy.models import Merchant

DELIVER_TASK = "notifications.deliver"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery about to be tried, recorded before the network is touched."""

    delivery_id: UUID
    order_id: UUID
    kind: Kind
    channel: ChannelName
    message_id: str
    occasion: str = ""


async def notify(
    session: WriteSession,
    *,
    order_id: UUID,
    merchant_id: UUID,
    kind: Kind,
    channels: Sequence[ChannelName],
    occasion: str = "",
) -> bool:
    """Say something about an order, once, by each of `channels`; False when it was said before or nobody can hear.

    What can happen more than once, such as a move of the event, names the `occasion`, and is said once for each.
    **Enqueues** `notifications.deliver` for each delivery.
    """
    if not channels:
        return False
    statement = insert(Notification).values(
        id=new_id(), order_id=order_id, merchant_id=merchant_id, kind=kind.value, occasion=occasion
    )
    once = statement.on_conflict_do_nothing(index_elements=["order_id", "kind", "occasion"])
    notification_id = await session.scalar(once.returning(Notification.id))
    if notification_id is None:
        return False
    deliveries = [
        Delivery(id=new_id(), merchant_id=merchant_id, notification_id=notification_id, channel=channel.value)
        for channel in channels
    ]
    session.add_all(deliveries)
    await session.flush()
    await enqueue_many(session, [(DELIVER_TASK, {"delivery_id": delivery.id}) for delivery in deliveries])
    return True


async def begin_attempt(session: WriteSession, delivery_id: UUID, channels: Channels) -> Attempt | None:
    """Record that a delivery is tried now; None when it was sent or does not exist. **Locks** the delivery.

    A failed one may be tried again: somebody asked for it by hand. The message id of the first try is kept.
    """
    found = await lock_delivery(session, delivery_id)
    if found is None or found[0].state == DeliveryState.SENT:
        return None
    delivery, notification = found
    name = ChannelName(delivery.channel)
    delivery.attempts += 1
    delivery.state = DeliveryState.QUEUED.value
    delivery.message_id = delivery.message_id or channels.of(name).message_id(delivery.id)
    return Attempt(
        delivery.id,
        notification.order_id,
        Kind(notification.kind),
        name,
        delivery.message_id,
        notification.occasion,
    )


async def record_sent(session: WriteSession, delivery_id: UUID) -> None:
    """The network took the message. **Locks** the delivery."""
    found = await lock_delivery(session, delivery_id)
    if found is not None:
        delivery, now = found[0], (await session.scalars(select(func.clock_timestamp()))).one()
        delivery.state, delivery.sent_at, delivery.last_error_code = DeliveryState.SENT.value, now, None


async def record_problem(session: WriteSession, delivery_id: UUID, code: str, *, is_final: bool) -> None:
    """The message did not leave; `is_final` when trying again would change nothing. **Locks** the delivery."""
    found = await lock_delivery(session, delivery_id)
    if found is not None and found[0].state != DeliveryState.SENT:
        found[0].last_error_code = code
        if is_final:
            found[0].state = DeliveryState.FAILED.value


async def set_words(
    session: WriteSession,
    merchant: Merchant,
    *,
    kind: Kind,
    locale: Locale,
    words: OwnWords | None,
    actor: Actor,
) -> None:
    """Say a letter in the merchant's own words, or in the house's again when there are none or they are the same.

    The caller has locked the merchant, whose audit says who chose what.
    """
    usual = default_words(kind, locale)
    old = await find_own_words(session, merchant.id, kind, locale) or usual
    chosen = words or usual
    before, after = changed_values(asdict(old), asdict(chosen))
    key = {"merchant_id": merchant.id, "kind": kind.value, "locale": locale}
    if chosen == usual:
        await session.execute(delete(LetterTemplate).filter_by(**key))
    else:
        new = {**asdict(chosen), "updated_at": func.clock_timestamp()}
        statement = insert(LetterTemplate).values(**key, **new)
        await session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=new))
    if not after:
        return
    await record(
        session,
        merchant,
        action="merchant:letter:reset" if chosen == usual else "merchant:letter:changed",
        actor=actor,
        merchant_id=merchant.id,
        data={"kind": kind.value, "locale": locale, "changed": list(after)},
        before=before,
        after=after,
    )
    await session.flush()
