"""What a template may look like when it is created (protocols.md §6.6)."""

import re
from dataclasses import dataclass, field
from typing import Any

from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.rules.reading import UNEXPECTED, Part

MAX_NAME, MAX_BODY, MAX_FOOTER, MAX_HEADER, MAX_BUTTON_TEXT, MAX_BUTTONS = 512, 1024, 60, 60, 25, 10
CATEGORIES = {"UTILITY", "MARKETING", "AUTHENTICATION"}
MEDIA_HEADERS = {"IMAGE", "VIDEO", "DOCUMENT"}
_NAME = re.compile(r"[a-z0-9_]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
_NAMED = re.compile(r"[a-z][a-z0-9_]*")
_KNOWN = (
    "name",
    "language",
    "category",
    "components",
    "parameter_format",
    "allow_category_change",
    "message_send_ttl_seconds",
)
_PARTS = {"HEADER", "BODY", "FOOTER", "BUTTONS"}


@dataclass
class Template:
    """A template in one language. `slots` are the variables of its body, in order, by number or by name."""

    id: str
    name: str
    language: str
    category: str
    is_named: bool
    components: list[dict[str, Any]]
    status: str = "PENDING"
    reason: str = "NONE"
    slots: list[str] = field(default_factory=list)

    def find(self, kind: str) -> dict[str, Any]:
        """The component of a kind; empty when there is none."""
        return next((part for part in self.components if part["type"] == kind), {})

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Its buttons, in order."""
        found: list[dict[str, Any]] = self.find("BUTTONS").get("buttons", [])
        return found

    def as_json(self) -> dict[str, Any]:
        """As the list of templates shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "status": self.status,
            "parameter_format": "NAMED" if self.is_named else "POSITIONAL",
            "components": self.components,
        }


def read_template(body: Any, template_id: str) -> Template:
    """The template that a request asks for; refuses one that breaks a rule with code 100, as reviewers never see it."""
    part = Part(body, "").only(*_KNOWN)
    name, language = part.text("name", MAX_NAME), part.text("language", 10)
    category = part.one_of("category", CATEGORIES, code=UNEXPECTED)
    _require(bool(_NAME.fullmatch(name)), "name may hold only lower-case letters, digits and underscores")
    _require(bool(_LANGUAGE.fullmatch(language)), "language is not supported")
    form = str(part.value.get("parameter_format", "positional")).lower()
    _require(form in {"named", "positional"}, "parameter_format must be named or positional")
    template = Template(template_id, name, language, category, form == "named", [])
    parts = part.parts("components", most=len(_PARTS))
    for component in parts:
        _read_component(component, template)
    kinds = [component["type"] for component in template.components]
    _require(len(set(kinds)) == len(kinds) and "BODY" in kinds, "one BODY and at most one of each other part")
    return template


def find_variables(text: str, *, is_named: bool) -> list[str]:
    """The variables of a text; refuses names that are none, gaps in numbers, and ends that are variables."""
    found = list(dict.fromkeys(name.strip() for name in _VARIABLE.findall(text)))
    if is_named:
        _require(all(_NAMED.fullmatch(name) for name in found), "names of variables are lower-case")
    else:
        wanted = [str(number) for number in range(1, len(found) + 1)]
        _require(sorted(found) == sorted(wanted), "variables are numbered from 1 without a gap")
        found = wanted
    stripped = text.strip()
    ends = stripped.startswith("{{") or stripped.endswith("}}")
    _require(not found or not ends, "variables may not be at the start or end of the text")
    return found


def fill(text: str, values: dict[str, str]) -> str:
    """The text with its variables filled."""
    return _VARIABLE.sub(lambda found: values.get(found[1].strip(), found[0]), text)


def _read_component(part: Part, template: Template) -> None:
    kind = part.one_of("type", _PARTS, code=UNEXPECTED)
    if kind == "BODY":
        part.only("type", "text", "example")
        template.slots = find_variables(part.text("text", MAX_BODY), is_named=template.is_named)
        _require(not template.slots or part.has("example"), "a body with variables needs an example")
    elif kind == "FOOTER":
        part.only("type", "text").text("text", MAX_FOOTER)
        _require("{{" not in part.value["text"], "a footer has no variables")
    elif kind == "HEADER":
        _read_header(part)
    else:
        for button in part.only("type", "buttons").parts("buttons", most=MAX_BUTTONS):
            _read_button(button)
    template.components.append(part.value)


def _read_header(part: Part) -> None:
    shape = part.only("type", "format", "text", "example").one_of("format", {"TEXT", *MEDIA_HEADERS})
    if shape == "TEXT":
        text = part.text("text", MAX_HEADER)
        _require(text.count("{{") <= 1, "a header has one variable at most")


def _read_button(part: Part) -> None:
    kind = part.one_of("type", {"QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "OTP"})
    if kind != "COPY_CODE":
        part.text("text", MAX_BUTTON_TEXT)
    if kind == "URL":
        url = part.only("type", "text", "url", "example").link("url")
        count = url.count("{{")
        _require(count == 0 or (count == 1 and url.endswith("{{1}}")), "a link ends in its only variable")
        _require(not count or part.has("example"), "a link with a variable needs an example")


def _require(holds: bool, details: str) -> None:
    if not holds:
        raise GraphError(UNEXPECTED, details)
