"""A cursor that its list did not make, as an API refuses it."""

from pesan.kit.i18n import Locale, Text
from pesan.web.errors import ValidationFailed

_BAD_CURSOR = Text(
    id="Kursor ini bukan dari daftar ini. Mulai lagi tanpa kursor.",
    en="This cursor is not from this list. Start again without one.",
)


def bad_cursor(locale: Locale) -> ValidationFailed:
    """What to raise for a `cursor` of the query that cannot be read."""
    entry = {"pointer": "#/cursor", "detail": _BAD_CURSOR.in_(locale), "in": "query"}
    return ValidationFailed(extra={"errors": [entry]})
