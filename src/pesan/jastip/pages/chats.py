"""Leading a visitor into a chat with a message filled in, and nowhere else."""

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from pesan.jastip.views import Chat
from pesan.messaging.whatsapp.links import chat_url
from pesan.settings import CHAT_URL, Settings
from pesan.tickets.render.pictures import qr_svg
from pesan.web.context import context_of
from pesan.web.deps import get_registry
from pesan.web.headers import page_policy

# Where wa.me leads on to; browsers hold a form to its policy through every redirect that follows.
_LEADS_TO = "https://wa.me https://api.whatsapp.com https://web.whatsapp.com whatsapp: intent:"


def can_write(request: Request) -> bool:
    """Whether this instance has a number that people can write to."""
    return bool(get_registry(request)[Settings].wa_number)


def open_chat(request: Request, text: str) -> Chat | None:
    """The chat with this instance's number; None where it has none."""
    settings = get_registry(request)[Settings]
    if not settings.wa_number:
        return None
    url = chat_url(settings.wa_number, text, base=settings.chat_url)
    return Chat(url, text, Markup(qr_svg(url, title="QR")))  # noqa: S704 - drawn here, from an encoded address


def let_into_chat(request: Request, page: Response) -> Response:
    """The page, whose form may lead into the chat."""
    base = get_registry(request)[Settings].chat_url
    beside = "" if base == CHAT_URL else f"{base} "
    policy = page_policy(context_of(request).nonce_made).decode("ascii")
    page.headers["content-security-policy"] = policy.replace(
        "form-action 'self'", f"form-action 'self' {beside}{_LEADS_TO}"
    )
    return page
