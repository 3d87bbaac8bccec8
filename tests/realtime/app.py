"""A web server with nothing but a stream, for the tests: `granian tests.realtime.app:app`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from pesan.errors import Busy, NotFound, PesanError
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.realtime.sse import Pace, Snapshot, stream
from pesan.realtime.termination import on_termination

hub = Hub()
gate = StreamGate(total=int(os.environ.get("TOTAL", "8")), per_peer=int(os.environ.get("PER_PEER", "6")))
state = {"version": "1", "data": "one", "final": "", "error": ""}
PACE = Pace(heartbeat=0.3, gap=0.05, retry=(0.1, 0.2))


async def _fetch() -> Snapshot:
    if state["error"]:
        raise NotFound if state["error"] == "gone" else Busy
    return Snapshot(state["version"], state["data"], is_final=bool(state["final"]))


async def _stream(request: Request) -> Response:
    peer = request.query_params.get("peer", "peer")
    last = request.headers.get("last-event-id")
    return await stream(hub, gate, topics=["sample"], peer=peer, fetch=_fetch, last_event_id=last, pace=PACE)


async def _set(request: Request) -> Response:
    state.update(request.query_params)
    hub.hint("sample")
    return PlainTextResponse("ok")


async def _count(request: Request) -> Response:
    return JSONResponse({"open": gate.count(), "listeners": len(hub._listeners)})


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, PesanError)
    headers = {"retry-after": str(error.retry_after)} if error.retry_after else {}
    return JSONResponse({"code": error.code}, status_code=error.status, headers=headers)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with hub:
        with on_termination(hub.close):
            yield


app = Starlette(
    routes=[Route("/stream", _stream), Route("/set", _set), Route("/count", _count)],
    exception_handlers={PesanError: _problem},
    lifespan=_lifespan,
)
