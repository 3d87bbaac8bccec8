"""Another price of a product, proposed to those who paid for it: asked, taken back, agreed to or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import GENESIS, NewEntry, record_many
from pesan.db import Actor, Database, WriteSession
from pesan.jastip.companions import AcceptedPrice
from pesan.jastip.errors import NothingToPropose, ProductNotFound, ProposalAnswered, ProposalNotFound
from pesan.jastip.models import PriceProposal
from pesan.jastip.queries.prices import get_proposal, list_askable, list_lines_of, list_open
from pesan.jastip.queries.trips import get_product
from pesan.jastip.states import ProposalState
from pesan.jobs import enqueue_many
from pesan.kit.ids import new_id
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import BalanceChanged
from pesan.orders.locks import lock_orders
from pesan.orders.models import Order, OrderLine
from pesan.orders.moves import Move, Repricing
from pesan.orders.queries import get_order
from pesan.orders.repricing import change_of
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.refunds.errors import Overruled
from pesan.payments.refunds.locks import lock_order
from pesan.payments.repricing import RepricedCompanion

TELL_PRICE_TASK = "jastip.tell_of_price"


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What each piece of a product would cost, in whole rupiah, and what its buyers read with it."""

    product_id: UUID
    amount: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """An order with its lines of the product, and what its buyer is asked about it so far."""

    order: Order
    lines: Sequence[OrderLine]
    opened: Sequence[PriceProposal]


async def propose_price(
    session: WriteSession, wish: NewPrice, *, trip_id: UUID, actor: Actor, order_id: UUID | None = None
) -> int:
    """Ask whoever paid for a product and waits for it, or one of them, for another price; how many were asked.

    Who has that price already is not asked, and who was asked for another one is asked for this one instead.
    **Locks** their orders. **Enqueues** telling each of them. Raises ProductNotFound, NothingToPropose.
    """
    if (await get_product(session, wish.product_id)).product.event_id != trip_id:
        raise ProductNotFound
    ids = await list_askable(session, trip_id=trip_id, product_id=wish.product_id, order_id=order_id)
    await lock_orders(session, ids)
    query = select(Order).where(Order.id.in_(ids), Order.state == OrderState.PAID).order_by(Order.id)
    orders = (await session.scalars(query.execution_options(populate_existing=True))).all()
    lines = await list_lines_of(session, ids, wish.product_id)
    opened = await list_open(session, ids, wish.product_id)
    found = [_Asked(each, lines.get(each.id, []), opened.get(each.id, [])) for each in orders]
    asked = [each for each in found if _is_news(each.lines, each.opened, wish.amount)]
    if not asked:
        raise NothingToPropose
    made = await _replace(session, asked, wish, actor)
    await enqueue_many(session, [(TELL_PRICE_TASK, {"proposal_id": each.id}) for each in made])
    return len(made)


async def withdraw_price(session: WriteSession, proposal_id: UUID, *, trip_id: UUID, actor: Actor) -> None:
    """Ask no more; what was withdrawn stays so. **Locks** the order. Raises ProposalNotFound, ProposalAnswered."""
    if (await get_proposal(session, proposal_id)).event_id != trip_id:
        raise ProposalNotFound
    await _answer(session, proposal_id, ProposalState.WITHDRAWN, actor)


async def decline_price(session: WriteSession, proposal_id: UUID, *, order_id: UUID, actor: Actor) -> None:
    """The buyer does not agree, and nothing changes. **Locks** the order.

    Saying so again changes nothing either. Raises ProposalNotFound, ProposalAnswered.
    """
    if (await get_proposal(session, proposal_id)).order_id != order_id:
        raise ProposalNotFound
    await _answer(session, proposal_id, ProposalState.DECLINED, actor)


async def accept_price(
    database: Database, desk: SaleDesk, proposal_id: UUID, *, order_id: UUID, actor: Actor
) -> Moved | Replayed | None:
    """The buyer agrees: their order costs that from now on; None where they had agreed already.

    What is due back is owed to them in the same transaction. Raises ProposalNotFound, ProposalAnswered, WrongState
    when the order moved on, BalanceProofWaiting, BalanceChanged.
    """
    async with database.read(actor) as session:
        proposal = await get_proposal(session, proposal_id)
        if proposal.order_id != order_id:
            raise ProposalNotFound
        if proposal.state == ProposalState.ACCEPTED:
            return None
        order = await get_order(session, order_id)
        lines = (await list_lines_of(session, [order_id], proposal.product_id)).get(order_id, [])
    try:
        return await desk.submit(_move(order, proposal, lines, actor))
    except (Overruled, BalanceChanged) as refusal:
        # The same tap may have been first: what it changed is what this one wanted.
        if await _was_accepted(database, proposal_id, actor):
            return None
        raise (refusal.refusal if isinstance(refusal, Overruled) else refusal) from refusal


def _move(order: Order, proposal: PriceProposal, lines: Sequence[OrderLine], actor: Actor) -> Move:
    change = change_of(order, proposal.difference)
    accepted = AcceptedPrice(
        proposal.id,
        order.id,
        is_settled=order.balance_due_amount > 0 and not change.balance,
        is_owed=change.owed > 0,
    )
    money = RepricedCompanion(
        order_id=order.id,
        merchant_id=order.merchant_id,
        currency=order.currency,
        owed=change.owed,
        requested_by=proposal.proposed_by,
    )
    return Move(
        OrderEvent.REPRICE,
        order.event_id,
        actor,
        order.id,
        data=_told_of(proposal),
        companions=(accepted, money),
        repricing=Repricing(
            tuple(line.id for line in lines), proposal.quantity, proposal.old_amount, proposal.new_amount
        ),
        balance_amount=order.balance_due_amount,
    )


async def _was_accepted(database: Database, proposal_id: UUID, actor: Actor) -> bool:
    async with database.read(actor) as session:
        return (await get_proposal(session, proposal_id)).state == ProposalState.ACCEPTED


def _is_news(lines: Sequence[OrderLine], opened: Sequence[PriceProposal], amount: int) -> bool:
    """Whether an order has the product at another price, and its buyer is not asked about this one already."""
    return (
        bool(lines)
        and lines[0].unit_amount != amount
        and all(earlier.new_amount != amount for earlier in opened)
    )


async def _replace(
    session: WriteSession, asked: Sequence[_Asked], wish: NewPrice, actor: Actor
) -> list[PriceProposal]:
    """Ask all of them, whose orders are locked, at the price of asking one: what each was asked before goes first."""
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    for each in asked:
        for earlier in each.opened:
            earlier.state, earlier.answered_at = ProposalState.WITHDRAWN.value, now
    await session.flush()
    made = [_make(each, wish, actor) for each in asked]
    session.add_all(made)
    await session.flush()
    entries: list[NewEntry] = []
    for each, proposal in zip(asked, made, strict=True):
        entries += [_enter(each.order, one, actor, now) for one in (*each.opened, proposal)]
    await record_many(session, entries)
    await session.flush()
    return made


def _make(asked: _Asked, wish: NewPrice, actor: Actor) -> PriceProposal:
    return PriceProposal(
        id=new_id(),
        merchant_id=asked.order.merchant_id,
        event_id=asked.order.event_id,
        order_id=asked.order.id,
        product_id=wish.product_id,
        old_amount=asked.lines[0].unit_amount,
        new_amount=wish.amount,
        quantity=sum(line.quantity for line in asked.lines),
        note=wish.note,
        state=ProposalState.PROPOSED.value,
        proposed_by=actor.user_id,
    )


def _enter(order: Order, proposal: PriceProposal, actor: Actor, at: datetime) -> NewEntry:
    """The next entry of an order's history, whose head moves on with it."""
    entry = NewEntry(
        subject_kind=order.audit_kind,
        subject_id=order.id,
        seq=(order.audit_seq or 0) + 1,
        prev_hash=order.audit_head or GENESIS,
        action=_action_of(proposal),
        actor=actor,
        at=at,
        merchant_id=order.merchant_id,
        data=_told_of(proposal),
    )
    order.audit_seq, order.audit_head = entry.seq, entry.hash
    return entry


async def _answer(session: WriteSession, proposal_id: UUID, state: ProposalState, actor: Actor) -> None:
    proposal = await get_proposal(session, proposal_id)
    order = await lock_order(session, proposal.order_id)
    await session.refresh(proposal)
    if proposal.state == state:
        return
    if proposal.state != ProposalState.PROPOSED:
        raise ProposalAnswered
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    proposal.state, proposal.answered_at = state.value, now
    await session.flush()
    await record_many(session, [_enter(order, proposal, actor, now)])
    await session.flush()


def _action_of(proposal: PriceProposal) -> str:
    return f"order:price:{proposal.state}"


def _told_of(proposal: PriceProposal) -> dict[str, str | int]:
    return {
        "proposal_id": str(proposal.id),
        "product_id": str(proposal.product_id),
        "old_amount": proposal.old_amount,
        "new_amount": proposal.new_amount,
        "quantity": proposal.quantity,
    }
