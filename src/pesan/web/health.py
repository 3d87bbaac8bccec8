"""Is the process alive, can it serve, and what does it count."""

import asyncio
import hmac
import time

from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from pesan.db import Actor, Database
from pesan.db.schema import newest_migration
from pesan.errors import NotFound
from pesan.kit.exposition import CONTENT_TYPE, Levels, render
from pesan.web.access import Who, allow
from pesan.web.clock import ServerClock
from pesan.web.context import context_of
from pesan.web.deps import client_ip, get_registry
from pesan.web.proxies import parse_address

MAX_SKEW_SECONDS = 5.0
CHECK_SECONDS = 5.0
REMEMBER_SECONDS = 1.0
PROMPT_SECONDS = 0.5
KEEP_TIME_SECONDS = 60.0
# A proxy on this machine that nobody declared would make every visitor look local.
_FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")
_STATE = text(
    "SELECT extract(epoch FROM clock_timestamp())::float8, (SELECT max(version_num) FROM alembic_version)"
)

router = APIRouter(dependencies=[allow(Who.PUBLIC)], include_in_schema=False)


class Readiness:
    """Whether the database is there, holds this version's schema, and agrees with us about the time.

    And whether requests are wanted at all: a process that leaves serves whatever comes, and is not ready for more.
    """

    def __init__(self, database: Database, clock: ServerClock) -> None:
        self._database = database
        self._clock = clock
        self._checked_at = 0.0
        self._found: dict[str, str] = {}
        self._lock = asyncio.Lock()
        self._is_leaving = False

    def leave(self) -> None:
        """Be ready no more, so that balancers send nothing new before the process ends."""
        self._is_leaving = True

    async def check(self) -> dict[str, str]:
        """Each check with `ok` or what is wrong, at most a second old; corrects the clock that answers carry."""
        if self._is_leaving:  # said at once, however long the database takes
            return {"process": "leaving"}
        async with self._lock:
            if time.monotonic() - self._checked_at >= REMEMBER_SECONDS:
                self._found = await self._look()
                self._checked_at = time.monotonic()
            return self._found

    async def _look(self) -> dict[str, str]:
        before = time.time()
        try:
            async with asyncio.timeout(CHECK_SECONDS), self._database.read(Actor.guest()) as session:
                now, version = (await session.execute(_STATE)).one()
        except Exception:  # noqa: BLE001  whatever it is, the database cannot be used
            return {"database": "unreachable"}
        after = time.time()
        skew = now - (before + after) / 2
        if after - before < PROMPT_SECONDS:  # a late answer says little about when its time was read
            self._clock.offset = skew
        return {
            "database": "ok",
            "schema": "ok" if version == newest_migration() else "not migrated",
            "clock": "ok" if abs(skew) <= MAX_SKEW_SECONDS else "skewed",
        }


@router.get("/healthz")
async def get_health() -> JSONResponse:
    """Alive; touches nothing, so that a database's outage does not restart a healthy process."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def get_readiness(request: Request) -> JSONResponse:
    """Ready to serve; 503 names the check that fails."""
    checks = await get_registry(request)[Readiness].check()
    is_ready = set(checks.values()) == {"ok"}
    return JSONResponse(
        {"status": "ready" if is_ready else "unready", "checks": checks}, 200 if is_ready else 503
    )


@router.get("/metrics")
async def get_metrics(request: Request) -> Response:
    """What all processes counted; for this machine or the bearer of the token, for others the page does not exist."""
    registry = get_registry(request)
    if not registry[MetricsGuard].admits(request):
        raise NotFound
    levels = await registry[Levels].read()
    page = await asyncio.to_thread(render, levels)
    return Response(page, media_type=CONTENT_TYPE)


class MetricsGuard:
    """Who may read the metrics."""

    def __init__(self, token: str) -> None:
        self._token = token

    def admits(self, request: Request) -> bool:
        """Whether the caller carries the token, or sits on this machine and nothing forwards for others."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if self._token and scheme.lower() == "bearer":
            return hmac.compare_digest(given.encode(), self._token.encode())
        address = parse_address(client_ip(request))
        headers = context_of(request).headers
        return address is not None and address.is_loopback and not any(name in headers for name in _FORWARDED)


async def keep_time(readiness: Readiness) -> None:
    """Follow the database's clock for as long as the process lives."""
    while True:
        await asyncio.sleep(KEEP_TIME_SECONDS)
        await readiness.check()
