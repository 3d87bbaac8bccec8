"""Whether what is sent fits the template that it names (protocols.md §6.6)."""

import re
from collections.abc import Container
from typing import Any

from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.rules.media import check_media
from pesan.app.whatsapp_fake.rules.reading import MISSING, UNEXPECTED, WRONG, Part
from pesan.app.whatsapp_fake.rules.templates import MAX_BODY, MEDIA_HEADERS, Template, fill

WRONG_COUNT, TOO_LONG, WRONG_FORMAT = 132000, 132005, 132012
MAX_PARAMETER, MAX_PAYLOAD = 1024, 128
_UNFIT = re.compile(r"[\n\r\t]| {5,}")
_WITH_PARAMETER = {"URL": "url", "QUICK_REPLY": "quick_reply", "COPY_CODE": "copy_code", "OTP": "url"}
_PARAMETERS = {"url": "text", "quick_reply": "payload", "copy_code": "coupon_code"}


def check_filling(template: Template, part: Part, uploads: Container[str]) -> dict[str, Any]:
    """What the customer will see: the filled texts and the payloads of the quick replies."""
    components = part.parts("components", least=0) if part.has("components") else []
    by_kind: dict[str, list[Part]] = {"header": [], "body": [], "button": []}
    for component in components:
        by_kind[component.one_of("type", by_kind)].append(component)
    for kind in ("header", "body"):
        if len(by_kind[kind]) > 1:
            raise GraphError(WRONG, f"{part.path} has two components of type {kind}")
    header = _fill_header(template, by_kind["header"], uploads)
    body = _fill_body(template, by_kind["body"])
    payloads, links = _fill_buttons(template, by_kind["button"])
    return {"header": header, "body": body, "payloads": payloads, "links": links}


def _fill_header(template: Template, given: list[Part], uploads: Container[str]) -> dict[str, Any]:
    header = template.find("HEADER")
    shape = header.get("format", "")
    has_variable = "{{" in header.get("text", "")
    parameters = given[0].only("type", "parameters").parts("parameters", least=0) if given else []
    if len(parameters) != int(shape in MEDIA_HEADERS or has_variable):
        raise GraphError(WRONG_FORMAT if shape in MEDIA_HEADERS else WRONG_COUNT, "header: wrong parameters")
    if shape in MEDIA_HEADERS:
        kind = shape.lower()
        parameters[0].one_of("type", {kind}, code=WRONG_FORMAT)
        check_media(kind, parameters[0].part(kind), uploads)
        return {"type": kind, kind: parameters[0].value[kind]}
    if not header:
        return {}
    values = [_text_of(parameter) for parameter in parameters]
    return {"type": "text", "text": re.sub(r"\{\{[^}]*\}\}", lambda _: values[0], header["text"])}


def _fill_body(template: Template, given: list[Part]) -> str:
    parameters = given[0].only("type", "parameters").parts("parameters", least=0) if given else []
    if len(parameters) != len(template.slots):
        counts = (
            f"number of localizable_params ({len(parameters)}) does not match the expected number of params"
        )
        raise GraphError(WRONG_COUNT, f"body: {counts} ({len(template.slots)})")
    names = [_name_of(parameter, template, index) for index, parameter in enumerate(parameters)]
    if sorted(names) != sorted(template.slots):
        raise GraphError(WRONG_FORMAT, f"body: Parameter names do not match {', '.join(template.slots)}")
    values = dict(zip(names, (_text_of(parameter) for parameter in parameters), strict=True))
    body = fill(template.find("BODY")["text"], values)
    if len(body) > MAX_BODY:
        raise GraphError(TOO_LONG, f"body: {len(body)} characters, and {MAX_BODY} are allowed")
    return body


def _name_of(parameter: Part, template: Template, index: int) -> str:
    if parameter.has("parameter_name") != template.is_named:
        raise GraphError(WRONG_FORMAT, f"{parameter.path}: Parameter name is missing or unexpected")
    return parameter.text("parameter_name", 100) if template.is_named else template.slots[index]


def _text_of(parameter: Part) -> str:
    parameter.only("type", "text", "parameter_name").one_of("type", {"text"}, code=WRONG_FORMAT)
    text = parameter.text("text", MAX_PARAMETER)
    if _UNFIT.search(text):
        reason = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        raise GraphError(UNEXPECTED, f"{parameter.path}: {reason}")
    return text


def _fill_buttons(template: Template, given: list[Part]) -> tuple[dict[int, str], dict[int, str]]:
    """The payload of each quick reply, by default its text, and the address of each link."""
    values = dict(_read_button(template, part) for part in given)
    if len(values) != len(given):
        raise GraphError(WRONG, "buttons: two components have the same index")
    payloads, links = {}, {}
    for index, button in enumerate(template.buttons):
        needs = button["type"] in {"COPY_CODE", "OTP"} or "{{" in button.get("url", "")
        if needs and index not in values:
            kind = button["type"].title()
            raise GraphError(MISSING, f"buttons: Button at index {index} of type {kind} requires a parameter")
        if button["type"] == "QUICK_REPLY":
            payloads[index] = values.get(index, button["text"])
        elif button["type"] == "URL":
            links[index] = fill(button["url"], {"1": values.get(index, "")})
    return payloads, links


def _read_button(template: Template, part: Part) -> tuple[int, str]:
    part.only("type", "sub_type", "index", "parameters")
    index = str(part.value.get("index", ""))
    if not index.isdigit() or int(index) >= len(template.buttons):
        raise GraphError(WRONG_FORMAT, f"{part.path}: there is no button {index}")
    button = template.buttons[int(index)]
    kind = part.one_of("sub_type", {_WITH_PARAMETER.get(button["type"], "")}, code=WRONG_FORMAT)
    if kind == "url" and "{{" not in button.get("url", "{{"):
        raise GraphError(WRONG_FORMAT, f"{part.path}: the link of button {index} has no variable")
    parameter = part.parts("parameters", most=1)[0]
    shape = _PARAMETERS[kind]
    parameter.only("type", shape).one_of("type", {shape}, code=WRONG_FORMAT)
    return int(index), parameter.text(shape, MAX_PAYLOAD if shape == "payload" else 2000)
