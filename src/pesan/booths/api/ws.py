"""`/ws`: an outlet's events as they happen (booth-backoffice.md §9)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, WebSocket

from pesan.booths.listening import listener_of_booth, listener_of_staff, open_channel
from pesan.booths.messages import PROTOCOL
from pesan.db import Database
from pesan.errors import PesanError
from pesan.kit.metrics import SOCKETS_ENDED
from pesan.kit.registry import Registry
from pesan.realtime.sockets import Listener, Sockets, ending_of
from pesan.web.clock import ServerClock
from pesan.web.context import context_of
from pesan.web.cookies import session_token
from pesan.web.devices import BoothDevices
from pesan.web.errors import CrossSite, SignInNeeded
from pesan.web.limits.limiter import Limiter
from pesan.web.limits.policies import Policy
from pesan.web.people import Sessions

router = APIRouter()

TOKEN_PREFIX = "token."  # noqa: S105  what stands before a token in the list of subprotocols
OPENINGS = Policy("sockets", 60, 60)
MOST_SEQ = 2**63 - 1


@router.websocket("/ws")
async def follow_outlet(
    websocket: WebSocket,
    outlet: UUID,
    since: Annotated[int | None, Query(ge=0, le=MOST_SEQ)] = None,
) -> None:
    """Tell staff and booths of an outlet what happens there, from number `since` on.

    Who is refused is told so by a close code, because browsers show their pages no other answer; the page of another
    site is refused before that (403).
    """
    registry: Registry = websocket.app.state.registry
    sockets = registry[Sockets]
    try:
        async with sockets.opening:
            listener = await _admit(websocket, registry, outlet)
        await _accept(websocket)
        beat = sockets.pace.beat
        channel = open_channel(registry[Database], registry[ServerClock], outlet, beat)
        await sockets.serve(websocket, listener, channel, since=since)
    except CrossSite:
        await websocket.close(1008)
    except PesanError as error:
        await _refuse(websocket, error)


async def _admit(websocket: WebSocket, registry: Registry, outlet: UUID) -> Listener:
    """Who listens; raises whatever they are refused with."""
    limiter, context, database = registry[Limiter], context_of(websocket), registry[Database]
    if token := _booth_token(websocket):
        listener = listener_of_booth(database, registry[BoothDevices], token, outlet)
        await limiter.hit(context, OPENINGS, listener.peer)
    else:
        if b"origin" not in context.headers:
            raise CrossSite  # no page of ours, and so no cookie that it may use here
        if not (token := session_token(websocket)):
            raise SignInNeeded
        await limiter.hit(context, OPENINGS)
        peer = limiter.digest(context.client_ip)
        listener = listener_of_staff(database, registry[Sessions], token, event_id=outlet, peer=peer)
    await listener.check()
    return listener


def _booth_token(websocket: WebSocket) -> str:
    offered = (name for name in websocket.scope["subprotocols"] if name.startswith(TOKEN_PREFIX))
    return next(offered, "").removeprefix(TOKEN_PREFIX)


async def _accept(websocket: WebSocket) -> None:
    offered = websocket.scope["subprotocols"]
    await websocket.accept(PROTOCOL if PROTOCOL in offered else None)


async def _refuse(websocket: WebSocket, error: PesanError) -> None:
    ending = ending_of(error)
    SOCKETS_ENDED.inc(ending.reason)
    if websocket.client_state.name == "CONNECTING":
        await _accept(websocket)
    await websocket.close(ending.code, ending.reason)
