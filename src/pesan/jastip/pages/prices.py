"""A buyer says whether they agree to another price, on a page that their order's code opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.catalog.models import Event
from pesan.checkout.links import pay_path, prices_path, status_path
from pesan.db import ReadSession
from pesan.errors import PesanError
from pesan.jastip.price_letters import signed
from pesan.jastip.queries.prices import Proposed, list_proposals
from pesan.jastip.queries.takers import find_trip_order
from pesan.jastip.service.orders import Counter
from pesan.jastip.service.prices import accept_price, decline_price
from pesan.jastip.states import ProposalState
from pesan.kit.ids import normalise_code
from pesan.orders.dues import owes_balance
from pesan.orders.errors import NotYourOrder, OrderNotFound
from pesan.orders.models import Order
from pesan.orders.queries import get_order_by_code
from pesan.orders.repricing import Change, change_of
from pesan.orders.states import OrderState
from pesan.payments.queries import find_open_payment
from pesan.tenancy.brands import show_brand
from pesan.tenancy.models import Merchant
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_actor, get_database, get_locale, get_registry, guest_actor
from pesan.web.limits import CODE_MISSES, limit, limit_misses
from pesan.web.pages import render

misses = limit_misses(CODE_MISSES.name, CODE_MISSES.count, CODE_MISSES.seconds)
router = APIRouter(prefix="/b/{code}/prices", dependencies=[allow(Who.GUEST_WITH_CODE), misses])


@dataclass(frozen=True, slots=True)
class Offer:
    """A price that was proposed, and what the order would come to with it."""

    id: str
    title: str
    quantity: int
    old_amount: int
    new_amount: int
    difference: str
    note: str
    state: ProposalState
    change: Change


@dataclass(frozen=True, slots=True)
class PricesSheet:
    """What a buyer is asked; `is_open` says that the order still waits to be shopped for.

    `chosen` is what they may have transferred for the rest as it was, without having said so.
    """

    title: str
    seller: str
    code: str
    total: int
    balance: int
    chosen: int
    is_open: bool
    is_in_review: bool
    path: str
    status_path: str
    pay_path: str
    offers: Sequence[Offer]
    problem: str = ""

    @property
    def asked(self) -> list[Offer]:
        """What waits for an answer."""
        return [offer for offer in self.offers if offer.state is ProposalState.PROPOSED]

    @property
    def answered(self) -> list[Offer]:
        """What was answered."""
        return [offer for offer in self.offers if offer.state is not ProposalState.PROPOSED]


@router.get("")
async def show_prices(request: Request, code: str) -> Response:
    """What is proposed, what it would change, and what was answered."""
    return await _page(request, code)


@router.post("/{proposal_id}/accept", dependencies=[require_csrf, limit("prices", 30, 900)])
async def accept(request: Request, code: str, proposal_id: UUID) -> Response:
    """Agree; saying so twice changes the price once, because each proposal is answered once.

    Whoever works for the merchant is refused.
    """
    counter = get_registry(request)[Counter]
    order = await _find(request, code)
    # The back office leads its people to this page; what they want is not what the buyer wants.
    if (await get_actor(request)).works_for(order.merchant_id, order.event_id):
        raise NotYourOrder
    try:
        await accept_price(
            counter.database, counter.sales, proposal_id, order_id=order.id, actor=guest_actor(request)
        )
    except PesanError as refusal:
        return await _refused(request, code, refusal)
    return RedirectResponse(prices_path(order.code), 303)


@router.post("/{proposal_id}/decline", dependencies=[require_csrf, limit("prices", 30, 900)])
async def decline(request: Request, code: str, proposal_id: UUID) -> Response:
    """Do not agree: the price stays as it is."""
    order = await _find(request, code)
    actor = guest_actor(request)
    try:
        async with get_database(request).write(actor) as session:
            await decline_price(session, proposal_id, order_id=order.id, actor=actor)
    except PesanError as refusal:
        return await _refused(request, code, refusal)
    return RedirectResponse(prices_path(order.code), 303)


async def _find(request: Request, code: str) -> Order:
    async with get_database(request).read(guest_actor(request)) as session:
        order = await get_order_by_code(session, normalise_code(code))
        name_merchant(request, order.merchant_id)
        return order


async def _refused(request: Request, code: str, refusal: PesanError) -> Response:
    """What counts now, with why the answer did not."""
    if refusal.status != 409:
        raise refusal
    return await _page(request, code, problem=refusal.text(get_locale(request)), status=refusal.status)


async def _page(request: Request, code: str, *, problem: str = "", status: int = 200) -> Response:
    async with get_database(request).read(guest_actor(request)) as session:
        order = await get_order_by_code(session, normalise_code(code))
        if await find_trip_order(session, order.id) is None:
            raise OrderNotFound
        name_merchant(request, order.merchant_id)
        merchant = await session.get_one(Merchant, order.merchant_id)
        event = await session.get_one(Event, order.event_id)
        found = (await list_proposals(session, [order.id])).get(order.id, [])
        chosen = await _chosen_amount(session, order)
    sheet = PricesSheet(
        title=event.title,
        seller=merchant.name,
        code=order.code,
        total=order.total_amount,
        balance=order.balance_due_amount if owes_balance(order) else 0,
        chosen=chosen,
        is_open=order.state == OrderState.PAID,
        is_in_review=order.balance_submitted_at is not None,
        path=prices_path(order.code),
        status_path=status_path(order.code),
        pay_path=pay_path(order.code),
        offers=[_offer(order, each) for each in found],
        problem=problem,
    )
    return render(
        request, "jastip/prices.html", {"sheet": sheet, "brand": show_brand(merchant)}, status=status
    )


async def _chosen_amount(session: ReadSession, order: Order) -> int:
    """What may have been transferred for the rest without a word; a provider tells of its money by itself."""
    chosen = await find_open_payment(session, order.id) if owes_balance(order) else None
    return chosen.amount if chosen is not None and chosen.gateway_account_id is None else 0


def _offer(order: Order, proposed: Proposed) -> Offer:
    proposal = proposed.proposal
    return Offer(
        id=str(proposal.id),
        title=proposed.title,
        quantity=proposal.quantity,
        old_amount=proposal.old_amount,
        new_amount=proposal.new_amount,
        difference=signed(proposal.difference),
        note=proposal.note,
        state=ProposalState(proposal.state),
        change=change_of(order, proposal.difference),
    )
