"""The ledger of what chats cost: one line for each message that arrived, and a statement of each month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from pesan.chats.prices import NOTHING, Rate, rate_at
from pesan.chats.records import ChatAllowance, ChatCharge, ChatRate
from pesan.chats.states import Category
from pesan.db import ReadSession, WriteSession
from pesan.messaging.whatsapp.inbound import Pricing

REGULAR = "regular"
"""WhatsApp's word for what is charged as usual; every other kind is free."""
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class StatementLine:
    """The messages of one category and kind in a period, and what they cost."""

    category: str
    kind: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that arrived, whose it was, and what WhatsApp said that it is charged as."""

    message_id: UUID
    merchant_id: UUID | None
    event_id: UUID | None
    pricing: Pricing
    at: datetime
    phone_number_id: str = ""


async def charge(session: WriteSession, arrived: Sequence[Arrived]) -> None:
    """Note what messages cost that arrived, each once, by the card of its day.

    WhatsApp charges what is delivered, so a status that says less is no charge yet. The caller has locked the messages.
    **Locks** the counts of free messages, last.
    """
    first = {one.message_id: one for one in sorted(arrived, key=lambda one: one.at, reverse=True)}
    query = select(ChatCharge.message_id).where(ChatCharge.message_id.in_(first))
    known = set(await session.scalars(query))
    new = [one for one in first.values() if one.message_id not in known]
    if not new:
        return
    amounts = await _amounts(session, sorted(new, key=lambda one: (one.at, one.message_id)))
    session.add_all(_line(one, amounts[one.message_id]) for one in new)
    await session.flush()


async def list_rates(session: ReadSession) -> list[Rate]:
    """The whole card."""
    query = select(ChatRate).order_by(ChatRate.category, ChatRate.in_window, ChatRate.valid_from)
    return [
        Rate(row.category, row.in_window, row.valid_from, row.amount, row.free_units)
        for row in await session.scalars(query)
    ]


async def read_statement(
    session: ReadSession, merchant_id: UUID, *, since: datetime, until: datetime
) -> Sequence[StatementLine]:
    """What a merchant's messages cost in a half-open period, as far as the session's actor may see it."""
    query = (
        select(ChatCharge.category, ChatCharge.kind, func.count(), func.sum(ChatCharge.amount))
        .where(ChatCharge.merchant_id == merchant_id, ChatCharge.at >= since, ChatCharge.at < until)
        .group_by(ChatCharge.category, ChatCharge.kind)
        .order_by(ChatCharge.category, ChatCharge.kind)
    )
    return [StatementLine(*row) for row in await session.execute(query)]


async def count_free_used(session: ReadSession, at: datetime) -> int:
    """How many answers of the month were charged as usual."""
    counted = func.coalesce(func.sum(ChatAllowance.used), 0)
    query = select(counted).where(
        ChatAllowance.category == Category.SERVICE.value, ChatAllowance.month == _month_of(at)
    )
    return await session.scalar(query) or 0


def _line(one: Arrived, amount: Decimal) -> ChatCharge:
    return ChatCharge(
        message_id=one.message_id,
        merchant_id=one.merchant_id,
        event_id=one.event_id,
        phone_number_id=one.phone_number_id,
        category=one.pricing.category[:_LONGEST_NAME],
        kind=one.pricing.type[:_LONGEST_NAME],
        amount=amount,
        at=one.at,
    )


async def _amounts(session: WriteSession, new: Sequence[Arrived]) -> dict[UUID, Decimal]:
    """What each costs; those whose first ones are free are counted in the order in which they arrived."""
    rates = await list_rates(session)
    amounts: dict[UUID, Decimal] = {}
    counted: dict[tuple[str, str, date], list[tuple[Arrived, Rate]]] = {}
    for one in new:
        rate = _rate_of(rates, one)
        amounts[one.message_id] = rate.amount if rate else NOTHING
        if rate and rate.free_units:
            key = (one.phone_number_id, one.pricing.category, _month_of(one.at))
            counted.setdefault(key, []).append((one, rate))
    for key, group in sorted(counted.items()):
        used = await _use(session, key, len(group))
        for number, (one, rate) in enumerate(group, start=used - len(group) + 1):
            if number <= rate.free_units:
                amounts[one.message_id] = NOTHING
    return amounts


def _rate_of(rates: Sequence[Rate], one: Arrived) -> Rate | None:
    if one.pricing.type != REGULAR:
        return None
    # An answer is only ever said inside the window; what is charged there as a template costs what it does outside.
    in_window = one.pricing.category == Category.SERVICE
    return rate_at(rates, one.pricing.category, one.at.astimezone(UTC).date(), in_window=in_window)


async def _use(session: WriteSession, key: tuple[str, str, date], count: int) -> int:
    """Count messages towards their month; how many that makes."""
    number, category, month = key
    counted = insert(ChatAllowance).values(phone_number_id=number, category=category, month=month, used=count)
    more = counted.on_conflict_do_update(
        index_elements=["phone_number_id", "category", "month"], set_={"used": ChatAllowance.used + count}
    )
    return (await session.scalars(more.returning(ChatAllowance.used))).one()


def _month_of(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)
