"""Putting the edge, the errors, the shared routes and their objects onto an app, in the right order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import event

import pesan
from pesan.db import Database
from pesan.kit.exposition import Levels
from pesan.kit.metrics import DATABASE_CONNECTIONS
from pesan.kit.registry import Registry
from pesan.logging import make_analytics
from pesan.settings import Settings
from pesan.web import health, site
from pesan.web.assets import PREFIX, Assets
from pesan.web.bodies import Bodies
from pesan.web.clock import ServerClock
from pesan.web.compression import Compression
from pesan.web.csrf import FormTokens
from pesan.web.devices import BoothDevices, Devices
from pesan.web.edge import LIMITED_PREFIXES, Edge, Gates
from pesan.web.funnel import Funnel
from pesan.web.hosts import Hosts
from pesan.web.limits import Limiter, make_counters
from pesan.web.openapi import describe_problems
from pesan.web.origins import Origins
from pesan.web.people import Sessions
from pesan.web.problems import add_error_handlers
from pesan.web.proxies import TrustedProxies
from pesan.web.routing import RouteIndex
from pesan.web.templates import Templates, find_folders

PACKAGE = Path(pesan.__file__).parent
STATIC = PACKAGE / "web" / "static"


def install(
    app: FastAPI,
    registry: Registry,
    settings: Settings,
    *,
    limited_prefixes: Sequence[str] = (),
    unlimited_prefixes: Sequence[str] = (),
) -> None:
    """Make `app` a Pesan app: call it before any feature's router is included, so that root slugs come last.

    `registry` must hold the Database; `Sessions`, `Levels` and whatever else is there already is kept.
    `limited_prefixes` are paths that the general limit counts beside `/api/` and `/v1/`; `unlimited_prefixes` are those
    that it leaves alone: streams and signed webhooks.
    """
    _fill(registry, settings)
    app.state.registry = registry
    app.router.redirect_slashes = False
    app.add_middleware(Compression)
    gates = replace(
        _gates(registry, settings),
        limited_prefixes=(*LIMITED_PREFIXES, *limited_prefixes),
        unlimited_prefixes=tuple(unlimited_prefixes),
    )
    app.add_middleware(Edge, gates=gates)
    add_error_handlers(app)
    describe_problems(app)
    app.router.middleware_stack = RouteIndex(app.router)
    app.include_router(health.router)
    app.include_router(site.router)
    app.mount(PREFIX, registry[Assets], name="static")


@asynccontextmanager
async def running(registry: Registry) -> AsyncIterator[None]:
    """For the app's lifespan: learns the database's time before the first answer, lets go of stores after the last."""
    readiness = registry[health.Readiness]
    await asyncio.to_thread(lambda: registry[Assets].version)
    await readiness.check()
    keeper = asyncio.create_task(health.keep_time(readiness))
    try:
        yield
    finally:
        keeper.cancel()
        await registry[Limiter].close()
        registry[Funnel].close()


def _fill(registry: Registry, settings: Settings) -> None:
    database = registry[Database]
    counters = make_counters(database, redis_url=settings.redis_url, is_on=settings.rate_limits == "on")
    limiter = Limiter(counters, settings.secret)
    analytics = make_analytics(settings.posthog_key.get_secret_value(), settings.posthog_host)
    assets = Assets(STATIC)
    folders = find_folders(PACKAGE)
    clock = ServerClock()
    made: list[object] = [
        clock,
        health.Readiness(database, clock),
        health.MetricsGuard(settings.metrics_token.get_secret_value()),
        limiter,
        Funnel(analytics, limiter),
        FormTokens(settings.secret),
        assets,
        Templates(folders, assets, auto_reload=not settings.is_production),
        Levels(),
        Sessions(),
        Devices(),
        BoothDevices(),
    ]
    for instance in made:
        if type(instance) not in registry:
            registry.add(type(instance), instance)
    _watch_pool(database)


def _gates(registry: Registry, settings: Settings) -> Gates:
    return Gates(
        hosts=Hosts(settings.base_url, settings.trusted_hosts, allow_local=not settings.is_production),
        proxies=TrustedProxies(settings.trusted_proxies),
        origins=Origins(settings.base_url),
        bodies=Bodies(settings.max_body_bytes),
        limiter=registry[Limiter],
        clock=registry[ServerClock],
        is_https=settings.https,
        country_header=settings.ip_country_header.lower().encode(),
        funnel=registry[Funnel],
    )


def _watch_pool(database: Database) -> None:
    pool = database.engine.sync_engine.pool
    event.listen(pool, "checkout", lambda *_: DATABASE_CONNECTIONS.inc())
    event.listen(pool, "checkin", lambda *_: DATABASE_CONNECTIONS.inc(-1))
