"""What a chat message can look like. Each shape checks Meta's limits when it is made (protocols §6.6).

Limits count characters (code points), as people do; whoever may be over one shortens with `fit` first.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from pesan.messaging.whatsapp.limits import (
    MAX_BODY,
    MAX_BUTTON_ID,
    MAX_BUTTONS,
    MAX_CAPTION,
    MAX_DESCRIPTION,
    MAX_FILENAME,
    MAX_LABEL,
    MAX_LIST_BODY,
    MAX_PARAMETER,
    MAX_ROW_ID,
    MAX_ROW_TITLE,
    MAX_ROWS,
    MAX_SECTION_TITLE,
    MAX_SECTIONS,
    MAX_TEXT,
    MAX_URL,
    ShapeTooLong,
    ShapeWrong,
    check_frame,
    check_length,
    require_address,
    require_different,
    require_some,
    require_source,
    require_text,
)
from pesan.messaging.whatsapp.texts import clean_parameter, fit

__all__ = [
    "Button",
    "Buttons",
    "Choices",
    "Document",
    "Link",
    "Picture",
    "Row",
    "Section",
    "Shape",
    "ShapeTooLong",
    "ShapeWrong",
    "TemplateUse",
    "Text",
    "clean_parameter",
    "fit",
    "shape_from_json",
]

Json = dict[str, Any]

_TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")


@dataclass(frozen=True, slots=True)
class _Shape:
    KIND: ClassVar[str] = ""

    def as_json(self) -> Json:
        """This shape as JSON, to keep; `shape_from_json` reads it."""
        return {"kind": self.KIND, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Text(_Shape):
    """Plain words; `preview_url` shows what the first address leads to."""

    KIND: ClassVar[str] = "text"

    body: str
    preview_url: bool = False

    def __post_init__(self) -> None:
        require_text("body", self.body, MAX_TEXT)

    def to_wire(self) -> tuple[str, Json]:
        """The type and its object for the Graph API."""
        return "text", {"body": self.body, "preview_url": self.preview_url}


@dataclass(frozen=True, slots=True)
class Button:
    """An answer to tap; its id comes back."""

    id: str
    title: str

    def __post_init__(self) -> None:
        require_text("button.id", self.id, MAX_BUTTON_ID)
        require_text("button.title", self.title, MAX_LABEL)


@dataclass(frozen=True, slots=True)
class Buttons(_Shape):
    """A question with up to three answers to tap."""

    KIND: ClassVar[str] = "buttons"

    body: str
    buttons: tuple[Button, ...]
    header: str = ""
    footer: str = ""

    def __post_init__(self) -> None:
        require_text("body", self.body, MAX_BODY)
        require_some("buttons", self.buttons, MAX_BUTTONS)
        require_different("button.id", [button.id for button in self.buttons])
        check_frame(self.header, self.footer)

    def to_wire(self) -> tuple[str, Json]:
        """The type and its object for the Graph API."""
        buttons = [{"type": "reply", "reply": {"id": one.id, "title": one.title}} for one in self.buttons]
        framed = _framed("button", self.body, self.header, self.footer)
        return "interactive", {**framed, "action": {"buttons": buttons}}


@dataclass(frozen=True, slots=True)
class Row:
    """One choice of a list; its id comes back."""

    id: str
    title: str
    description: str = ""

    def __post_init__(self) -> None:
        require_text("row.id", self.id, MAX_ROW_ID)
        require_text("row.title", self.title, MAX_ROW_TITLE)
        check_length("row.description", self.description, MAX_DESCRIPTION)

    def to_wire(self) -> Json:
        """The row as the Graph API has it; a description that is empty is refused there."""
        described = {"description": self.description} if self.description else {}
        return {"id": self.id, "title": self.title, **described}


@dataclass(frozen=True, slots=True)
class Section:
    """Choices under one title, which may be empty where there is only one section."""

    title: str
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        check_length("section.title", self.title, MAX_SECTION_TITLE)
        require_some("section.rows", self.rows, MAX_ROWS)

    def to_wire(self) -> Json:
        """The section as the Graph API has it."""
        titled = {"title": self.title} if self.title else {}
        return {**titled, "rows": [row.to_wire() for row in self.rows]}


@dataclass(frozen=True, slots=True)
class Choices(_Shape):
    """A list that opens by `button`; ten rows in all, however they are divided."""

    KIND: ClassVar[str] = "choices"

    body: str
    button: str
    sections: tuple[Section, ...]
    header: str = ""
    footer: str = ""

    def __post_init__(self) -> None:
        require_text("body", self.body, MAX_LIST_BODY)
        require_text("button", self.button, MAX_LABEL)
        require_some("sections", self.sections, MAX_SECTIONS)
        rows = [row for section in self.sections for row in section.rows]
        require_some("rows", rows, MAX_ROWS)
        require_different("row.id", [row.id for row in rows])
        if len(self.sections) > 1 and not all(section.title.strip() for section in self.sections):
            raise ShapeWrong("section.title", "missing, and there are several sections")
        check_frame(self.header, self.footer)

    def to_wire(self) -> tuple[str, Json]:
        """The type and its object for the Graph API."""
        action = {"button": self.button, "sections": [section.to_wire() for section in self.sections]}
        return "interactive", {**_framed("list", self.body, self.header, self.footer), "action": action}


@dataclass(frozen=True, slots=True)
class Link(_Shape):
    """Words with one button that opens an address."""

    KIND: ClassVar[str] = "link"

    body: str
    label: str
    url: str
    header: str = ""
    footer: str = ""

    def __post_init__(self) -> None:
        require_text("body", self.body, MAX_BODY)
        require_text("label", self.label, MAX_LABEL)
        require_address("url", self.url)
        check_frame(self.header, self.footer)

    def to_wire(self) -> tuple[str, Json]:
        """The type and its object for the Graph API."""
        action = {"name": "cta_url", "parameters": {"display_text": self.label, "url": self.url}}
        return "interactive", {**_framed("cta_url", self.body, self.header, self.footer), "action": action}


@dataclass(frozen=True, slots=True)
class Picture(_Shape):
    """A picture that Meta fetches from `link`, or that it has as `media_id`; one of the two."""

    KIND: ClassVar[str] = "picture"

    link: str | None = None
    media_id: str | None = None
    caption: str = ""

    def __post_init__(self) -> None:
        require_source(self.link, self.media_id)
        check_length("caption", self.caption, MAX_CAPTION)

    def to_wire(self) -> tuple[str, Json]:
        """The type and its object for the Graph API."""
        return "image", _source(self.link, self.media_id, caption=self.caption)


@dataclass(frozen=True, slots=True)
class Document(_Shape):
    """A file with a name, from the same two sources as a picture."""

    KIND: ClassVar[str] = "document"

    link: str | None = None
    media_id: str | None = None
    filename: str = ""
    caption: str = ""

    def __post_init__(self) -> None:
        require_source(self.link, self.media_id)
        require_text("filename", self.filename, MAX_FILENAME)
        check_length("caption", self.caption, MAX_CAPTION)

    def to_wire(self) -> tuple[str, Json]:
        """The type and its object for the Graph API."""
        return "document", _source(self.link, self.media_id, filename=self.filename, caption=self.caption)


@dataclass(frozen=True, slots=True)
class TemplateUse(_Shape):
    """An approved template with its blanks filled: all that may be sent outside the 24-hour window.

    `button` fills the blank at the end of the address of a url button at index 0. Blanks are cleaned when it is made.
    """

    KIND: ClassVar[str] = "template"

    name: str
    language: str
    body: tuple[str, ...] = ()
    button: str | None = None

    def __post_init__(self) -> None:
        if not _TEMPLATE_NAME.fullmatch(self.name):
            raise ShapeWrong("name", "not a template's name")
        if not _LANGUAGE.fullmatch(self.language):
            raise ShapeWrong("language", "not a language")
        object.__setattr__(self, "body", tuple(clean_parameter(text) for text in self.body))
        for text in self.body:
            require_text("body", text, MAX_PARAMETER)
        if self.button is not None and (not self.button or re.search(r"\s", self.button)):
            raise ShapeWrong("button", "not the end of an address")
        check_length("button", self.button or "", MAX_URL)

    def to_wire(self) -> tuple[str, Json]:
        """The type and its object for the Graph API."""
        components: list[Json] = []
        if self.body:
            components.append({"type": "body", "parameters": [_blank(text) for text in self.body]})
        if self.button is not None:
            filled = [_blank(self.button)]
            components.append({"type": "button", "sub_type": "url", "index": "0", "parameters": filled})
        used: Json = {"name": self.name, "language": {"code": self.language}}
        return "template", used | ({"components": components} if components else {})


Shape = Text | Buttons | Choices | Link | Picture | Document | TemplateUse

_SHAPES: tuple[type[Shape], ...] = (Text, Buttons, Choices, Link, Picture, Document, TemplateUse)
_BY_KIND = {shape.KIND: shape for shape in _SHAPES}


def shape_from_json(stored: Mapping[str, Any]) -> Shape:
    """The shape that `as_json` kept; raises ValueError where it is none."""
    shape = _BY_KIND.get(stored.get("kind", ""))
    if shape is None:
        raise ValueError("not a shape")
    try:
        return shape(**{name: _thaw(name, value) for name, value in stored.items() if name != "kind"})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a shape") from error


def _thaw(name: str, value: Any) -> Any:
    if name == "buttons":
        return tuple(Button(**one) for one in value)
    if name == "sections":
        return tuple(Section(one["title"], tuple(Row(**row) for row in one["rows"])) for one in value)
    return tuple(value) if isinstance(value, list) else value


def _framed(kind: str, body: str, header: str, footer: str) -> Json:
    """The parts that interactive messages share; an empty header or footer is refused there."""
    framed: Json = {"type": kind, "body": {"text": body}}
    if header:
        framed["header"] = {"type": "text", "text": header}
    return framed | ({"footer": {"text": footer}} if footer else {})


def _source(link: str | None, media_id: str | None, **words: str) -> Json:
    source = {"link": link} if link is not None else {"id": media_id}
    return source | {name: text for name, text in words.items() if text}


def _blank(text: str) -> Json:
    return {"type": "text", "text": text}
