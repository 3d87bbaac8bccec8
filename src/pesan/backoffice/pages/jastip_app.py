"""The jastiper's desk as an app on a home screen."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from pesan.web.access import Who, allow
from pesan.web.assets import Assets
from pesan.web.deps import get_registry

# A browser asks for it without its cookies.
router = APIRouter(prefix="/jastip", dependencies=[allow(Who.PUBLIC)])
_DAY = {"Cache-Control": "public, max-age=86400"}


@router.get("/manifest.webmanifest")
async def get_jastip_manifest(request: Request) -> Response:
    """What a phone installs: it opens at the trips, and signing in stays inside of it."""
    icon = get_registry(request)[Assets].url("icon.svg")
    manifest = {
        "id": "/jastip",
        "name": "Pesan Jastip",
        "short_name": "Jastip",
        "start_url": "/jastip",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f0e6",
        "theme_color": "#f5f0e6",
        "icons": [{"src": icon, "sizes": "any", "type": "image/svg+xml"}],
    }
    return JSONResponse(manifest, media_type="application/manifest+json", headers=_DAY)
