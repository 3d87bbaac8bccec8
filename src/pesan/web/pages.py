"""Pages: which requests want one, and how a template becomes one."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from jinja2 import TemplateError
from markupsafe import escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from pesan.errors import PesanError
from pesan.kit.i18n import Text
from pesan.logging import get_logger
from pesan.web.context import context_of
from pesan.web.locale import get_locale
from pesan.web.templates import Templates

log = get_logger(__name__)

API_PREFIXES = ("/api/", "/v1/", "/.well-known/", "/healthz", "/readyz", "/metrics")
_TITLES = {
    400: Text(id="Permintaan tidak terbaca", en="Unreadable request"),
    403: Text(id="Tidak diizinkan", en="Not allowed"),
    404: Text(id="Tidak ditemukan", en="Not found"),
    405: Text(id="Tidak tersedia di sini", en="Not available here"),
    408: Text(id="Terlalu lama", en="That took too long"),
    409: Text(id="Keadaannya sudah berubah", en="Things have changed"),
    413: Text(id="Terlalu besar", en="Too large"),
    421: Text(id="Situs tidak dikenal", en="Unknown site"),
    422: Text(id="Perlu diperbaiki", en="Needs mending"),
    429: Text(id="Terlalu sering", en="Too often"),
    500: Text(id="Ada yang salah di pihak kami", en="Something went wrong on our side"),
    503: Text(id="Sedang ramai", en="It is busy"),
}
_AGAIN = Text(id="Coba lagi", en="Try again")
_HOME = Text(id="Lihat semua acara", en="See all events")
_RETRYABLE = frozenset({408, 429, 500, 503})


def render(
    request: Request, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HTMLResponse:
    """The page that `template` (`<module>/name.html`) makes of `context`."""
    text = templates_of(request).render(request, template, context or {})
    return HTMLResponse(text, status)


def wants_page(request: Request) -> bool:
    """Whether whoever asked reads HTML: a browser, outside the APIs."""
    if request.url.path.startswith(API_PREFIXES):
        return False
    return "text/html" in context_of(request).text_header(b"accept")


def render_error(request: Request, refusal: PesanError) -> HTMLResponse:
    """A page that says what happened and leads on."""
    locale = get_locale(request)
    title = _TITLES.get(
        refusal.status, Text(id=HTTPStatus(refusal.status).phrase, en=HTTPStatus(refusal.status).phrase)
    )
    can_retry = refusal.status in _RETRYABLE and request.method == "GET"
    detail = refusal.text(locale)
    context = {
        "title": title.in_(locale),
        "detail": detail,
        "message": detail,
        "status": refusal.status,
        "back_url": request.url.path if can_retry else "",
        "action_url": request.url.path if can_retry else "/",
        "action_label": (_AGAIN if can_retry else _HOME).in_(locale),
        "request_id": context_of(request).request_id,
    }
    try:
        return render(request, "web/error.html", context, status=refusal.status)
    except (TemplateError, KeyError):
        log.exception("the error page failed")
        return HTMLResponse(_plain(context), refusal.status)


def _plain(context: Mapping[str, Any]) -> str:
    title, detail = escape(context["title"]), escape(context["detail"])
    return f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1><p>{detail}</p>"


def templates_of(request: Any) -> Templates:
    """The process's templates."""
    found: Templates = request.app.state.registry[Templates]
    return found
