"""Reading a part of a request strictly: what is missing, of another kind, too long or unknown is refused."""

from collections.abc import Collection
from typing import Any

from pesan.app.whatsapp_fake.errors import GraphError

UNEXPECTED, MISSING, WRONG = 100, 131008, 131009


class Part:
    """An object inside a request's body, with the path that errors name it by."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise GraphError(WRONG, f"{path} must be an object")
        self.value: dict[str, Any] = value
        self.path = path

    def only(self, *known: str) -> "Part":
        """Refuse keys that have no meaning here."""
        for key in self.value:
            if key not in known:
                raise GraphError(UNEXPECTED, f'Unexpected key "{key}" on param "{self.path}"')
        return self

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self.value

    def part(self, key: str) -> "Part":
        """An object that must be there."""
        return Part(self._need(key), self._at(key))

    def parts(self, key: str, *, least: int = 1, most: int = 1000) -> list["Part"]:
        """A list of objects, of at least and at most so many."""
        found = self._need(key)
        if not isinstance(found, list) or not least <= len(found) <= most:
            raise GraphError(WRONG, f"{self._at(key)} must hold {least} to {most} entries")
        return [Part(value, f"{self._at(key)}[{index}]") for index, value in enumerate(found)]

    def text(self, key: str, most: int, *, least: int = 1) -> str:
        """A text that must be there, its length counted in characters."""
        found = self._need(key)
        if not isinstance(found, str):
            raise GraphError(WRONG, f"{self._at(key)} must be a string")
        if not least <= len(found.strip() and found) <= most:
            raise GraphError(WRONG, f"{self._at(key)} must be {least} to {most} characters, not {len(found)}")
        return found

    def maybe_text(self, key: str, most: int, *, least: int = 1) -> str:
        """A text that may be missing."""
        return self.text(key, most, least=least) if self.has(key) else ""

    def one_of(self, key: str, allowed: Collection[str], *, code: int = WRONG) -> str:
        """A text out of a few."""
        found = self._need(key)
        if not isinstance(found, str) or found not in allowed:
            raise GraphError(code, f"{self._at(key)} must be one of {', '.join(sorted(allowed))}")
        return found

    def maybe_flag(self, key: str) -> bool:
        """A boolean that may be missing."""
        found = self.value.get(key, False)
        if not isinstance(found, bool):
            raise GraphError(WRONG, f"{self._at(key)} must be a boolean")
        return found

    def link(self, key: str) -> str:
        """An address that must be there."""
        found = self.text(key, 2000)
        if not found.startswith(("https://", "http://")):
            raise GraphError(WRONG, f"{self._at(key)} is not a valid URL")
        return found

    def _need(self, key: str) -> Any:
        if self.value.get(key) is None:
            raise GraphError(MISSING, f"The parameter {self._at(key)} is required.")
        return self.value[key]

    def _at(self, key: str) -> str:
        return f"{self.path}['{key}']" if self.path else key
