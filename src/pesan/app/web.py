"""The web application: middleware, features, lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from pesan.app import wiring
from pesan.backoffice import api as backoffice_api
from pesan.backoffice.pages import router as backoffice_pages
from pesan.capacity.levels import capacity_levels
from pesan.checkout.room import DiskRoom
from pesan.db import Database
from pesan.gates import api as gates_api
from pesan.gates import pages as gate_pages
from pesan.jobs.levels import queue_levels
from pesan.kit.exposition import Levels
from pesan.kit.registry import Registry
from pesan.payments import webhooks
from pesan.payments.refunds.levels import refund_levels
from pesan.realtime import Hub
from pesan.realtime.termination import on_termination
from pesan.settings import Settings
from pesan.storefront import api, files
from pesan.storefront.pages import router as storefront_pages
from pesan.web import stack

# Streams have caps of their own (`pesan.realtime.sse`), and providers a signature.
# Several devices at a gate ask often, from behind one address; their routes know each by its token.
GATES = ("/v1/gates/", "/v1/scan")
UNLIMITED = ("/b/", "/organizer/", webhooks.PREFIX, *GATES)


def create_app(registry: Registry) -> FastAPI:
    """The application on the objects of `registry`; root slugs would be registered last."""
    settings = registry[Settings]
    app = FastAPI(
        title="Pesan",
        version="1.0",
        summary="Sell limited places without ever overselling them.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        openapi_tags=[*api.TAGS, *gates_api.TAGS, *backoffice_api.TAGS],
        lifespan=_lifespan,
    )
    stack.install(app, registry, settings, unlimited_prefixes=UNLIMITED)
    programs = (*api.ROUTERS, *gates_api.ROUTERS, *backoffice_api.ROUTERS, webhooks.router)
    for router in (*programs, files.router, storefront_pages, gate_pages.router, backoffice_pages):
        app.include_router(router)
    registry[Levels].add(queue_levels(registry[Database]))
    registry[Levels].add(capacity_levels(registry[Database]))
    registry[Levels].add(refund_levels(registry[Database]))
    registry[Levels].add(registry[DiskRoom].levels())
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    registry: Registry = app.state.registry
    async with wiring.running(registry), stack.running(registry):
        with on_termination(registry[Hub].close):
            yield
