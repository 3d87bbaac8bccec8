"""The scanner at the gate: a page that a phone keeps, so that it starts and works without a network."""

import json

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from pesan.web.access import Who, allow
from pesan.web.assets import Assets
from pesan.web.deps import get_locale, get_registry
from pesan.web.headers import page_policy
from pesan.web.installing import app_icons
from pesan.web.pages import render

SHELL = "/gate"
MANIFEST = "/gate/manifest.webmanifest"
_ICON = "icon.svg"
_NAMES = {"id": "Gerbang Pesan", "en": "Pesan gate"}
# What the screen is made of. Only what is named here is there without a network.
_SCREEN = ("js/gate/",)
_FOLDERS = (*_SCREEN, "vendor/qr/", "vendor/ed25519/")
_FILES = ("css/base.css", "css/parts.css", "css/gate.css", "fonts/jakarta.woff2", "icons.svg", _ICON)
# Workers, which the page itself does not import.
_LATER = frozenset({"js/gate/sw.js", "js/gate/decode-worker.js"})

router = APIRouter(prefix=SHELL, dependencies=[allow(Who.PUBLIC)], include_in_schema=False)


@router.get("")
async def show_gate(request: Request) -> Response:
    """The screen itself. It is kept by browsers, so it holds no nonce, no session and nobody's data."""
    assets = get_registry(request)[Assets]
    modules = [name for name in assets.list_names(_SCREEN) if name not in _LATER]
    page = render(request, "gates/shell.html", {"version": assets.version, "modules": modules})
    page.headers["content-security-policy"] = page_policy(None).decode("ascii")
    page.headers["cache-control"] = "no-cache"
    return page


@router.get("/sw.js")
async def get_gate_worker(request: Request) -> Response:
    """The worker that keeps the screen; new with every version of the static files."""
    assets = get_registry(request)[Assets]
    values = {"__VERSION__": assets.version, '"__KEPT__"': json.dumps(_list_kept(assets))[1:-1]}
    body = assets.body("js/gate/sw.js").decode()
    for name, value in values.items():
        body = body.replace(name, value)
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": SHELL}
    return Response(body, media_type="text/javascript", headers=headers)


@router.get("/manifest.webmanifest")
async def get_gate_manifest(request: Request) -> Response:
    """The scanner as an app of its own on a home screen."""
    locale = get_locale(request)
    manifest = {
        "id": SHELL,
        "name": _NAMES[locale],
        "short_name": _NAMES[locale],
        "lang": locale,
        "start_url": SHELL,
        "scope": SHELL,
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#0b101b",
        "theme_color": "#0b101b",
        "icons": app_icons(get_registry(request)[Assets]),
    }
    return JSONResponse(
        manifest, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"}
    )


def _list_kept(assets: Assets) -> list[str]:
    kept = [name for name in assets.list_names(_FOLDERS) if name.endswith(".js")]
    return [SHELL, MANIFEST, *map(assets.url, (*_FILES, *kept))]
