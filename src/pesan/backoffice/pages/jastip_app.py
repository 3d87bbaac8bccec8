"""The jastiper's desk as an app on a home screen."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from pesan.web.access import Who, allow
from pesan.web.assets import Assets
from pesan.web.deps import get_registry
from pesan.web.installing import OfflineWorker, app_icons
from pesan.web.pages import render

# A browser asks for these without its cookies, and keeps them: nothing here is anybody's own.
router = APIRouter(prefix="/jastip", dependencies=[allow(Who.PUBLIC)])
_DAY = {"Cache-Control": "public, max-age=86400"}
_WORKER = OfflineWorker("jastip", "/jastip", "/jastip/offline")


@router.get("/manifest.webmanifest")
async def get_jastip_manifest(request: Request) -> Response:
    """What a phone installs: it opens at the trips, and signing in stays inside of it."""
    manifest = {
        "id": "/jastip",
        "name": "Pesan Jastip",
        "short_name": "Jastip",
        "description": "Trip, barang, dan pesanan jastip.",
        "lang": "id",
        "start_url": "/jastip",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f0e6",
        "theme_color": "#f5f0e6",
        "icons": app_icons(get_registry(request)[Assets]),
    }
    return JSONResponse(manifest, media_type="application/manifest+json", headers=_DAY)


@router.get("/sw.js")
async def get_jastip_worker(request: Request) -> Response:
    """The worker that shows the page below when there is no network; it keeps no page of anybody's."""
    return _WORKER.answer(get_registry(request)[Assets])


@router.get("/offline")
async def show_jastip_offline(request: Request) -> Response:
    """Says that there is no network, what goes on meanwhile and what to do."""
    return render(request, "backoffice/jastip_offline.html", {"chrome": None})
