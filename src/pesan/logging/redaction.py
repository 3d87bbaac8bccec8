"""Personal data and secrets never reach a log, an error report or a trace, whoever wrote them into an event.

Fields are judged by name first; then every text is searched for what looks personal, because exceptions and
libraries quote values in their messages.
"""

import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

REDACTED = "[redacted]"
MAX_TEXT = 8_000
MAX_DEPTH = 6
_MARGIN = 512

# Compared with the words of a field's name, so that `buyer_email` and `X-Booking-Code` are caught too.
_SECRET_WORDS = frozenset(
    {
        "address", "authorization", "bearer", "body", "card", "code", "codes", "contact", "cookie", "cookies",
        "credential", "cvc", "cvv", "dsn", "email", "holder", "ip", "link", "mail", "mobile", "notes", "otp",
        "passwd", "password", "payload", "phone", "qr", "secret", "session", "sig", "signature", "token",
        "tokens", "url", "wa", "whatsapp",
    }
)  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def _hide_card(found: re.Match[str]) -> str:
    """A card's number passes the check of its last digit (ISO/IEC 7812-1, annex B); most other numbers do not."""
    digits = [int(char) for char in reversed(found[0]) if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return found[0] if (sum(digits[::2]) + sum(doubled)) % 10 else "[card]"


# Repetitions are bounded: a log line must not become expensive because somebody sent a long word.
_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(://[^\s:/@]{0,64}:)[^\s/@]{1,256}@"), r"\1[redacted]@"),
    (re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "[email]"),
    (re.compile(r"(?<![\w-])eyJ[\w-]{5,4000}\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 [token]"),
    (
        re.compile(
            r"(?i)([?&;][\w.%-]{0,40}(?:token|sig|signature|code|key|credential|expires|otp)=)[^&\s\"'<>]+"
        ),
        r"\1[redacted]",
    ),
    # Indonesian mobile numbers, however they are spaced.
    (re.compile(r"(?<![\w])(?:\+?62|0)[\s.-]?8\d{1,3}(?:[\s.-]?\d){6,10}(?!\w)"), "[phone]"),
    # A card's number that somebody typed where none is asked for: 13 to 19 digits, however they are spaced.
    (re.compile(r"(?<![\w-])[3-6](?:[ .-]?[0-9]){12,18}(?![\w-])"), _hide_card),
    # Booking (13) and ticket (26) codes in Crockford's base32: at least one digit, or every shout would match.
    (re.compile(r"(?<![\w-])(?=[A-Z]*\d)(?:[0-9A-HJKMNP-TV-Z]{13}){1,2}(?![\w-])"), "[code]"),
    # PostgreSQL quotes the offending row.
    (re.compile(r"(?m)^([ \t]*DETAIL:).*$"), r"\1 [redacted]"),
)


def redact_text(text: str) -> str:
    """`text` without what looks like an e-mail, a phone or card number, a token, a code or a signed address."""
    is_long = len(text) > MAX_TEXT
    # Cut with a margin before and to size after, so that no half of a number stays at the end.
    text = text[: MAX_TEXT + _MARGIN] if is_long else text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text[:MAX_TEXT] + "…" if is_long else text


def redact(event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event with every field that is named or looks like personal data replaced."""
    return {name: REDACTED if is_secret(name) else clean(value) for name, value in event.items()}


def is_secret(name: str) -> bool:
    """Whether a field of this name never shows its value."""
    return not _SECRET_WORDS.isdisjoint(word.lower() for word in _WORD.findall(name))


def clean(value: Any, depth: int = 0) -> Any:
    """`value` with its texts redacted, at any depth; what is nested too deep is dropped."""
    if isinstance(value, str):
        return redact_text(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth >= MAX_DEPTH:
        return REDACTED
    if isinstance(value, Mapping):
        return {
            str(key): REDACTED if is_secret(str(key)) else clean(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [clean(item, depth + 1) for item in value]
    return redact_text(str(value))
