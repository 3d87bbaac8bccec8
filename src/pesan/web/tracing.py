"""Ids by which one request can be followed: our own, and the W3C trace it belongs to (protocols §7.9)."""

import re
import secrets

_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


def request_id(given: bytes | None) -> str:
    """The caller's request id when it is 8 to 64 plain characters, else a new one."""
    if given and _REQUEST_ID.fullmatch(given):
        return given.decode("ascii")
    return secrets.token_hex(16)


def read_traceparent(given: bytes | None) -> tuple[str, str, str]:
    """Trace id, the caller's span id and the flags; a new trace when the header is missing or broken."""
    match = _TRACEPARENT.fullmatch(given) if given else None
    if match is None:
        return new_trace()
    version, trace, span, flags = (part.decode("ascii") for part in match.groups()[:4])
    is_longer = match.group(5) is not None
    if version == "ff" or trace == _NO_TRACE or span == _NO_SPAN or (version == "00" and is_longer):
        return new_trace()
    return trace, span, flags


def new_trace() -> tuple[str, str, str]:
    """A trace that begins here, unsampled."""
    return secrets.token_hex(16), "", "00"


def traceparent(trace: str, flags: str) -> str:
    """The header that continues a trace: for calls that we make, and for the answer."""
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"
