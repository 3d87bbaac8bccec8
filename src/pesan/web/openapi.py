"""The OpenAPI document says how errors really look."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from pesan.errors import Busy, PesanError
from pesan.idempotency.errors import KeyInFlight, KeyInvalid, KeyReused
from pesan.web import errors
from pesan.web.cookies import CODES, PARTICIPANT, REFRESH, SESSION

_PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457. `code` is stable; `detail` is in the language of Accept-Language.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "RFC 6901, as a URI fragment."},
                    "detail": {"type": "string"},
                    "in": {"type": "string", "enum": ["query", "header", "cookie"]},
                },
            },
        },
    },
}
_ANSWER = {
    "description": "A problem.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
# What any route may answer, whatever it does.
_ALWAYS: tuple[type[PesanError], ...] = (errors.BadRequest, errors.TooManyRequests, Busy)
_RETRY_AFTER = {"description": "Seconds until asking again can succeed.", "schema": {"type": "integer"}}
_LATER = frozenset({429, 503})
# What a route with a body, and one that takes an Idempotency-Key, may answer besides.
BODY_REFUSALS: tuple[type[PesanError], ...] = (
    errors.CrossSite,
    errors.BodyTooSlow,
    errors.BodyTooLarge,
    errors.UnsupportedMedia,
    errors.UnusableText,
)
KEY_REFUSALS: tuple[type[PesanError], ...] = (KeyInvalid, KeyInFlight, KeyReused)
KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A UUID of this attempt: sent again with the same request, it gets the same answer, byte for byte,"
    " marked `Idempotency-Replayed: true`; with another request, 422; while the first is still running, 409.",
    "schema": {"type": "string", "format": "uuid"},
    "example": "0198a3c0-6f2e-7d3b-9a51-5d2f6d3f7a10",
}
# What opens a route; a browser brings the cookies by itself. On plain http they have no prefix.
_SCHEMES = {
    "bookingCode": {"type": "apiKey", "in": "header", "name": "X-Booking-Code"},
    "bookingCookie": {"type": "apiKey", "in": "cookie", "name": f"__Host-{CODES}"},
    "bearerToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "refreshCookie": {"type": "apiKey", "in": "cookie", "name": f"__Host-{REFRESH}"},
    "boothToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "gateToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "participantToken": {"type": "apiKey", "in": "header", "name": "X-Participant-Token"},
    "participantCookie": {"type": "apiKey", "in": "cookie", "name": f"__Host-{PARTICIPANT}"},
    "staffSession": {"type": "apiKey", "in": "cookie", "name": f"__Host-{SESSION}"},
}
_METHODS = ("get", "post", "put", "patch", "delete")
_FRAMEWORKS = "HTTPValidationError"
_UNUSED = ("HTTPValidationError", "ValidationError")


def refusals(*kinds: type[PesanError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may refuse with `kinds`: each status with its stable codes and what they mean."""
    by_status: dict[int | str, list[str]] = {}
    for kind in dict.fromkeys((*_ALWAYS, *kinds)):
        says = (kind.__doc__ or "").partition("\n")[0]
        by_status.setdefault(kind.status, []).append(f"`{kind.code}`: {says}")
    return {status: _refusal(status, said) for status, said in sorted(by_status.items(), key=str)}


def json_of(schema: type[BaseModel]) -> dict[str, Any]:
    """The `requestBody` of a route that reads its JSON itself."""
    document = schema.model_json_schema()
    whole = _inline(document, document.pop("$defs", {}))
    return {"required": True, "content": {"application/json": {"schema": whole}}}


def described(
    *parameters: dict[str, Any],
    body: dict[str, Any] | None = None,
    security: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The `openapi_extra` of a route: headers that it reads, a body that it parses itself, what opens it."""
    extra: dict[str, Any] = {"parameters": list(parameters)}
    if body is not None:
        extra["requestBody"] = body
    if security is not None:
        extra["security"] = security
    return extra


def describe_problems(app: FastAPI) -> None:
    """Make the document name problem+json for every refusal, in place of the framework's own validation error."""
    original: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(original())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _describe(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    schemas = components.setdefault("schemas", {})
    for name in _UNUSED:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for path in document.get("paths", {}).values():
        for method in _METHODS:
            responses = path.get(method, {}).get("responses")
            if responses is not None:
                _add_problem(responses)
    return document


def _refusal(status: int | str, said: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "\n\n".join(said), "content": _ANSWER["content"]}
    return {**answer, "headers": {"Retry-After": _RETRY_AFTER}} if status in _LATER else answer


def _add_problem(responses: dict[str, Any]) -> None:
    if _FRAMEWORKS in str(responses.get("422")):
        del responses["422"]
    for status, response in responses.items():
        if status >= "400" and "content" not in response:
            response["content"] = _ANSWER["content"]
    responses.setdefault("default", _ANSWER)


def _inline(part: Any, definitions: dict[str, Any]) -> Any:
    """A schema without references: one that stands inside a larger document would look for them at its root."""
    if isinstance(part, list):
        return [_inline(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inline(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {name: _inline(value, definitions) for name, value in part.items()}
