"""What waits to be said over WhatsApp, for administrators: how much, how long, what failed and why; and stopping it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import StringConstraints
from starlette.responses import Response

from pesan.backoffice.desk import DeskOf, go
from pesan.backoffice.words import CHAT_LINES
from pesan.chats.queries import list_failed, list_failure_counts, list_line_levels, list_pauses
from pesan.chats.service import cancel_message, cancel_waiting, pause_line, resume_line, retry_message
from pesan.chats.states import TEMPLATE_PATIENCE_HOURS, Line
from pesan.chats.templates_store import list_awaited
from pesan.errors import NotFound
from pesan.settings import Settings
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

PATH = "/admin/queues"
router = APIRouter(prefix=PATH, dependencies=[allow(Who.ADMIN)])
_SIZE = 50
_ALL = "all"
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60), Form()]


@router.get("")
async def show_queues(
    desk: DeskOf,
    done: Annotated[str | None, Query(pattern=r"^[a-z]{1,12}$")] = None,
    count: Annotated[int | None, Query(ge=0)] = None,
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Every line with what waits, what leaves and what failed; and the messages that failed, the newest first."""
    async with desk.reading("queues") as room:
        failed = await list_failed(room.session, before=before, size=_SIZE)
        pauses = await list_pauses(room.session)
        context = {
            "levels": await list_line_levels(room.session),
            "stopped": next((pause for pause in pauses if pause.line is None), None),
            "pauses": {pause.line: pause for pause in pauses},
            "reasons": await list_failure_counts(room.session),
            "awaited": await list_awaited(room.session),
            "patience": TEMPLATE_PATIENCE_HOURS,
            "failed": failed,
            "older": failed[-1].id if len(failed) == _SIZE else None,
            "names": {line: desk.text(CHAT_LINES[line]) for line in Line},
            "per_second": desk.registry[Settings].wa_per_second,
            "has_number": desk.registry[Settings].has_whatsapp,
            "done": done,
            "count": count,
        }
        return desk.page(room.chrome, "queues", context)


@router.post("/{name}/pause", dependencies=[require_csrf])
async def submit_pause(desk: DeskOf, name: str, reason: Reason = "") -> Response:
    """Have a line wait, or all of them; what is being handed over still leaves."""
    async with desk.database.write(desk.actor) as session:
        await pause_line(session, _line(name), actor=desk.actor, reason=reason or "-")
    return go(f"{PATH}?done=paused")


@router.post("/{name}/resume", dependencies=[require_csrf])
async def submit_resume(desk: DeskOf, name: str) -> Response:
    """Let a line go on."""
    async with desk.database.write(desk.actor) as session:
        await resume_line(session, _line(name), actor=desk.actor)
    return go(f"{PATH}?done=resumed")


@router.post("/{name}/cancel", dependencies=[require_csrf])
async def submit_cancel_waiting(desk: DeskOf, name: str) -> Response:
    """Let everything that waits in a line go unsaid."""
    line = _line(name)
    if line is None:
        raise NotFound
    async with desk.database.write(desk.actor) as session:
        count = await cancel_waiting(session, line, actor=desk.actor)
    return go(f"{PATH}?done=cancelled&count={count}")


@router.post("/messages/{message_id}/retry", dependencies=[require_csrf])
async def submit_retry(desk: DeskOf, message_id: UUID) -> Response:
    """Give a failed message all its tries again."""
    async with desk.database.write(desk.actor) as session:
        if not await retry_message(session, message_id, actor=desk.actor):
            raise NotFound
    return go(f"{PATH}?done=retried")


@router.post("/messages/{message_id}/cancel", dependencies=[require_csrf])
async def submit_cancel(desk: DeskOf, message_id: UUID) -> Response:
    """Let a message that waits go unsaid."""
    async with desk.database.write(desk.actor) as session:
        if not await cancel_message(session, message_id, actor=desk.actor):
            raise NotFound
    return go(f"{PATH}?done=cancelled&count=1")


def _line(name: str) -> Line | None:
    """The line of an address, None for all of them; raises NotFound."""
    if name == _ALL:
        return None
    try:
        return Line(name)
    except ValueError as error:
        raise NotFound from error
