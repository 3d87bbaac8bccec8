"""Orders that something speaks against: looked at by staff; nothing here changes an order."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.review import read_note
from pesan.backoffice.pages.bookings import naming_of, order_of
from pesan.backoffice.views.risk import LISTS, VERDICTS, risk_card
from pesan.errors import PesanError
from pesan.identity.policies import may_manage
from pesan.risk import queries, service
from pesan.risk.errors import NoteMissing
from pesan.risk.states import ReviewState, Verdict
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/organizer/{merchant}/risk", dependencies=[allow(Who.STAFF)])
Which = Annotated[str, Query(pattern="^(open|settled)$")]
Done = Annotated[str, Query(pattern="^(fine|fraud|listed)?$")]
DoneCode = Annotated[str, Query(max_length=13, pattern="^…?[0-9A-Z]*$")]


@router.get("")
async def show_reviews(
    desk: DeskOf,
    merchant: str,
    state: Which = "open",
    done: Done = "",
    code: DoneCode = "",
) -> Response:
    """What waits with its age, the oldest first; or what was settled, the latest first."""
    return await reviews_page(desk, merchant, ReviewState(state), done=done, code=code)


@router.post("/{code}/settle", dependencies=[require_csrf])
async def submit_verdict(desk: DeskOf, merchant: str, code: str) -> Response:
    """Close a review with a note; the second of two people is told that somebody was first."""
    form = await desk.request.form()
    note, said = read_note(form), str(form.get("verdict", ""))
    try:
        if not note or said not in set(Verdict):
            raise NoteMissing
        async with desk.writing(merchant) as room:
            order = await order_of(room.session, room.shop, code)
            naming = naming_of(desk, room.shop)
            verdict = Verdict(said)
            await service.settle(room.session, order.id, verdict=verdict, note=note, actor=desk.actor)
    except PesanError as refusal:
        if refusal.status not in {409, 422}:
            raise
        return await reviews_page(desk, merchant, ReviewState.OPEN, refusal=refusal)
    return go(f"/organizer/{merchant}/risk?done={verdict}&code={quote(naming.code(order.code))}")


async def reviews_page(
    desk: Desk,
    merchant: str,
    state: ReviewState,
    *,
    done: str = "",
    code: str = "",
    refusal: PesanError | None = None,
) -> Response:
    """The list, with what stood against the last wish."""
    async with desk.reading("risk", merchant) as room:
        naming = naming_of(desk, room.shop)
        keeps = may_manage(desk.person, room.shop.id)
        found = await queries.list_reviews(room.session, room.shop.id, state)
        cards = [risk_card(each, naming, desk.locale, keeps_lists=keeps) for each in found]
        context = {
            "cards": cards,
            "is_open": state is ReviewState.OPEN,
            "most": queries.MOST_LISTED,
            "keeps_lists": keeps,
            "verdicts": VERDICTS,
            "lists": LISTS,
            "done": done,
            "done_code": code,
            "done_search": code.removeprefix("…"),
            "problem": refusal.text(desk.locale) if refusal else "",
        }
        return desk.page(room.chrome, "risk", context, status=refusal.status if refusal else 200)
