"""Fields of somebody else's JSON: what is missing or of another type is simply not there."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from pesan.messaging.whatsapp.texts import without_traps

Json = dict[str, Any]

# Deeper is nobody's message; a body made to exhaust the stack ends here.
_DEEPEST = 40
_NUMBER = re.compile(r"\+?([1-9][0-9]{4,14})")
# A business-scoped user id: a country, a dot, up to 128 letters and digits; parents' ids have a second part.
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,140}")
_WHOLE = re.compile(r"[0-9]{1,18}")
_NO_ID = 10**30
# To 9999 and no further: what is later is no time.
_LATEST = 253_402_300_799


def text(body: Mapping[str, Any], name: str) -> str | None:
    """A text that says something; an id that came as a number counts."""
    value = body.get(name)
    if isinstance(value, str):
        return value or None
    is_id = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _NO_ID
    return str(value) if is_id else None


def whole(body: Mapping[str, Any], name: str) -> int | None:
    """A whole number, also where it came as text."""
    value = text(body, name)
    return int(value) if value is not None and _WHOLE.fullmatch(value) else None


def nested(body: Mapping[str, Any], name: str) -> Json:
    """An object inside; an empty one where there is none."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def objects(body: Mapping[str, Any], name: str) -> list[Json]:
    """The objects of a list."""
    return [item for item in _list(body, name) if isinstance(item, dict)]


def items(body: Mapping[str, Any], name: str) -> list[Json]:
    """Everything in a list; what is no object is put into one, so that it is not lost."""
    return [item if isinstance(item, dict) else {"value": item} for item in _list(body, name)]


def moment(body: Mapping[str, Any]) -> datetime | None:
    """`timestamp`: unix seconds, in messages as text and in preferences as a number."""
    seconds = whole(body, "timestamp")
    return None if seconds is None or seconds > _LATEST else datetime.fromtimestamp(seconds, UTC)


def number(body: Mapping[str, Any], name: str) -> str | None:
    """A phone number as E.164; Meta's `wa_id` comes without the plus."""
    found = _NUMBER.fullmatch(text(body, name) or "")
    return f"+{found[1]}" if found else None


def user_id(body: Mapping[str, Any], name: str) -> str | None:
    """A business-scoped user id (protocols §6.5)."""
    given = text(body, name) or ""
    return given if _USER_ID.fullmatch(given) else None


def is_user_id(given: str) -> bool:
    """Whether this is a business-scoped user id and not a number."""
    return bool(_USER_ID.fullmatch(given))


def clean(value: Any) -> Any:
    """The same JSON without what a database refuses to keep; itself where it has nothing of that, as nearly always."""
    with suppress(TypeError):  # a half of a surrogate pair, or a depth that nobody needs
        if b"\\u0000" not in orjson.dumps(value):
            return value
    return _cleaned(value, 0)


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote, as far as Meta says: a number, a user id, or both."""

    wa: str | None
    user_id: str | None
    profile_name: str | None

    @property
    def is_known(self) -> bool:
        """Whether they can be told from others at all."""
        return bool(self.wa or self.user_id)


class Contacts:
    """The people of one change; each of its messages belongs to one of them."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._all = [_person(contact) for contact in objects(value, "contacts")]
        self._by_wa = {person.wa: person for person in self._all if person.wa}
        self._by_user_id = {person.user_id: person for person in self._all if person.user_id}

    def of(self, wa: str | None, user_id: str | None) -> Person:
        """Whoever has this number or this id, with what the list knows beside it.

        A message without either is of the only person there is.
        """
        found = self._by_user_id.get(user_id or "") or self._by_wa.get(wa or "")
        if found is None and not wa and not user_id and len(self._all) == 1:
            found = self._all[0]
        known = found or Person(None, None, None)
        return Person(wa or known.wa, user_id or known.user_id, known.profile_name)


def _person(contact: Json) -> Person:
    return Person(
        number(contact, "wa_id"), user_id(contact, "user_id"), text(nested(contact, "profile"), "name")
    )


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return without_traps(value)
    if not isinstance(value, dict | list):
        return value
    if depth > _DEEPEST:
        return None
    if isinstance(value, dict):
        return {without_traps(name): _cleaned(item, depth + 1) for name, item in value.items()}
    return [_cleaned(item, depth + 1) for item in value]
