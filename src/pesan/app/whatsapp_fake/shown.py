"""What a person sees of a message, whatever its shape on the wire."""

from typing import Any

from pesan.app.whatsapp_fake.rules.media import KINDS
from pesan.app.whatsapp_fake.rules.messages import Outgoing

Shown = dict[str, Any]


def show(message: Outgoing) -> Shown:
    """A message of the business."""
    if message.template is not None:
        return _show_template(message)
    if message.kind == "interactive":
        return _show_interactive(message.content)
    return show_plain(message.kind, message.content)


def show_plain(kind: str, content: dict[str, Any]) -> Shown:
    """A text, a file, a place or a reaction, of either side."""
    if kind == "text":
        return {"text": content["body"]}
    if kind in KINDS:
        return _show_media(kind, content)
    if kind == "reaction":
        return {"text": content.get("emoji", ""), "about": content["message_id"]}
    if kind == "location":
        place = [content.get("name", ""), content.get("address", "")]
        return {"text": ", ".join(part for part in place if part), "place": content}
    return {}


def _show_media(kind: str, content: dict[str, Any]) -> Shown:
    media = {"kind": kind, "id": content.get("id", ""), "link": content.get("link", "")}
    return {
        "text": content.get("caption", ""),
        "media": {**media, "filename": content.get("filename", "")},
    }


def _show_interactive(content: dict[str, Any]) -> Shown:
    shown: Shown = {
        **_show_header(content.get("header", {})),
        "text": content["body"]["text"],
        "footer": content.get("footer", {}).get("text", ""),
    }
    action = content["action"]
    if content["type"] == "button":
        shown["buttons"] = [{"kind": "reply", **button["reply"]} for button in action["buttons"]]
    elif content["type"] == "list":
        shown["list"] = {"button": action["button"], "sections": action["sections"]}
    else:
        link = action["parameters"]
        shown["buttons"] = [{"kind": "url", "title": link["display_text"], "url": link["url"]}]
    return shown


def _show_template(message: Outgoing) -> Shown:
    template, filled = message.template, message.filled
    assert template is not None
    return {
        **_show_header(filled["header"]),
        "text": filled["body"],
        "footer": template.find("FOOTER").get("text", ""),
        "buttons": [_show_button(index, button, filled) for index, button in enumerate(template.buttons)],
        "template": {
            "name": template.name,
            "language": template.language,
            "category": template.category.lower(),
        },
    }


def _show_button(index: int, button: dict[str, Any], filled: dict[str, Any]) -> Shown:
    title = button.get("text", "")
    if button["type"] == "QUICK_REPLY":
        return {"kind": "payload", "title": title, "id": filled["payloads"][index]}
    if button["type"] == "URL":
        return {"kind": "url", "title": title, "url": filled["links"][index]}
    return {"kind": "other", "title": title}


def _show_header(header: dict[str, Any]) -> Shown:
    kind = header.get("type", "")
    if kind == "text":
        return {"header": header["text"]}
    return {"media": _show_media(kind, header[kind])["media"]} if kind else {}
