"""What the OpenAPI document says of the booking routes beside their schemas."""

from typing import Any

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

CODE: dict[str, Any] = {
    "name": "X-Booking-Code",
    "in": "header",
    "required": False,
    "description": "The booking's code, which proves that it is yours. A browser that placed the hold keeps it in a"
    " cookie; an id alone opens nothing.",
    "schema": {"type": "string"},
    "example": "3FQ7K2M9WXYZ4",
}
CODE_ALONE: list[dict[str, Any]] = [{"bookingCode": []}, {"bookingCookie": []}]
CODE_OR_COOKIE: list[dict[str, Any]] = [
    *CODE_ALONE,
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
