"""What a browser keeps of the site itself: its name on a home screen, and a page for when the line is dead."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from pesan.web.access import Who, allow
from pesan.web.assets import Assets
from pesan.web.deps import get_registry
from pesan.web.installing import OfflineWorker, app_icons
from pesan.web.pages import render

_DAY = {"Cache-Control": "public, max-age=86400"}
_WORKER = OfflineWorker("offline", "/", "/offline")

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


@router.get("/offline")
async def show_offline(request: Request) -> Response:
    """Says that the connection is gone, and that nothing typed is lost."""
    return render(request, "web/offline.html")


@router.get("/sw.js")
async def get_service_worker(request: Request) -> Response:
    """The worker that shows the offline page; new with every version of the static files."""
    return _WORKER.answer(get_registry(request)[Assets])


@router.get("/manifest.webmanifest")
async def get_manifest(request: Request) -> Response:
    """The site as an app on a home screen."""
    manifest = {
        "name": "Pesan",
        "short_name": "Pesan",
        "start_url": "/",
        "display": "standalone",
        "background_color": "#f5f0e6",
        "theme_color": "#f5f0e6",
        "icons": app_icons(get_registry(request)[Assets]),
    }
    return JSONResponse(manifest, media_type="application/manifest+json", headers=_DAY)
