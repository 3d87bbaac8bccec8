"""Messages with buttons, a list, or a link (protocols.md §6.6)."""

from collections.abc import Container

from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.rules.media import check_media
from pesan.app.whatsapp_fake.rules.reading import WRONG, Part

MAX_BUTTONS, MAX_BUTTON_ID, MAX_BUTTON_TITLE = 3, 256, 20
MAX_SECTIONS, MAX_ROWS, MAX_ROW_ID = 10, 10, 200
MAX_TITLE, MAX_DESCRIPTION = 24, 72
MAX_BODY, MAX_LIST_BODY, MAX_FOOTER, MAX_HEADER = 1024, 4096, 60, 60
MAX_LIST_LABEL, MAX_LINK_LABEL = 20, 20
_HEADERS = {"text", "image", "video", "document"}


def check_interactive(part: Part, uploads: Container[str]) -> None:
    """One of the three shapes that programs send inside a conversation."""
    part.only("type", "header", "body", "footer", "action")
    kind = part.one_of("type", {"button", "list", "cta_url"})
    if part.has("header"):
        _check_header(kind, part.part("header"), uploads)
    part.part("body").only("text").text("text", MAX_LIST_BODY if kind == "list" else MAX_BODY)
    if part.has("footer"):
        part.part("footer").only("text").text("text", MAX_FOOTER)
    checks = {"button": _check_buttons, "list": _check_list, "cta_url": _check_link}
    checks[kind](part.part("action"))


def _check_header(kind: str, header: Part, uploads: Container[str]) -> None:
    shape = header.one_of("type", {"text"} if kind == "list" else _HEADERS)
    header.only("type", shape)
    if shape == "text":
        header.text("text", MAX_HEADER)
    else:
        check_media(shape, header.part(shape), uploads)


def _check_buttons(action: Part) -> None:
    replies = []
    for button in action.only("buttons").parts("buttons", most=MAX_BUTTONS):
        button.only("type", "reply").one_of("type", {"reply"})
        reply = button.part("reply").only("id", "title")
        replies.append((reply.text("id", MAX_BUTTON_ID), reply.text("title", MAX_BUTTON_TITLE)))
    _refuse_twins([one for one, _ in replies], "button ids")
    _refuse_twins([title for _, title in replies], "button titles")


def _check_list(action: Part) -> None:
    action.only("button", "sections").text("button", MAX_LIST_LABEL)
    sections = action.parts("sections", most=MAX_SECTIONS)
    rows: list[str] = []
    for section in sections:
        section.only("title", "rows")
        if len(sections) > 1:
            section.text("title", MAX_TITLE)
        section.maybe_text("title", MAX_TITLE, least=0)
        rows += [_check_row(row) for row in section.parts("rows")]
    if len(rows) > MAX_ROWS:
        raise GraphError(WRONG, f"Total row count exceed max allowed count: {MAX_ROWS}")
    _refuse_twins(rows, "row ids")


def _check_row(row: Part) -> str:
    row.only("id", "title", "description").text("title", MAX_TITLE)
    row.maybe_text("description", MAX_DESCRIPTION)
    return row.text("id", MAX_ROW_ID)


def _check_link(action: Part) -> None:
    action.only("name", "parameters").one_of("name", {"cta_url"})
    parameters = action.part("parameters").only("display_text", "url")
    parameters.text("display_text", MAX_LINK_LABEL)
    parameters.link("url")


def _refuse_twins(names: list[str], what: str) -> None:
    if len(set(names)) != len(names):
        raise GraphError(WRONG, f"The {what} must differ from each other")
