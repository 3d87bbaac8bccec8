"""Orders of a trip as a board: confirmed, rejected and sent where they stand."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.errors import CourierMissing, OrderMoved
from pesan.backoffice.forms.jastip import ParcelForm
from pesan.backoffice.forms.review import PRESETS, read_reason
from pesan.backoffice.forms.state import read_form
from pesan.backoffice.pages.bookings import naming_of, order_of
from pesan.backoffice.pages.jastip_room import TripRoom, reading_trip, show_trip
from pesan.backoffice.queries.jastip import Placed, get_board
from pesan.backoffice.views.jastip import BoardPage, Card, Item, Lane, PriceMark, phone_of
from pesan.backoffice.views.make import proof_view
from pesan.checkout.room import DiskRoom
from pesan.errors import PesanError
from pesan.jastip.queries.prices import Proposed, list_proposals
from pesan.jastip.service.orders import Counter, confirm_order, reject_order, ship_order
from pesan.jastip.service.trips import WHOLE
from pesan.kit.i18n import parse_locale
from pesan.orders.desk import SaleDesk
from pesan.orders.dues import owes_balance, standing
from pesan.orders.errors import OrderNotFound, ReasonMissing
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.storage.links import Links
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/jastip/{merchant}/trips/{trip_id}", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(confirmed|deposit|rejected|refused|shipped)?$")]
Code = Annotated[str, Query(max_length=13, pattern="^[0-9A-Z]*$")]
Search = Annotated[str, Query(max_length=100)]
Form = Mapping[str, Any]
Move = Callable[[Counter, Order, Form], Awaitable[str]]
"""What is done with an order as it was seen; answers what the page says of it then."""
COURIERS = ("JNE", "J&T", "SiCepat", "AnterAja", "Pos Indonesia", "TIKI", "Ninja", "GoSend", "GrabExpress")


@router.get("")
async def show_board(
    desk: DeskOf, merchant: str, trip_id: UUID, *, q: Search = "", done: Done = "", code: Code = ""
) -> Response:
    """The trip's orders, column by column."""
    return await _page(desk, merchant, trip_id, search=q.strip(), done=done, code=code)


@router.post("/orders/{order_id}/confirm", dependencies=[require_csrf])
async def submit_confirmation(desk: DeskOf, merchant: str, trip_id: UUID, order_id: UUID) -> Response:
    """Accept the proof of what is due now, or take it in cash where there is none."""

    async def move(counter: Counter, order: Order, _: Form) -> str:
        await confirm_order(counter, order, actor=desk.actor)
        return "deposit" if order.balance_due_amount and not owes_balance(order) else "confirmed"

    return await _move(desk, merchant, trip_id, order_id, move)


@router.post("/orders/{order_id}/reject", dependencies=[require_csrf])
async def submit_rejection(desk: DeskOf, merchant: str, trip_id: UUID, order_id: UUID) -> Response:
    """Refuse the order, or the proof of its balance, with a reason that the buyer reads."""

    async def move(counter: Counter, order: Order, form: Form) -> str:
        reason = read_reason(form, parse_locale(order.locale))
        if reason is None:
            raise ReasonMissing
        await reject_order(counter, order, actor=desk.actor, reason=reason)
        return "refused" if owes_balance(order) else "rejected"

    return await _move(desk, merchant, trip_id, order_id, move)


@router.post("/orders/{order_id}/ship", dependencies=[require_csrf])
async def submit_parcel(desk: DeskOf, merchant: str, trip_id: UUID, order_id: UUID) -> Response:
    """The parcel is on its way; whoever ordered is told by whom, and under which number."""

    async def move(counter: Counter, order: Order, form: Form) -> str:
        typed = read_form(ParcelForm, form).valid
        if typed is None:
            raise CourierMissing
        number = typed.tracking_no or None
        await ship_order(counter, order, actor=desk.actor, courier=typed.courier, tracking_no=number)
        return "shipped"

    return await _move(desk, merchant, trip_id, order_id, move)


async def _move(desk: Desk, merchant: str, trip_id: UUID, order_id: UUID, move: Move) -> Response:
    """Do it, and show the board again with what was searched for; or say why not, at the order itself."""
    form = dict(await desk.request.form())
    search = str(form.get("q", ""))[:100].strip()
    async with reading_trip(desk, merchant, trip_id) as room:
        order = await order_of(room.session, room.room.shop, str(order_id))
        if order.event_id != trip_id:
            raise OrderNotFound
    counter = Counter(desk.database, desk.registry[SaleDesk], desk.registry[DiskRoom])
    try:
        if form.get("seen") != standing(order, order.state):
            raise OrderMoved
        done = await move(counter, order, form)
    except PesanError as refusal:
        if refusal.status not in {409, 422}:
            raise
        typed = {name: str(value) for name, value in form.items()}
        return await _page(
            desk, merchant, trip_id, search=search, refusal=refusal, of=str(order_id), typed=typed
        )
    query = {"done": done, "code": order.code} | ({"q": search} if search else {})
    return go(f"/jastip/{merchant}/trips/{trip_id}?{urlencode(query)}")


async def _page(
    desk: Desk,
    merchant: str,
    trip_id: UUID,
    *,
    search: str = "",
    refusal: PesanError | None = None,
    of: str = "",
    typed: Mapping[str, str] | None = None,
    **notes: str,
) -> Response:
    async with reading_trip(desk, merchant, trip_id) as room:
        board = await get_board(room.session, trip_id, search=search)
        shopped = [each.order.id for column in board.values() for each in column.orders if _is_shopped(each)]
        prices = await list_proposals(room.session, shopped)
        lanes = [
            Lane(
                name,
                [_card(desk, room, each, prices.get(each.order.id, ())) for each in column.orders],
                column.total,
                column.money,
            )
            for name, column in board.items()
            if name != "balance" or column.total or room.view.event.deposit_percent < WHOLE
        ]
        problem = refusal.text(desk.locale) if refusal else ""
        page = BoardPage(
            lanes, room.frame.path, search, problem=problem, problem_of=of, typed=typed or {}, **notes
        )
        context = {"page": page, "presets": PRESETS, "couriers": COURIERS}
        return show_trip(desk, room, "jastip_board", context, status=refusal.status if refusal else 200)


def _is_shopped(placed: Placed) -> bool:
    return placed.order.state == OrderState.PAID


def _card(desk: Desk, room: TripRoom, placed: Placed, prices: Sequence[Proposed]) -> Card:
    order, links, owes = placed.order, desk.registry[Links], owes_balance(placed.order)
    return Card(
        id=str(order.id),
        code=order.code,
        state=order.state,
        person=placed.person.name,
        phone=phone_of(placed.person.wa),
        items=[Item(line.title, line.quantity) for line in placed.lines],
        amount=placed.amount,
        notes=order.notes or "",
        since=order.balance_submitted_at or order.state_changed_at,
        until=order.hold_expires_at if order.state == OrderState.HOLD else None,
        reason=order.reject_reason or "",
        courier=placed.parcel.courier or "",
        tracking_no=placed.parcel.tracking_no or "",
        proofs=[proof_view(proof, order, links) for proof in placed.proofs],
        path=f"{room.frame.path}/orders/{order.id}",
        booking_path=naming_of(desk, room.room.shop).booking(order.id, order.code),
        seen=standing(order, order.state),
        rest=0 if owes else order.balance_due_amount,
        paid=order.total_amount - order.balance_due_amount if owes else 0,
        owes_balance=owes,
        has_proof=order.state == OrderState.REVIEW or (owes and order.balance_submitted_at is not None),
        prices=[_price(room, each) for each in prices],
    )


def _price(room: TripRoom, proposed: Proposed) -> PriceMark:
    proposal = proposed.proposal
    path = f"{room.frame.path}/prices/{proposal.id}/withdraw"
    return PriceMark(proposed.title, proposal.new_amount, proposal.state, path)
