"""The web application: middleware, features, lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from pesan.app import wiring
from pesan.app.processes import NOTICE
from pesan.backoffice import api as backoffice_api
from pesan.backoffice.pages import router as backoffice_pages
from pesan.booths import api as booths_api
from pesan.booths.pages import router as booth_pages
from pesan.capacity.levels import capacity_levels
from pesan.chats.levels import chat_levels
from pesan.checkout.room import DiskRoom
from pesan.db import Database
from pesan.gates import api as gates_api
from pesan.gates import pages as gate_pages
from pesan.jastip import api as jastip_api
from pesan.jastip import webhooks as chat_webhooks
from pesan.jastip.pages import router as jastip_pages
from pesan.jastip.pages import slugs
from pesan.jobs.levels import queue_levels
from pesan.kit.exposition import Levels
from pesan.kit.registry import Registry
from pesan.payments import webhooks
from pesan.payments.refunds.levels import refund_levels
from pesan.realtime import Hub
from pesan.realtime.sockets import Sockets
from pesan.realtime.termination import on_signal, on_termination
from pesan.settings import Settings
from pesan.storage.levels import storage_levels
from pesan.storefront import api, files
from pesan.storefront.pages import router as storefront_pages
from pesan.web import stack
from pesan.web.health import Readiness

# Streams have caps of their own (`pesan.realtime.sse`), and providers a signature.
# Several devices at a gate ask often, from behind one address; their routes know each by its token.
GATES = ("/v1/gates/", "/v1/scan")
# So do the screens of an outlet's booths, which also ask for sessions (`pesan.booths.api.auth.GENERALLY`).
BOOTHS = ("/booth/",)
# What programs and customers of outlets ask for at the root, beside /api/ and /v1/.
LIMITED = ("/outlets", "/booking", "/bookings", "/admin-users", "/config/", "/booths")
UNLIMITED = (
    "/b/",
    "/booths/bookings/",
    "/organizer/",
    webhooks.PREFIX,
    webhooks.CONFIRM_PATH,
    chat_webhooks.PATH,
    *GATES,
    *BOOTHS,
)


def create_app(registry: Registry) -> FastAPI:
    """The application on the objects of `registry`; root slugs are registered last."""
    settings = registry[Settings]
    app = FastAPI(
        title="Pesan",
        version="1.0",
        summary="Sell limited places without ever overselling them.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        openapi_tags=[*api.TAGS, *gates_api.TAGS, *booths_api.TAGS, *jastip_api.TAGS, *backoffice_api.TAGS],
        lifespan=_lifespan,
    )
    stack.install(app, registry, settings, limited_prefixes=LIMITED, unlimited_prefixes=UNLIMITED)
    desks = (
        *api.ROUTERS,
        *gates_api.ROUTERS,
        *booths_api.ROUTERS,
        *jastip_api.ROUTERS,
        *backoffice_api.ROUTERS,
    )
    programs = (*desks, webhooks.router, webhooks.confirm, chat_webhooks.router)
    for router in (
        *programs,
        files.router,
        storefront_pages,
        booth_pages,
        gate_pages.router,
        backoffice_pages,
        jastip_pages,
        # Last: whatever else has an address has it first.
        slugs,
    ):
        app.include_router(router)
    registry[Levels].add(queue_levels(registry[Database]))
    registry[Levels].add(chat_levels(registry[Database]))
    registry[Levels].add(capacity_levels(registry[Database]))
    registry[Levels].add(refund_levels(registry[Database]))
    registry[Levels].add(storage_levels(registry[Database]))
    registry[Levels].add(registry[DiskRoom].levels())
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    registry: Registry = app.state.registry
    async with wiring.running(registry), stack.running(registry):
        with on_termination(registry[Hub].close), on_signal(partial(_leave, registry), NOTICE):
            yield


def _leave(registry: Registry) -> None:
    registry[Readiness].leave()
    registry[Sockets].leave()
