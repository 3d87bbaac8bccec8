"""The index finds what the framework would have found."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from pesan.web.routing import RouteIndex

PATHS = [
    "/", "/api/bookings/hold", "/api/bookings/abc", "/api/bookings/abc/status", "/api/items", "/b/CODE", "/b", "/b/",
    "/shop", "/static/a.css", "/plain", "/nested/deep", "/prefixed/x", "/prefixed/hold", "//", "/api", "/api/", "/café",
    "/api/bookings/hold/", "/unknown/path/here",
]  # fmt: skip


def answer(name: str):
    async def route() -> PlainTextResponse:
        return PlainTextResponse(name)

    return route


def build() -> FastAPI:
    """Every kind of route, in an order that matters."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    api, gathered, nested, prefixed = APIRouter(prefix="/api"), APIRouter(), APIRouter(), APIRouter()
    api.add_api_route("/bookings/hold", answer("hold"), methods=["POST"])
    api.add_api_route("/bookings/{code}", answer("booking"), methods=["GET", "POST"])
    api.add_api_route("/bookings/{code}/status", answer("status"))
    api.add_api_route("/items", answer("items"))
    nested.add_api_route("/nested/{what}", answer("nested"))
    gathered.include_router(nested)
    gathered.add_api_route("/b/{code}", answer("page"))
    gathered.add_api_route("/", answer("home"))
    prefixed.add_api_route("/x", answer("x"))
    app.include_router(api)
    app.include_router(gathered)
    app.include_router(prefixed, prefix="/prefixed")
    app.mount("/static", PlainTextResponse("static"))
    app.router.routes.append(Route("/plain", PlainTextResponse("plain")))
    app.router.routes.append(Mount("/mounted", app=PlainTextResponse("mounted")))
    app.add_api_route("/{slug}", answer("slug"))
    app.add_api_route("/prefixed/hold", answer("too late for nobody"))
    return app


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_index_answers_like_the_framework(method: str):
    plain, indexed = build(), build()
    indexed.router.middleware_stack = RouteIndex(indexed.router)

    assert await ask(indexed, method) == await ask(plain, method)


async def test_route_added_later_is_found():
    app = build()
    app.router.middleware_stack = RouteIndex(app.router)
    await ask(app, "GET")
    app.add_api_route("/api/late", answer("late"))

    async with client_of(app) as client:
        assert (await client.get("/api/late")).text == "late"


async def ask(app: FastAPI, method: str) -> list[tuple[int, str]]:
    async with client_of(app) as client:
        answers = [await client.request(method, path) for path in PATHS]
    return [(found.status_code, found.text) for found in answers]


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
