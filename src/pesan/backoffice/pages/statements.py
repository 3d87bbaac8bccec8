"""Bank statements: uploaded, matched by themselves where they can be, decided by people where not."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, Room, go, open_form
from pesan.backoffice.pages.bookings import naming_of
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.make import method_label
from pesan.backoffice.views.statements import NearOrder, OpenLine, StatementsPage
from pesan.checkout.statements import accept_line
from pesan.errors import PesanError
from pesan.identity.policies import may_review_everything
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import OrderNotFound
from pesan.orders.queries import get_order
from pesan.payments.errors import MethodNotFound
from pesan.payments.models import PaymentMethod
from pesan.payments.queries import get_method, list_methods
from pesan.payments.statements.errors import OrderNotNear
from pesan.payments.statements.queries import (
    Suggestion,
    find_columns,
    get_open_line,
    list_open_lines,
    list_suggestions,
)
from pesan.payments.statements.reading import MAX_BYTES, ROLES, read_statement
from pesan.payments.statements.service import add_lines, dismiss_line
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.errors import BadRequest

router = APIRouter(prefix="/organizer/{merchant}/statements", dependencies=[allow(Who.STAFF)])
Done = Annotated[str, Query(pattern="^(accepted|dismissed|added-[0-9]{1,6})?$")]
_LONGEST_COLUMN = 80


@router.get("")
async def show_statements(desk: DeskOf, merchant: str, done: Done = "") -> Response:
    """The upload, and the lines that wait for a person."""
    return await _page(desk, merchant, done=done)


@router.post("", dependencies=[require_csrf])
async def submit_statement(desk: DeskOf, merchant: str) -> Response:
    """Keep the lines of a bank's CSV file that are not there yet; what is exact is settled by a job."""
    async with desk.reading("review", merchant, may_review_everything):
        pass  # refuse strangers before their file is read
    async with open_form(desk.request) as posted:
        content = await _content(posted.get("file"))
        method_id, columns = _method_id(posted), _columns(posted)
    try:
        async with desk.reading("review", merchant, may_review_everything) as room:
            method = await _own_method(room.session, room.shop.id, method_id)
            known = columns or await find_columns(room.session, method.id)
            today = datetime.now(ZoneInfo(room.shop.zone)).date()
        # In a thread and outside any transaction: thousands of lines take a while.
        statement = await asyncio.to_thread(read_statement, content, today, known)
        async with desk.writing(merchant, may_review_everything) as work:
            added = await add_lines(
                work.session, method=method, lines=statement.lines, columns=statement.columns
            )
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal, typed=columns)
    return go(f"/organizer/{merchant}/statements?done=added-{added}")


@router.post("/{line_id}/accept", dependencies=[require_csrf])
async def submit_acceptance(desk: DeskOf, merchant: str, line_id: UUID) -> Response:
    """Say that a line is the money of an order that is suggested for it: it is paid with exactly what came.

    Money that buys nothing any more, as for a time that is over, is on the list of refunds then.
    """
    order_id = str((await desk.request.form()).get("order_id", ""))
    try:
        async with desk.reading("review", merchant, may_review_everything) as room:
            line = await get_open_line(room.session, room.shop.id, line_id)
            order = await get_order(room.session, _uuid(order_id))
            if order.merchant_id != room.shop.id:
                raise OrderNotFound
            suggested = (await list_suggestions(room.session, [line])).get(line.id, ())
            near = next((one for one in suggested if one.order_id == order.id), None)
            if near is None:
                raise OrderNotNear
        is_paid = await accept_line(
            desk.registry[SaleDesk], line=line, order=order, near=near, actor=desk.actor
        )
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return go(f"/organizer/{merchant}/statements?done={'accepted' if is_paid else 'due'}")


@router.post("/{line_id}/dismiss", dependencies=[require_csrf])
async def submit_dismissal(desk: DeskOf, merchant: str, line_id: UUID) -> Response:
    """Say that a line is no order's money."""
    try:
        async with desk.writing(merchant, may_review_everything) as work:
            await dismiss_line(work.session, line_id, merchant_id=work.shop.id, by=desk.actor.user_id)
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return go(f"/organizer/{merchant}/statements?done=dismissed")


async def _content(file: Any) -> bytes:
    return await file.read(MAX_BYTES + 1) if isinstance(file, UploadFile) else b""


def _method_id(form: FormData) -> UUID:
    return _uuid(str(form.get("method_id", "")))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadRequest from error


def _columns(form: FormData) -> dict[str, str]:
    """The columns that somebody named; empty when they left it to us."""
    typed = {role: str(form.get(f"column_{role}", "")).strip()[:_LONGEST_COLUMN] for role in ROLES}
    return {role: name for role, name in typed.items() if name}


async def _own_method(session: Any, merchant_id: UUID, method_id: UUID) -> PaymentMethod:
    method = await get_method(session, method_id)
    if method.merchant_id != merchant_id:
        raise MethodNotFound
    return method


async def _page(
    desk: Desk,
    merchant: str,
    *,
    refusal: PesanError | None = None,
    typed: dict[str, str] | None = None,
    done: str = "",
) -> Response:
    async with desk.reading("review", merchant, may_review_everything) as room:
        methods = await list_methods(room.session, room.shop.id)
        page = StatementsPage(
            path=f"{room.shop.path}/statements",
            methods=[(str(method.id), method_label(method)) for method in methods],
            lines=await _lines(room, naming_of(desk, room.shop)),
            columns=typed or {},
            done=done,
            problem=refusal.text(desk.locale) if refusal else "",
        )
        return desk.page(room.chrome, "statements", {"page": page}, status=refusal.status if refusal else 200)


async def _lines(room: Room, naming: Naming) -> list[OpenLine]:
    waiting = await list_open_lines(room.session, room.shop.id)
    suggestions = await list_suggestions(room.session, [line for line, _ in waiting])
    return [
        OpenLine(
            id=str(line.id),
            posted_on=line.posted_on,
            amount=line.amount,
            description=line.description,
            account=method_label(method),
            suggestions=[_near(near, naming) for near in suggestions.get(line.id, ())],
        )
        for line, method in waiting
    ]


def _near(near: Suggestion, naming: Naming) -> NearOrder:
    return NearOrder(
        order_id=str(near.order_id),
        path=naming.booking(near.order_id, near.code),
        code=naming.code(near.code),
        buyer_name=near.buyer_name,
        asked_amount=near.asked_amount,
    )
