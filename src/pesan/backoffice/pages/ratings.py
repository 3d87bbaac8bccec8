"""What was reported of jastipers' ratings, for administrators: hidden, or left shown."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from pesan.backoffice.desk import DeskOf, go
from pesan.jastip.queries.ratings import list_reported
from pesan.jastip.service.ratings import decide_rating
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/backoffice/ratings", dependencies=[allow(Who.ADMIN)])


@router.get("")
async def show_reported(desk: DeskOf) -> Response:
    """Every rating that somebody reported and nobody decided about yet."""
    async with desk.reading("ratings") as room:
        reported = await list_reported(room.session)
        return desk.page(room.chrome, "ratings", {"reported": reported})


@router.post("/{rating_id}", dependencies=[require_csrf])
async def decide(desk: DeskOf, rating_id: UUID, verdict: Annotated[str, Form()] = "") -> Response:
    """Hide a rating, or leave it shown."""
    async with desk.database.write(desk.actor) as session:
        if verdict in {"hide", "keep"}:
            await decide_rating(session, rating_id, hides=verdict == "hide")
    return go("/backoffice/ratings")
