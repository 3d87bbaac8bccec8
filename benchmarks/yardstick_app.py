"""The real application with yardsticks beside it: the processes that benchmarks measure.

`python -m benchmarks.yardstick_app --port N --workers N` serves; PESAN_BENCH_DESK=plain gives it the desk that most
booking systems have, one row-locking transaction for each hold, and for each scan.
"""

import argparse
import os
from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request, WebSocket
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from pydantic import BaseModel
from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect

from pesan.app import server
from pesan.checkout import service
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.gates.attempts import Attempt, Scanned
from pesan.gates.desk import GateDesk
from pesan.orders import Move, Moved, OrderEvent, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.gate import transition_many
from pesan.orders.queries import get_order
from pesan.realtime import Hub
from pesan.tickets.slices import Slices
from pesan.web.access import Who, allow
from pesan.web.deps import get_database, get_registry

MOVER = Actor.system("bench")
STOP_SECONDS = 10

router = APIRouter(prefix="/api/bench", dependencies=[allow(Who.PUBLIC)])
sockets = APIRouter(prefix="/api/bench")


class Wanted(BaseModel):
    """A move of one order."""

    order_id: UUID
    event_id: UUID
    event: OrderEvent


@router.post("/nothing")
async def nothing() -> Response:
    """What the application costs when a route does nothing: server, middleware, limits, headers."""
    return Response(b'{"done":true}', media_type="application/json")


@router.post("/move")
async def move(request: Request, wanted: Wanted) -> Response:
    """Move an order as the system, through the same desk as everybody's."""
    desk = get_registry(request)[SaleDesk]
    if wanted.event is OrderEvent.APPROVE:
        async with get_database(request).sale() as session:
            order = await get_order(session, wanted.order_id)
        await service.approve(desk, order=order, actor=MOVER)
    else:
        await desk.submit(Move(wanted.event, wanted.event_id, MOVER, wanted.order_id))
    return Response(b'{"done":true}', media_type="application/json")


@sockets.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    """What an open socket costs when it is told nothing but what it said itself."""
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text(await websocket.receive_text())


class PlainDesk(SaleDesk):
    """The yardstick: the same move, in a transaction of its own that locks the pool's row."""

    def __init__(self, database: Database, hub: Hub) -> None:
        super().__init__(database, hub)
        self._pool = database

    async def submit(self, move: Move) -> Moved | Replayed:
        """One move, one transaction."""
        async with self._pool.sale() as session:
            (outcome,) = await transition_many(session, [move])
        if isinstance(outcome, PesanError):
            raise outcome
        return outcome


class PlainGateDesk(GateDesk):
    """The yardstick: the same scan, in a transaction of its own that locks the ticket's row."""

    async def submit(self, event_id: UUID, attempt: Attempt) -> Scanned:
        """One scan, one transaction."""
        (scanned,) = await self.submit_all(event_id, [attempt])
        return scanned


def create() -> FastAPI:
    """The real application and the yardsticks."""
    app = server.create()
    app.include_router(router)
    app.include_router(sockets)
    if os.environ.get("PESAN_BENCH_DESK") == "plain":
        registry = app.state.registry
        plain = PlainDesk(registry[Database], registry[Hub])
        gate = PlainGateDesk(registry[Database], registry[Hub], registry[Slices])
        registry._objects.update({SaleDesk: plain, GateDesk: gate})  # noqa: SLF001  a yardstick may
    return app


def main() -> None:
    """Serve, with the settings of the real server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    wanted = parser.parse_args()
    Granian(
        "benchmarks.yardstick_app:create",
        factory=True,
        port=wanted.port,
        workers=wanted.workers,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        loop=Loops.uvloop,
        backlog=server.BACKLOG,
        backpressure=server.PLAIN_REQUESTS,
        respawn_failed_workers=True,
        # One that was just started anew may not hear that it shall end.
        workers_kill_timeout=STOP_SECONDS,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    main()
