"""The templates of the account, by name and language."""

from collections import deque
from typing import Any

from pesan.app.whatsapp_fake.clock import Clock
from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.rules.reading import UNEXPECTED
from pesan.app.whatsapp_fake.rules.templates import Template, read_template

MOST_TEMPLATES, MOST_AN_HOUR, HOUR = 250, 100, 3600
TOO_FAST = 80007


class Catalogue:
    """What was created so far."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._templates: dict[tuple[str, str], Template] = {}
        self._created: deque[float] = deque()
        self._count = 0

    def create(self, body: Any) -> Template:
        """A template that waits for review; raises GraphError for one that breaks a rule."""
        template = read_template(body, str(2_000_000_000_000_000 + self._count + 1))
        key = (template.name, template.language)
        if key in self._templates:
            raise GraphError(UNEXPECTED, "Content in this language already exists")
        if len(self._templates) >= MOST_TEMPLATES:
            raise GraphError(UNEXPECTED, f"This account has {MOST_TEMPLATES} templates, which is its limit")
        self._count_creation()
        self._count += 1
        self._templates[key] = template
        return template

    def find(self, name: str, language: str) -> Template | None:
        """One template."""
        return self._templates.get((name, language))

    def find_by_id(self, template_id: str) -> Template | None:
        """One template by the id of its creation."""
        return next((one for one in self._templates.values() if one.id == template_id), None)

    def list(self, name: str = "", status: str = "") -> list[Template]:
        """The templates with a name (a part of it is enough) and a status, in the order of their creation."""
        every = self._templates.values()
        return [one for one in every if name in one.name and status in {"", one.status}]

    def remove(self, name: str) -> int:
        """Delete a template in all languages; how many there were."""
        keys = [key for key in self._templates if key[0] == name]
        for key in keys:
            del self._templates[key]
        return len(keys)

    def clear(self) -> None:
        """Forget every template."""
        self._templates.clear()
        self._created.clear()

    def _count_creation(self) -> None:
        now = self._clock.now()
        while self._created and self._created[0] <= now - HOUR:
            self._created.popleft()
        if len(self._created) >= MOST_AN_HOUR:
            raise GraphError(TOO_FAST, f"{MOST_AN_HOUR} templates were created within an hour")
        self._created.append(now)
