"""Links that open a chat."""

import re
from urllib.parse import quote

from pesan.settings import CHAT_URL


def chat_url(number: str, text: str = "", *, base: str = CHAT_URL) -> str:
    """`https://wa.me/…` for an E.164 number, with what the chat already says; raises ValueError for no number.

    `base` is another place that such links lead to, as a stand-in's page is (`Settings.chat_url`).
    """
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise ValueError("not an E.164 number")
    return f"{base}/{number[1:]}" + (f"?text={quote(text, safe='')}" if text else "")
