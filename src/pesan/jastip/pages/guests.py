"""Who a visitor showed that they are: by a link that WhatsApp brought them, kept as a cookie since."""

from dataclasses import replace
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pesan.db import Actor, ReadSession
from pesan.jastip.models import Participant
from pesan.jastip.queries.takers import list_shown
from pesan.jastip.tokens import MOST, ParticipantTokens
from pesan.web.cookies import PARTICIPANT, YEAR_SECONDS, read_guarded, write_guarded
from pesan.web.deps import get_registry, guest_actor

MAX_TOKEN = 600
SHOWN = "p"
"""The part of a link's query that carries a token."""


def shown_ids(request: Request) -> tuple[UUID, ...]:
    """Everybody whose token came along, the one in the address first."""
    typed = request.query_params.get(SHOWN, "")[:MAX_TOKEN]
    return get_registry(request)[ParticipantTokens].read_all([typed, read_guarded(request, PARTICIPANT)])


def participant_actor(request: Request) -> Actor:
    """The guest behind a request, with those whom they showed to be."""
    return replace(guest_actor(request), participant_ids=shown_ids(request))


def keep_shown(request: Request, response: Response) -> None:
    """Keep whom the address shows in the browser, where the address itself is not needed any more."""
    if SHOWN in request.query_params and (ids := shown_ids(request)):
        token = get_registry(request)[ParticipantTokens].make(*ids[:MOST])
        write_guarded(request, response, PARTICIPANT, token, max_age=YEAR_SECONDS)


async def find_taking_part(request: Request, session: ReadSession, trip_id: UUID) -> Participant | None:
    """Who the visitor is in this trip; of several, the one that was shown last."""
    ids = shown_ids(request)
    found = {person.id: person for person in await list_shown(session, trip_id, ids)} if ids else {}
    return next((found[known] for known in ids if known in found), None)
