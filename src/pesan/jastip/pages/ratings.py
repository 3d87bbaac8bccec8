"""Rating whoever sent an order, and reporting what somebody said."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from pesan.checkout.links import status_path
from pesan.jastip.errors import RatingNotFound
from pesan.jastip.queries.ratings import find_rating
from pesan.jastip.service.ratings import Said, rate_order
from pesan.jobs import enqueue
from pesan.kit.i18n import Locale, Text
from pesan.kit.ids import normalise_code
from pesan.orders.queries import get_order_by_code
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, get_locale, guest_actor
from pesan.web.limits import CODE_MISSES, limit, limit_misses
from pesan.web.pages import render

MAX_WORDS = 300
REPORT_TASK = "jastip.report_rating"
_BAD_SCORE = Text(id="Pilih 1 sampai 5.", en="Choose 1 to 5.")
_BAD_WORDS = Text(id=f"Singkatkan sampai {MAX_WORDS} huruf.", en=f"Shorten it to {MAX_WORDS} characters.")
misses = limit_misses(CODE_MISSES.name, CODE_MISSES.count, CODE_MISSES.seconds)
router = APIRouter()


@router.post(
    "/b/{code}/rating",
    dependencies=[allow(Who.GUEST_WITH_CODE), misses, require_csrf, limit("rating", 20, 900)],
)
async def post_rating(
    request: Request, code: str, score: Annotated[str, Form()] = "", words: Annotated[str, Form()] = ""
) -> Response:
    """Rate an order that was sent, once; what cannot be read is asked for again, with what was typed."""
    words = " ".join(words.split())
    if problems := _problems(get_locale(request), score, words):
        return _ask_again(request, code, score=score, words=words, problems=problems)
    said = Said(int(score), words)
    async with get_database(request).write(guest_actor(request)) as session:
        order = await get_order_by_code(session, normalise_code(code))
        name_merchant(request, order.merchant_id)
        await rate_order(session, order, said)
    return RedirectResponse(f"{status_path(order.code)}#rating", 303)


@router.get("/profile/ratings/{rating_id}/report", dependencies=[allow(Who.PUBLIC)])
async def ask_to_report(request: Request, rating_id: UUID) -> Response:
    """Whether to report what somebody said."""
    async with get_database(request).read(guest_actor(request)) as session:
        rating = await find_rating(session, rating_id)
    if rating is None:
        raise RatingNotFound
    return render(
        request, "jastip/report.html", {"rating": rating, "is_done": "done" in request.query_params}
    )


@router.post(
    "/profile/ratings/{rating_id}/report",
    dependencies=[allow(Who.PUBLIC), require_csrf, limit("report", 10, 900)],
)
async def report(request: Request, rating_id: UUID) -> Response:
    """Have people of the platform look at it; a job notes it, because nobody but them writes there."""
    async with get_database(request).write(guest_actor(request)) as session:
        if await find_rating(session, rating_id) is None:
            raise RatingNotFound
        await enqueue(session, REPORT_TASK, order_id=rating_id)
    return RedirectResponse(f"/profile/ratings/{rating_id}/report?done=1", 303)


def _problems(locale: Locale, score: str, words: str) -> dict[str, str]:
    """What is wrong with which field, by the name that the form has for it."""
    bad_score = score not in {"1", "2", "3", "4", "5"}
    found = {"score_error": _BAD_SCORE} if bad_score else {}
    if len(words) > MAX_WORDS:
        found["words_error"] = _BAD_WORDS
    return {name: text.in_(locale) for name, text in found.items()}


def _ask_again(request: Request, code: str, **typed: Any) -> Response:
    path = status_path(normalise_code(code))
    context = {"status_path": path, "path": f"{path}/rating", **typed}
    return render(request, "jastip/rating.html", context, status=422)
