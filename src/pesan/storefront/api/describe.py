"""What the OpenAPI document says of the booking routes beside their schemas."""

from typing import Any

from pydantic import BaseModel

from pesan.storage.errors import (
    PdfActive,
    PdfLocked,
    PdfTooLong,
    UploadAnimated,
    UploadEmpty,
    UploadIsHeic,
    UploadNameRefused,
    UploadTooComplex,
    UploadTooLarge,
    UploadTooManyPixels,
    UploadTypeRefused,
    UploadUnreadable,
)

KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A UUID of this attempt: sent again with the same request, it gets the same answer, byte for byte,"
    " marked `Idempotency-Replayed: true`; with another request, 422; while the first is still running, 409.",
    "schema": {"type": "string", "format": "uuid"},
    "example": "0198a3c0-6f2e-7d3b-9a51-5d2f6d3f7a10",
}
CODE: dict[str, Any] = {
    "name": "X-Booking-Code",
    "in": "header",
    "required": False,
    "description": "The booking's code, which proves that it is yours. A browser that placed the hold keeps it in a"
    " cookie; an id alone opens nothing.",
    "schema": {"type": "string"},
    "example": "3FQ7K2M9WXYZ4",
}
CODE_OR_COOKIE: list[dict[str, Any]] = [
    {"bookingCode": []},
    {"bookingCookie": []},
    {"staffSession": []},
    {"bearerToken": []},
]
FILE: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "JPEG, PNG, WebP or PDF, at most 10 MB.",
                    }
                },
            }
        }
    },
}
REFUSED_FILES = (
    UploadTooLarge,
    UploadEmpty,
    UploadNameRefused,
    UploadTypeRefused,
    UploadIsHeic,
    UploadUnreadable,
    UploadTooManyPixels,
    UploadAnimated,
    UploadTooComplex,
    PdfLocked,
    PdfActive,
    PdfTooLong,
)


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


def _inline(part: Any, definitions: dict[str, Any]) -> Any:
    """A schema without references: one that stands inside a larger document would look for them at its root."""
    if isinstance(part, list):
        return [_inline(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inline(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {name: _inline(value, definitions) for name, value in part.items()}
