"""Keeping a merchant's lists and rules."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from pesan.audit import record
from pesan.audit.locks import lock_subject
from pesan.db import Actor, ReadSession, WriteSession
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.risk import queries
from pesan.risk.errors import (
    EntryKnown,
    EntryNotFound,
    EntryReasonMissing,
    ListFull,
    RulesOutOfRange,
)
from pesan.risk.marks import normalise_mailbox
from pesan.risk.models import MOST_HOURS, MOST_ORDERS, RiskEntry, RiskRules
from pesan.risk.queries import MOST_ENTRIES, Rules
from pesan.risk.states import ListName, Mark
from pesan.tenancy.errors import MerchantNotFound
from pesan.tenancy.models import Merchant


@dataclass(frozen=True, slots=True)
class NewEntry:
    """Whom to put on which list: `label` is how it reads, `digest` what orders are compared with."""

    list: ListName
    mark: Mark
    digest: str
    label: str
    reason: str


async def add_entry(session: WriteSession, merchant_id: UUID, new: NewEntry, *, actor: Actor) -> RiskEntry:
    """Put somebody on a list; nothing about their orders changes.

    **Locks** the merchant. Raises EntryReasonMissing, EntryKnown, ListFull.
    """
    if not new.reason:
        raise EntryReasonMissing
    merchant = await _lock(session, merchant_id)
    if await queries.find_entries(session, merchant_id, {new.mark: new.digest}):
        raise EntryKnown
    if await queries.count_entries(session, merchant_id) >= MOST_ENTRIES:
        raise ListFull
    entry = RiskEntry(id=new_id(), merchant_id=merchant_id, added_by=actor.user_id, **asdict(new))
    session.add(entry)
    await session.flush()
    await _note(session, merchant, entry, "added", actor=actor, reason=new.reason)
    return entry


async def remove_entry(
    session: WriteSession, merchant_id: UUID, entry_id: UUID, *, reason: str, actor: Actor
) -> None:
    """Take somebody off a list. **Locks** the merchant. Raises EntryReasonMissing, EntryNotFound."""
    if not reason:
        raise EntryReasonMissing
    merchant = await _lock(session, merchant_id)
    entry = await session.get(RiskEntry, entry_id)
    if entry is None or entry.merchant_id != merchant_id:
        raise EntryNotFound
    await session.delete(entry)
    await _note(session, merchant, entry, "removed", actor=actor, reason=reason)


async def set_rules(session: WriteSession, merchant_id: UUID, rules: Rules, *, actor: Actor) -> None:
    """What the merchant watches for from now on. **Locks** the merchant. Raises RulesOutOfRange."""
    limits = (rules.contact_limit, rules.device_limit, rules.address_limit)
    if not 1 <= rules.hours <= MOST_HOURS or any(n and not 2 <= n <= MOST_ORDERS for n in limits):
        raise RulesOutOfRange
    merchant = await _lock(session, merchant_id)
    values = asdict(rules)
    change = insert(RiskRules).values(merchant_id=merchant_id, **values)
    await session.execute(change.on_conflict_do_update(index_elements=["merchant_id"], set_=values))
    await record(session, merchant, action="merchant:risk:rules_changed", actor=actor, data=values)
    await session.flush()


async def forget_buyers(session: WriteSession, merchant_id: UUID, order_ids: Sequence[UUID]) -> None:
    """Take the buyers of these orders off the merchant's lists, because they asked to be forgotten there."""
    orders = (await session.scalars(select(Order).where(Order.id.in_(order_ids)))).all()
    theirs = {(Mark.EMAIL.value, normalise_mailbox(order.email)) for order in orders if order.email}
    theirs |= {(Mark.PHONE.value, order.wa) for order in orders if order.wa}
    theirs |= {(Mark.DEVICE.value, order.device_digest) for order in orders if order.device_digest}
    gone = [entry.id for entry in await _list_personal(session, merchant_id) if _name_of(entry) in theirs]
    await session.execute(delete(RiskEntry).where(RiskEntry.id.in_(gone)))


async def _list_personal(session: ReadSession, merchant_id: UUID) -> Sequence[RiskEntry]:
    personal = RiskEntry.mark.in_((Mark.EMAIL, Mark.PHONE, Mark.DEVICE))
    query = select(RiskEntry).where(RiskEntry.merchant_id == merchant_id, personal)
    return (await session.scalars(query)).all()


def _name_of(entry: RiskEntry) -> tuple[str, str]:
    if entry.mark == Mark.DEVICE:
        return entry.mark, entry.digest
    return entry.mark, normalise_mailbox(entry.label) if entry.mark == Mark.EMAIL else entry.label


async def _lock(session: WriteSession, merchant_id: UUID) -> Merchant:
    """One change of a merchant's lists at a time, and its history in order."""
    merchant = await lock_subject(session, Merchant.audit_kind, merchant_id)
    if not isinstance(merchant, Merchant):
        raise MerchantNotFound
    await session.refresh(merchant)
    return merchant


async def _note(
    session: WriteSession, merchant: Merchant, entry: RiskEntry, what: str, *, actor: Actor, reason: str
) -> None:
    """The history names no contact: whoever is erased later must not stay in it."""
    data = {"entry_id": str(entry.id), "list": entry.list, "mark": entry.mark}
    action = f"merchant:risk:entry_{what}"
    await record(session, merchant, action=action, actor=actor, reason=reason, data=data)
    await session.flush()
