"""What a broken field means, in the reader's language, without repeating what was typed."""

from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Locale, Text
from pesan.web.errors import BadRequest, UnsupportedMedia, ValidationFailed

MAX_ERRORS = 20
MAX_NAME = 64

_OTHER = Text(id="Nilai ini tidak diterima.", en="This value is not accepted.")
_TEXTS = {
    "missing": Text(id="Wajib diisi.", en="Required."),
    "string_too_short": Text(id="Minimal {min_length} karakter.", en="At least {min_length} characters."),
    "string_too_long": Text(id="Maksimal {max_length} karakter.", en="At most {max_length} characters."),
    "string_pattern_mismatch": Text(
        id="Ada karakter yang tidak dipakai di sini.", en="It holds characters that are not used here."
    ),
    "string_type": Text(id="Harus berupa teks.", en="It must be text."),
    "int_type": Text(id="Harus berupa angka bulat.", en="It must be a whole number."),
    "int_parsing": Text(id="Harus berupa angka bulat.", en="It must be a whole number."),
    "int_from_float": Text(id="Harus berupa angka bulat.", en="It must be a whole number."),
    "int_parsing_size": Text(id="Angkanya terlalu besar.", en="The number is too large."),
    "greater_than": Text(id="Harus lebih dari {gt}.", en="It must be more than {gt}."),
    "greater_than_equal": Text(id="Minimal {ge}.", en="At least {ge}."),
    "less_than": Text(id="Harus kurang dari {lt}.", en="It must be less than {lt}."),
    "less_than_equal": Text(id="Maksimal {le}.", en="At most {le}."),
    "too_long": Text(id="Maksimal {max_length} butir.", en="At most {max_length} items."),
    "too_short": Text(id="Minimal {min_length} butir.", en="At least {min_length} items."),
    "uuid_parsing": Text(id="Harus berupa UUID.", en="It must be a UUID."),
    "uuid_type": Text(id="Harus berupa UUID.", en="It must be a UUID."),
    "bool_parsing": Text(id="Harus ya atau tidak.", en="It must be true or false."),
    "datetime_parsing": Text(id="Harus berupa tanggal dan jam.", en="It must be a date and time."),
    "datetime_from_date_parsing": Text(id="Harus berupa tanggal dan jam.", en="It must be a date and time."),
    "date_parsing": Text(id="Harus berupa tanggal.", en="It must be a date."),
    "timezone_aware": Text(id="Sertakan zona waktu.", en="Include the time zone."),
    "enum": Text(id="Pilih salah satu: {expected}.", en="Choose one of: {expected}."),
    "literal_error": Text(id="Pilih salah satu: {expected}.", en="Choose one of: {expected}."),
    "extra_forbidden": Text(id="Isian ini tidak dikenal.", en="This field is not known."),
    "model_attributes_type": Text(id="Harus berupa objek.", en="It must be an object."),
    "dict_type": Text(id="Harus berupa objek.", en="It must be an object."),
    "list_type": Text(id="Harus berupa daftar.", en="It must be a list."),
    "finite_number": Text(id="Harus berupa angka biasa.", en="It must be a finite number."),
}  # fmt: skip


def from_validation(error: RequestValidationError, locale: Locale) -> PesanError:
    """The refusal that a failed validation is.

    A path that cannot name anything is not found; a body that the route could not even parse is of the wrong kind.
    """
    found = error.errors()
    if any(item["loc"][:1] == ("path",) for item in found):
        return NotFound()
    if any(item["type"] == "json_invalid" for item in found):
        return BadRequest()
    if isinstance(error.body, bytes) and error.body:
        return UnsupportedMedia()
    return ValidationFailed(extra={"errors": describe(found, locale)})


def describe(found: Sequence[Any], locale: Locale) -> list[dict[str, str]]:
    """Pydantic's errors as pointers (RFC 6901, as a fragment) with a sentence each."""
    return [_describe(item, locale) for item in found[:MAX_ERRORS]]


def _describe(item: Any, locale: Locale) -> dict[str, str]:
    place, *path = [str(part) for part in item["loc"]] or ["body"]
    entry = {"pointer": "#/" + "/".join(_escape(part) for part in path), "detail": sentence(item, locale)}
    if place != "body":
        entry["in"] = place
    return entry


def sentence(item: Any, locale: Locale) -> str:
    """What is wrong with one field; a schema's own `Text`, given as a ValueError's argument, is used as it is."""
    context = item.get("ctx") or {}
    raised = context.get("error")
    own = raised.args[0] if isinstance(raised, ValueError) and raised.args else None
    if isinstance(own, Text):
        return own.in_(locale)
    text = _TEXTS.get(item["type"], _OTHER)
    return text.in_(
        locale, **{name: value for name, value in context.items() if isinstance(value, (str, int))}
    )


def _escape(name: str) -> str:
    return name[:MAX_NAME].replace("~", "~0").replace("/", "~1")
