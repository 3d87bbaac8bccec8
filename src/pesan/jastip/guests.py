"""Whoever shows a program's request to be somebody who takes part in a trip, without an account."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from pesan.db import Actor
from pesan.jastip.tokens import ParticipantTokens
from pesan.web.context import context_of
from pesan.web.cookies import PARTICIPANT, read_guarded
from pesan.web.deps import get_actor, get_registry, guest_actor

HEADER = b"x-participant-token"


def shown_participants(request: Any) -> tuple[UUID, ...]:
    """Whom the request shows: by the header first, then by the cookie that a link of ours set."""
    tokens = context_of(request).text_header(HEADER), read_guarded(request, PARTICIPANT)
    return get_registry(request)[ParticipantTokens].read_all(tokens)


def guest_of_trips(request: Any) -> Actor:
    """The guest that the request shows to take part, whoever is signed in besides."""
    return replace(guest_actor(request), participant_ids=shown_participants(request))


async def somebody(request: Any) -> Actor:
    """Whoever is signed in, else a guest; either with the trips that they show to take part in."""
    return replace(await get_actor(request), participant_ids=shown_participants(request))
