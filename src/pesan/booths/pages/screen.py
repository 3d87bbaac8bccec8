"""The screen of a booth: a page that a tablet keeps, so that it starts and counts without a network."""

import json
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from pesan.web.access import Who, allow
from pesan.web.assets import Assets
from pesan.web.deps import get_locale, get_registry
from pesan.web.headers import page_policy
from pesan.web.installing import app_icons
from pesan.web.pages import render

SHELL = "/booth/shell"
_SCOPE = "/booth/"
_ICON = "icon.svg"
_NAMES = {"id": "Layar booth Pesan", "en": "Pesan booth"}
_SCREEN = ("js/booth/",)
# What it shares with the scanner at the gate.
_SHARED = tuple(
    f"js/gate/{name}.js" for name in ("bytes", "camera", "decode-worker", "device", "send", "store", "wedge")
)
_FOLDERS = (*_SCREEN, *_SHARED, "vendor/qr/")
_FILES = ("css/base.css", "css/parts.css", "css/booth.css", "fonts/jakarta.woff2", "icons.svg", _ICON)
# Workers, which the page itself does not import.
_LATER = frozenset({"js/booth/sw.js", "js/gate/decode-worker.js"})

router = APIRouter(prefix="/booth", dependencies=[allow(Who.PUBLIC)], include_in_schema=False)


@router.get("/shell")
async def show_shell(request: Request) -> Response:
    """The screen of whichever booth, as its worker keeps it."""
    return _show(request)


@router.get("/sw.js")
async def get_screen_worker(request: Request) -> Response:
    """The worker that keeps the screen; new with every version of the static files."""
    assets = get_registry(request)[Assets]
    values = {"__VERSION__": assets.version, '"__KEPT__"': json.dumps(_list_kept(assets))[1:-1]}
    body = assets.body("js/booth/sw.js").decode()
    for name, value in values.items():
        body = body.replace(name, value)
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": _SCOPE}
    return Response(body, media_type="text/javascript", headers=headers)


@router.get("/{booth_id}/manifest.webmanifest")
async def get_screen_manifest(request: Request, booth_id: UUID) -> Response:
    """The screen as an app of its own on a tablet's home screen."""
    locale, here = get_locale(request), f"{_SCOPE}{booth_id}"
    manifest = {
        "id": here,
        "name": _NAMES[locale],
        "short_name": _NAMES[locale],
        "lang": locale,
        "start_url": here,
        "scope": _SCOPE,
        "display": "fullscreen",
        "background_color": "#0b101b",
        "theme_color": "#0b101b",
        "icons": app_icons(get_registry(request)[Assets]),
    }
    return JSONResponse(
        manifest, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"}
    )


@router.get("/{booth_id}")
async def show_screen(request: Request, booth_id: UUID) -> Response:
    """The screen of a booth. Whose it is, its own script finds in the address."""
    return _show(request, str(booth_id))


def _show(request: Request, booth_id: str = "") -> Response:
    """It is kept by browsers, so it holds no nonce, no session and nobody's data."""
    assets = get_registry(request)[Assets]
    modules = [name for name in assets.list_names((*_SCREEN, *_SHARED)) if name not in _LATER]
    context = {"version": assets.version, "modules": modules, "booth_id": booth_id}
    page = render(request, "booths/screen.html", context)
    page.headers["content-security-policy"] = page_policy(None).decode("ascii")
    page.headers["cache-control"] = "no-cache"
    return page


def _list_kept(assets: Assets) -> list[str]:
    kept = [name for name in assets.list_names(_FOLDERS) if name.endswith(".js")]
    return [SHELL, *map(assets.url, (*_FILES, *kept))]
