"""Errors as programs and as people read them."""

import contextlib

import httpx
import pytest
from fastapi import APIRouter, Request
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pesan.db import Actor, Database
from pesan.errors import InvalidInput
from pesan.kit.i18n import Text
from pesan.web.access import Who, allow
from pesan.web.context import RequestContext
from pesan.web.deps import get_database
from pesan.web.problems import as_refusal, document_of
from tests.web.conftest import MakeClient

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_problem_names_code_and_request(client: httpx.AsyncClient):
    response = await client.get("/api/fail/busy", headers={"X-Request-Id": "request-0001"})

    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "7"
    assert response.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Sedang ramai sekali. Coba lagi beberapa detik lagi.",
        "code": "busy",
        "request_id": "request-0001",
    }


async def test_problem_speaks_the_readers_language(client: httpx.AsyncClient):
    response = await client.get("/api/fail/busy", headers={"Accept-Language": "en"})

    assert response.json()["detail"] == "It is very busy right now. Please try again in a few seconds."


async def test_unexpected_error_says_nothing_about_itself(
    client: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
):
    response = await client.get("/api/fail/bug", headers={"X-Request-Id": "request-0002"})

    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert not {"secret", "ZeroDivision", "Traceback", "0812"} & set(response.text.split())
    log = capfd.readouterr().err
    assert "ZeroDivisionError" in log
    assert "request-0002" in log
    assert "0812-3456-7890" not in log


async def test_unexpected_error_on_a_page_is_a_page(client: httpx.AsyncClient):
    response = await client.get("/page/fail", headers=PAGE)

    assert response.status_code == 500
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "internal detail" not in response.text
    assert response.headers["x-request-id"] in response.text


async def test_unknown_page_leads_on(client: httpx.AsyncClient):
    response = await client.get("/no/such/page", headers=PAGE)

    assert response.status_code == 404
    assert "Tidak ditemukan" in response.text


async def test_unknown_api_path_is_a_problem_even_for_a_browser(client: httpx.AsyncClient):
    response = await client.get("/api/nothing", headers=PAGE)

    assert response.headers["content-type"] == "application/problem+json"


async def test_error_of_a_form_field_is_a_pointer():
    error = InvalidInput("buyer.wa", Text(id="Nomor salah.", en="Wrong number."))

    document = document_of(error, "en", "r1")

    assert document["errors"] == [{"pointer": "#/buyer/wa", "detail": "Wrong number."}]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("select", {}, Exception("gone")), "busy"),
        (PoolTimeout(), "busy"),
        (ConnectionRefusedError(), "busy"),
        (TimeoutError(), "busy"),
        (DataError("insert", {}, Exception("NUL")), "http.unusable_text"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), "http.unusable_text"),
        (RuntimeError("bug"), "internal"),
    ],
)
def test_error_of_any_other_kind_becomes_a_refusal(error: Exception, code: str):
    assert as_refusal(RequestContext({}, {}), error).code == code


@pytest.fixture
def busy_router() -> APIRouter:
    """Routes that need the database, and a lock."""
    router = APIRouter(dependencies=[allow(Who.PUBLIC)])

    @router.get("/api/now")
    async def now(request: Request) -> dict[str, str]:
        async with get_database(request).read(Actor.guest()) as session:
            return {"now": str(await session.scalar(text("SELECT clock_timestamp()")))}

    @router.get("/api/lock")
    async def lock(request: Request) -> dict[str, bool]:
        async with get_database(request).write(Actor.guest()) as session:
            await session.execute(text("SELECT pg_advisory_xact_lock(42)"))
            return {"locked": True}

    return router


async def test_database_away_is_busy(make_client: MakeClient, web_database: Database, busy_router: APIRouter):
    client = make_client(routers=(busy_router,))
    web_database.engine = Database("postgresql+psycopg://nobody@127.0.0.1:1/none").engine

    response = await client.get("/api/now")

    assert (response.status_code, response.json()["code"]) == (503, "busy")
    assert response.headers["retry-after"] == "2"


async def test_lock_held_for_long_is_busy_in_time(
    make_client: MakeClient, database: Database, web_database: Database, busy_router: APIRouter
):
    client = make_client(routers=(busy_router,))
    web_database._timeouts["lock_timeout"] = "300"
    async with database.write(Actor.system("test")) as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(42)"))
        response = await client.get("/api/lock")

    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert (await client.get("/api/lock")).json() == {"locked": True}


async def test_pool_used_up_is_busy(make_client: MakeClient, web_database: Database, busy_router: APIRouter):
    client = make_client(routers=(busy_router,))
    pool = web_database.engine.sync_engine.pool
    pool._timeout = 0.2  # type: ignore[attr-defined]
    async with contextlib.AsyncExitStack() as held:
        for _ in range(pool.size() + pool._max_overflow):  # type: ignore[attr-defined]
            await held.enter_async_context(web_database.read(Actor.guest()))
        response = await client.get("/api/now")

    assert (response.status_code, response.json()["code"]) == (503, "busy")
    assert (await client.get("/api/now")).status_code == 200


async def test_nul_that_reaches_the_database_is_no_server_error(web_database: Database):
    with pytest.raises(Exception) as caught:  # noqa: PT011  whichever class the driver chooses
        async with web_database.read(Actor.guest()) as session:
            await session.execute(text("SELECT CAST(:value AS text)"), {"value": "a\0b"})

    assert as_refusal(RequestContext({}, {}), caught.value).code == "http.unusable_text"
