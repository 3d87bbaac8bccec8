"""What makes pages an app on a home screen: icons, and a worker that says when there is no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from pesan.web.assets import Assets

_ICONS = (
    # Installers take the pictures; `any` comes first where a browser can draw.
    ("icon.svg", "any", "image/svg+xml", "any"),
    ("icon-192.png", "192x192", "image/png", "any"),
    ("icon-512.png", "512x512", "image/png", "any"),
    ("icon-maskable-512.png", "512x512", "image/png", "maskable"),
)


@dataclass(frozen=True, slots=True)
class OfflineWorker:
    """A worker that keeps one page of ours, which it shows below `scope` when there is no network.

    `name` keeps its cache apart from those of other workers.
    """

    name: str
    scope: str
    page: str

    def answer(self, assets: Assets) -> Response:
        """The worker; new with every version of the static files."""
        values = {"NAME": self.name, "VERSION": assets.version, "SCOPE": self.scope, "PAGE": self.page}
        body = assets.body("js/sw.js").decode()
        for name, value in values.items():
            body = body.replace(f"__{name}__", value)
        headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": self.scope}
        return Response(body, media_type="text/javascript", headers=headers)


def app_icons(assets: Assets) -> Sequence[Mapping[str, str]]:
    """The icons of a manifest."""
    return [
        {"src": assets.url(name), "sizes": sizes, "type": kind, "purpose": purpose}
        for name, sizes, kind, purpose in _ICONS
    ]
