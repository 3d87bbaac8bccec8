"""How the jastip face describes what it takes."""

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel

from pesan.errors import InvalidInput
from pesan.storage.errors import (
    InspectionBusy,
    StorageUnavailable,
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
from pesan.web.openapi import json_of

PICTURES_REFUSED = (
    InvalidInput,
    UploadTooLarge,
    UploadEmpty,
    UploadNameRefused,
    UploadTypeRefused,
    UploadIsHeic,
    UploadUnreadable,
    UploadTooManyPixels,
    UploadAnimated,
    UploadTooComplex,
    InspectionBusy,
    StorageUnavailable,
)
PARTICIPANT_TOKEN: list[dict[str, list[str]]] = [{"participantToken": []}, {"participantCookie": []}]


def json_or_form(schema: type[BaseModel], pictures: Collection[str]) -> dict[str, Any]:
    """The `requestBody` of a route that takes JSON, or a form with pictures beside the same fields."""
    body = json_of(schema)
    plain: dict[str, Any] = body["content"]["application/json"]["schema"]
    file = {"type": "string", "format": "binary"}
    fields = {**plain.get("properties", {}), **dict.fromkeys(pictures, file)}
    body["content"]["multipart/form-data"] = {"schema": {**plain, "properties": fields}}
    return body


def optional_json_of(schema: type[BaseModel]) -> dict[str, Any]:
    """The `requestBody` of a route that takes no body as well."""
    return {**json_of(schema), "required": False}
