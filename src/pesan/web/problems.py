"""Every error as an answer: RFC 9457 for programs, a page with a way on for people, never an internal."""

from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response

from pesan.db.waits import is_passing
from pesan.errors import Busy, Forbidden, InvalidInput, NotFound, PesanError
from pesan.kit.i18n import Locale
from pesan.kit.metrics import SERVER_ERRORS
from pesan.logging import get_logger, report
from pesan.web import errors
from pesan.web.context import RequestContext, context_of
from pesan.web.locale import get_locale
from pesan.web.pages import render_error, wants_page
from pesan.web.redirects import FACTORS_PATH, login_address
from pesan.web.validation import from_validation

log = get_logger(__name__)

# Programs of the jastip face read this member (jastipin.md §10).
_WITH_ERROR = (
    "/api/auth/",
    "/api/profile/",
    "/api/trips",
    "/api/participants/",
    "/api/products/",
    "/api/orders",
    "/api/webhooks/",
)
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
_SERVER_ERROR = 500
_BY_STATUS: dict[int, type[PesanError]] = {
    400: errors.BadRequest,
    401: errors.SignInNeeded,
    403: Forbidden,
    404: NotFound,
    405: errors.MethodNotAllowed,
    413: errors.BodyTooLarge,
    415: errors.UnsupportedMedia,
    503: Busy,
}


def add_error_handlers(app: FastAPI) -> None:
    """Let the framework's own errors and ours take the same road; the edge catches whatever else there is."""
    for kind in (PesanError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer_error)


async def answer_error(request: Request, error: Exception) -> Response:
    """The answer to a request that failed, in the form and language that its sender reads."""
    context = context_of(request)
    refusal = as_refusal(context, error)
    if refusal.status >= _SERVER_ERROR:
        _note(refusal, error)
    if wants_page(request):
        response = await _answer_person(request, refusal)
    else:
        response = problem(request, refusal)
    _copy_headers(response, refusal, error)
    return response


def as_refusal(context: RequestContext, error: Exception) -> PesanError:
    """What `error` means to whoever asked; anything unknown is our fault and says nothing about itself."""
    if isinstance(context.body_error, PesanError):
        return context.body_error
    if isinstance(error, PesanError):
        return error
    if isinstance(error, RequestValidationError):
        return from_validation(error, get_locale(context))
    if isinstance(error, HTTPException):
        return _from_http(error)
    if isinstance(error, ClientDisconnect):
        return errors.BadRequest()
    if isinstance(error, (DataError, UnicodeEncodeError)):
        return errors.UnusableText()
    return Busy(retry_after=RETRY_SECONDS) if is_passing(error) else PesanError()


def problem(request: Request, refusal: PesanError) -> Response:
    """A problem document (RFC 9457) with the stable `code` and the request id."""
    context = context_of(request)
    document = document_of(refusal, get_locale(context), context.request_id)
    if request.url.path.startswith(_WITH_ERROR):
        document["error"] = document["detail"]
    return Response(orjson.dumps(document, default=str), refusal.status, media_type=MEDIA_TYPE)


def document_of(refusal: PesanError, locale: Locale, request_id: str) -> dict[str, Any]:
    """The members of a problem; an error's `extra` may name a `type` of its own."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.text(locale),
        "code": refusal.code,
        "request_id": request_id,
    }
    if isinstance(refusal, InvalidInput):
        message = refusal.field_message.in_(locale, **refusal.params)
        document["errors"] = [{"pointer": f"#/{refusal.field.replace('.', '/')}", "detail": message}]
    return {**document, **refusal.extra}


async def _answer_person(request: Request, refusal: PesanError) -> Response:
    if refusal.code == errors.SignInNeeded.code:
        return RedirectResponse(login_address(request), 303)
    if refusal.code == errors.FactorNeeded.code:
        return RedirectResponse(FACTORS_PATH, 303)
    return render_error(request, refusal)


def _from_http(error: HTTPException) -> PesanError:
    known = _BY_STATUS.get(error.status_code)
    if known is not None:
        return known()
    kind = errors.BadRequest if error.status_code < _SERVER_ERROR else PesanError
    rare: type[PesanError] = type(kind.__name__, (kind,), {"status": error.status_code})
    return rare()


def _copy_headers(response: Response, refusal: PesanError, error: Exception) -> None:
    """`Allow` and the like come from the framework; `Retry-After` from the refusal."""
    for name, value in (getattr(error, "headers", None) or {}).items():
        response.headers.setdefault(name, value)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)


def _note(refusal: PesanError, error: Exception) -> None:
    if refusal.code != PesanError.code:
        log.warning("refused for now", error=refusal.code, cause=type(error.__cause__ or error).__name__)
        return
    SERVER_ERRORS.inc()
    log.error("unexpected error", exc_info=error)
    report(error)
