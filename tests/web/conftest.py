"""A small app behind the whole stack: every kind of route, no feature."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, File, Form, Request, UploadFile
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, StreamingResponse

from pesan.db import Database
from pesan.errors import Busy, Forbidden
from pesan.kit.registry import Registry
from pesan.settings import Settings
from pesan.web import stack
from pesan.web.access import Who, allow
from pesan.web.csrf import csrf_field, require_csrf
from pesan.web.deps import client_ip, get_actor, guest_id
from pesan.web.limits import Limiter, limit, limit_misses
from pesan.web.pages import render

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


class Booking(BaseModel):
    """A body with one of each kind of rule."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=3, max_length=80)
    qty: int = Field(ge=1, le=1)


@router.post("/api/echo", status_code=201)
async def echo(booking: Booking) -> dict[str, Any]:
    return {"name": booking.name}


@router.get("/api/hello")
async def hello(request: Request) -> dict[str, str]:
    return {"ip": client_ip(request), "scheme": request.url.scheme}


@router.get("/api/things/{number}")
async def thing(number: int) -> dict[str, int]:
    return {"number": number}


@router.get("/api/fail/{how}")
async def fail(how: str) -> None:
    raise {
        "busy": Busy(retry_after=7),
        "forbidden": Forbidden(),
        "bug": ZeroDivisionError("secret 0812-3456-7890"),
    }[how]


@router.get("/page")
async def page(request: Request) -> HTMLResponse:
    return HTMLResponse(f"<p>{client_ip(request)}</p>{csrf_field(request)}" + "<p>isi</p>" * 300)


@router.get("/page/fail")
async def failing_page() -> None:
    raise ZeroDivisionError("internal detail")


@router.get("/page/template")
async def template_page(request: Request) -> HTMLResponse:
    return render(request, "web/offline.html")


@router.post("/page/form", dependencies=[require_csrf])
async def post_form(name: Annotated[str, Form()]) -> dict[str, str]:
    return {"name": name}


@router.post("/api/upload")
async def upload(file: Annotated[UploadFile, File()]) -> dict[str, int]:
    return {"size": len(await file.read())}


@router.get("/api/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        yield b"data: 2\n\n"

    return StreamingResponse(chunks(), media_type="text/event-stream")


@router.get("/api/endless")
async def endless() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b": heartbeat\n\n"
            await asyncio.sleep(0.01)

    return StreamingResponse(chunks(), media_type="text/event-stream")


@router.get("/api/guest")
async def guest(request: Request) -> dict[str, str]:
    return {"guest": guest_id(request), "kind": (await get_actor(request)).kind}


@router.post("/api/limited", dependencies=[limit("hold", 2, 900)])
async def limited() -> dict[str, bool]:
    return {"ok": True}


@router.get("/codes/{code}", dependencies=[limit_misses("code-misses", 2, 60)])
async def look_up(code: str) -> dict[str, str]:
    from pesan.errors import NotFound

    if code != "RIGHT":
        raise NotFound
    return {"code": code}


MakeApp = Callable[..., FastAPI]


@pytest.fixture
async def registry(web_database: Database) -> AsyncIterator[Registry]:
    """What a composition root would fill; the stack adds its own."""
    registry = Registry()
    registry.add(Database, web_database)
    yield registry
    if Limiter in registry:
        await registry[Limiter].close()


@pytest.fixture
def make_app(registry: Registry, settings: Settings) -> MakeApp:
    """The app with settings of the test's own: `make_app(trusted_proxies=("10.0.0.0/8",))`."""

    def make(routers: tuple[APIRouter, ...] = (), **changes: Any) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None)
        stack.install(app, registry, settings.model_copy(update=changes))
        for added in (router, *routers):
            app.include_router(added)
        return app

    return make


MakeClient = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def make_client(make_app: MakeApp) -> AsyncIterator[MakeClient]:
    """A client of such an app; `peer` is the address of its socket, `site` what it calls the app."""
    clients: list[httpx.AsyncClient] = []

    def make(
        *, peer: str = "203.0.113.9", site: str = "http://127.0.0.1", **changes: Any
    ) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(
            make_app(**changes), raise_app_exceptions=False, client=(peer, 40_000)
        )
        clients.append(httpx.AsyncClient(transport=transport, base_url=site))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
def client(make_client: MakeClient) -> httpx.AsyncClient:
    """A client of the app with a test's settings."""
    return make_client()
