"""The OpenAPI document says how errors really look."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

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
_METHODS = ("get", "post", "put", "patch", "delete")
_UNUSED = ("HTTPValidationError", "ValidationError")


def describe_problems(app: FastAPI) -> None:
    """Make the document name problem+json for every refusal, in place of the framework's own validation error."""
    original: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(original())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _describe(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _UNUSED:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for path in document.get("paths", {}).values():
        for method in _METHODS:
            responses = path.get(method, {}).get("responses")
            if responses is not None:
                _add_problem(responses)
    return document


def _add_problem(responses: dict[str, Any]) -> None:
    responses.pop("422", None)
    for status, response in responses.items():
        if status >= "400" and "content" not in response:
            response["content"] = _ANSWER["content"]
    responses.setdefault("default", _ANSWER)
