"""Which language and which colours a visitor reads in."""

from typing import Any

from pesan.kit.i18n import Locale, parse_locale
from pesan.web.context import RequestContext, context_of
from pesan.web.cookies import LANGUAGE_COOKIE, THEME_COOKIE, read_cookie

THEMES = ("light", "dark")
LANGUAGES: tuple[Locale, ...] = ("id", "en")


def get_locale(source: Any) -> Locale:
    """The language of a request or its context: what the visitor chose, else what the browser asks for."""
    context = source if isinstance(source, RequestContext) else context_of(source)
    if context.locale is None:
        chosen = read_cookie(context, LANGUAGE_COOKIE)
        known = chosen if chosen in LANGUAGES else context.text_header(b"accept-language")
        context.locale = parse_locale(known)
    return context.locale


def get_theme(source: Any) -> str:
    """`light` or `dark` when the visitor chose one, else an empty text."""
    context = source if isinstance(source, RequestContext) else context_of(source)
    chosen = read_cookie(context, THEME_COOKIE)
    return chosen if chosen in THEMES else ""
