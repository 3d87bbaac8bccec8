"""The review queue: one order at a time, decided once."""

from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, Room, go
from pesan.backoffice.forms.review import OF_BALANCE, PRESETS, read_reason
from pesan.backoffice.pages.bookings import naming_of, order_of
from pesan.backoffice.queries import review as queries
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.make import review_item
from pesan.backoffice.views.review import QueueRow, ReviewPage
from pesan.backoffice.views.risk import risk_note
from pesan.checkout import service as checkout
from pesan.errors import PesanError
from pesan.identity.policies import SignedIn, may_manage_events, may_review
from pesan.kit.i18n import parse_locale
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import OrderNotFound, WrongState
from pesan.orders.models import Order
from pesan.orders.searching import is_order
from pesan.payments.queries import find_duplicate_proofs, list_proofs
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.realtime.sse import Snapshot, stream
from pesan.risk.queries import find_review
from pesan.storage.links import Links
from pesan.web.access import Who, allow
from pesan.web.cookies import session_token
from pesan.web.csrf import require_csrf
from pesan.web.deps import ip_digest
from pesan.web.people import Sessions

router = APIRouter(prefix="/organizer/{merchant}/review", dependencies=[allow(Who.STAFF)])
Done = Annotated[str, Query(pattern="^(approved|rejected)?$")]
DoneCode = Annotated[str, Query(max_length=13, pattern="^…?[0-9A-Z]*$")]


@router.get("")
async def show_queue(desk: DeskOf, merchant: str, done: Done = "", code: DoneCode = "") -> Response:
    """The order that waits longest, with the queue beside it."""
    async with desk.reading("review", merchant) as room:
        return await _page(desk, room, None, done=done, done_code=code)


@router.get("/stream")
async def stream_queue(desk: DeskOf, merchant: str, request: Request) -> Response:
    """Says when the queue changed; the page then reads it again."""
    async with desk.reading("review", merchant) as room:
        merchant_id = room.shop.id
    return await stream(
        desk.registry[Hub],
        desk.registry[StreamGate],
        topics=[f"review:{merchant_id}"],
        peer=ip_digest(request),
        fetch=partial(_snapshot, desk, session_token(request), merchant_id),
        last_event_id=request.headers.get("last-event-id"),
    )


@router.get("/{code}")
async def show_item(desk: DeskOf, merchant: str, code: str, done: Done = "", of: DoneCode = "") -> Response:
    """One order, whether it still waits or was decided."""
    async with desk.reading("review", merchant) as room:
        return await _page(desk, room, code, done=done, done_code=of)


@router.post("/{code}/approve", dependencies=[require_csrf])
async def submit_approval(desk: DeskOf, merchant: str, code: str) -> Response:
    """Accept the proof and go on to the next order; the second of two reviewers is told who was first."""
    order, following, shown = await _load(desk, merchant, code)
    is_balance = (await desk.request.form()).get("of") == OF_BALANCE
    accept = checkout.accept_balance_proof if is_balance else checkout.approve
    try:
        await accept(desk.registry[SaleDesk], order=order, actor=desk.actor)
    except WrongState as refusal:
        return await _refused(desk, merchant, code, refusal)
    return _next(merchant, following, shown, "approved")


@router.post("/{code}/reject", dependencies=[require_csrf])
async def submit_rejection(desk: DeskOf, merchant: str, code: str) -> Response:
    """Refuse the proof with a reason that the buyer reads, and go on."""
    order, following, shown = await _load(desk, merchant, code)
    form = dict(await desk.request.form())
    reason = read_reason(form, parse_locale(order.locale))
    refuse = checkout.refuse_balance_proof if form.get("of") == OF_BALANCE else checkout.reject
    if reason is None:
        async with desk.reading("review", merchant) as room:
            return await _page(desk, room, code, reason_error=True, status=422)
    try:
        await refuse(desk.registry[SaleDesk], order=order, actor=desk.actor, reason=reason)
    except WrongState as refusal:
        return await _refused(desk, merchant, code, refusal)
    return _next(merchant, following, shown, "rejected")


async def _snapshot(desk: Desk, token: str, merchant_id: UUID) -> Snapshot:
    """The queue as the page compares it; a person who was signed out or lost the role hears nothing more."""
    person = await desk.registry[Sessions].find(token)
    if not isinstance(person, SignedIn) or not may_review(person, merchant_id):
        return Snapshot("gone", "{}", event="gone", is_final=True)
    async with desk.database.read(person.to_actor()) as session:
        naming = Naming("", may_manage_events(person, merchant_id))
        waiting = await queries.list_waiting(session, merchant_id)
        refs = [naming.ref(row.order_id, row.code) for row in waiting]
        total = await queries.count_waiting(session, merchant_id)
    data = orjson.dumps({"total": total, "refs": refs}).decode()
    return Snapshot(sha256(data.encode()).hexdigest()[:16], data, event="queue")


async def _load(desk: Desk, merchant: str, code: str) -> tuple[Order, str | None, str]:
    """The order of this merchant, what addresses call the one to look at after it, and its own code as shown."""
    async with desk.reading("review", merchant) as room:
        order = await order_of(room.session, room.shop, code)
        before, after = await queries.find_neighbours(room.session, order)
        naming = naming_of(desk, room.shop)
    near = after or before
    return order, naming.ref(near.order_id, near.code) if near else None, naming.code(order.code)


async def _refused(desk: Desk, merchant: str, code: str, refusal: PesanError) -> Response:
    async with desk.reading("review", merchant) as room:
        return await _page(desk, room, code, problem=refusal.text(desk.locale), status=refusal.status)


def _next(merchant: str, following: str | None, shown: str, done: str) -> Response:
    base = f"/organizer/{merchant}/review"
    if following is None:
        return go(f"{base}?done={done}&code={quote(shown)}")
    return go(f"{base}/{following}?done={done}&of={quote(shown)}")


async def _page(desk: Desk, room: Room, code: str | None, *, status: int = 200, **notes: Any) -> Response:
    waiting = await queries.list_waiting(room.session, room.shop.id)
    naming = naming_of(desk, room.shop)
    rows = [_row(row, naming) for row in waiting]
    chosen = code or next((row.ref for row in rows), None)
    page = ReviewPage(rows, room.shop.waiting, None, **notes)
    if chosen:
        page = await _with_item(desk, room, page, chosen)
    return desk.page(room.chrome, "review", {"page": page, "presets": PRESETS}, status=status)


async def _with_item(desk: Desk, room: Room, page: ReviewPage, code: str) -> ReviewPage:
    found = await queries.find_reviewed(room.session, room.shop.id, is_order(code))
    if found is None:
        raise OrderNotFound
    naming = naming_of(desk, room.shop)
    item = review_item(
        found,
        naming=naming,
        proofs=await list_proofs(room.session, found.order.id),
        duplicates=await find_duplicate_proofs(room.session, found.order.id),
        links=desk.registry[Links],
    )
    before, after = await queries.find_neighbours(room.session, found.order)
    note = risk_note(await find_review(room.session, found.order.id), desk.locale)
    page = replace(page, risks=note.reasons if note and note.is_open else ())
    paths = (naming.review(near.order_id, near.code) if near else None for near in (before, after))
    return page.with_item(item, *paths)


def _row(row: queries.Waiting, naming: Naming) -> QueueRow:
    return QueueRow(
        ref=naming.ref(row.order_id, row.code),
        buyer_name=row.buyer_name,
        event_title=row.event_title,
        amount=row.amount,
        waiting_minutes=row.waiting_minutes,
        submitted_at=row.submitted_at,
        path=naming.review(row.order_id, row.code),
        is_flagged=row.is_flagged,
        is_risky=row.is_risky,
    )
