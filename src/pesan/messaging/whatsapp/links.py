"""Links that open a chat."""

import re
from urllib.parse import quote


def chat_url(number: str, text: str = "") -> str:
    """`https://wa.me/…` for an E.164 number, with what the chat already says; raises ValueError for no number."""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise ValueError("not an E.164 number")
    return f"https://wa.me/{number[1:]}" + (f"?text={quote(text, safe='')}" if text else "")
