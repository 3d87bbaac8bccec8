"""Templates as an instance submits them, and what Meta says became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class UrlButton:
    """A button that opens `url`, whose blank `{{1}}` at its end `sample` fills for the reviewer."""

    label: str
    url: str
    sample: str | None = None


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A template to submit: `body` with blanks `{{1}}`, `{{2}}` …, and one sample for each.

    A blank may neither begin nor end the body. One-time codes have a form of their own and are not made here.
    """

    name: str
    language: str
    category: Literal["UTILITY", "MARKETING"]
    body: str
    samples: tuple[str, ...] = ()
    footer: str = ""
    button: UrlButton | None = None


@dataclass(frozen=True, slots=True)
class TemplateState:
    """A template with Meta; `status` such as APPROVED, PENDING, REJECTED or PAUSED."""

    template_id: str
    name: str
    language: str
    status: str
    category: str


def to_wire(new: NewTemplate) -> Json:
    """The template as the Graph API has it. **Raises** ValueError where blanks and samples do not match."""
    from pywa.types import templates as graph

    parts: list[Any] = [graph.BodyText(new.body, *new.samples)]
    if new.footer:
        parts.append(graph.FooterText(text=new.footer))
    if new.button is not None:
        button = graph.URLButton(text=new.button.label, url=new.button.url, example=new.button.sample)
        parts.append(graph.Buttons(buttons=[button]))
    template = graph.Template(
        name=new.name,
        language=graph.TemplateLanguage(new.language),
        category=graph.TemplateCategory(new.category),
        components=parts,
    )
    wire: Json = orjson.loads(template.to_json())
    return wire


def read_state(answer: Mapping[str, Any], *, name: str = "", language: str = "") -> TemplateState:
    """What an answer says of a template; a new one's does not repeat its name."""
    return TemplateState(
        str(answer.get("id", "")),
        str(answer.get("name") or name),
        str(answer.get("language") or language),
        str(answer.get("status", "")).upper(),
        str(answer.get("category", "")).upper(),
    )
