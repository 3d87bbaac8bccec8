"""What people ask about their data: seen with its age by all staff, decided by organizers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.review import read_note
from pesan.backoffice.views.privacy import request_row
from pesan.backoffice.words import REQUEST_KINDS, REQUEST_STATES
from pesan.errors import PesanError
from pesan.identity.policies import may_manage, may_review_everything
from pesan.orders.errors import ReasonMissing
from pesan.privacy.requests import decide, list_requests
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/organizer/{merchant}/privacy", dependencies=[allow(Who.STAFF)])
_DECIDES = [allow(Who.ORGANIZER), require_csrf]


@router.get("")
async def show_requests(
    desk: DeskOf, merchant: str, done: Annotated[str, Query(pattern="^(approved|refused)?$")] = ""
) -> Response:
    """What waits, the oldest first, and what was answered."""
    return await _page(desk, merchant, done=done)


@router.post("/{request_id}/approve", dependencies=_DECIDES)
async def approve_request(desk: DeskOf, merchant: str, request_id: UUID) -> Response:
    """Have it done; a job does, and tells whoever asked."""
    return await _decide(desk, merchant, request_id, None)


@router.post("/{request_id}/refuse", dependencies=_DECIDES)
async def refuse_request(desk: DeskOf, merchant: str, request_id: UUID) -> Response:
    """Say no, with the reason that the person reads."""
    reason = read_note(await desk.request.form())
    if not reason:
        return await _page(desk, merchant, refusal=ReasonMissing())
    return await _decide(desk, merchant, request_id, reason)


async def _decide(desk: Desk, merchant: str, request_id: UUID, refusal: str | None) -> Response:
    try:
        async with desk.writing(merchant, may_manage) as room:
            await decide(room.session, request_id, room.shop.id, refusal=refusal, actor=desk.actor)
    except PesanError as problem:
        if problem.status != 409:
            raise
        return await _page(desk, merchant, refusal=problem)
    return go(f"/organizer/{merchant}/privacy?done={'refused' if refusal else 'approved'}")


async def _page(desk: Desk, merchant: str, *, done: str = "", refusal: PesanError | None = None) -> Response:
    async with desk.reading("bookings", merchant, may_review_everything) as room:
        now = (await room.session.scalars(select(func.clock_timestamp()))).one()
        is_open = may_manage(desk.person, room.shop.id)
        found = await list_requests(room.session, room.shop.id)
        context = {
            "rows": [request_row(each, now, room.shop.path, is_open=is_open) for each in found],
            "kinds": REQUEST_KINDS,
            "states": REQUEST_STATES,
            "done": done,
            "problem": refusal.text(desk.locale) if refusal else "",
        }
        return desk.page(room.chrome, "privacy", context, status=refusal.status if refusal else 200)
