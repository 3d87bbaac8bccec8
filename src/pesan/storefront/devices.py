"""Where a person is signed in, as their account shows it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pesan.identity.queries import OpenSession
from pesan.identity.states import SessionKind

_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One place where a person is signed in; `is_program` when it is no browser."""

    id: UUID
    name: str
    last_seen_at: datetime
    is_program: bool


def show_device(found: OpenSession) -> DeviceView:
    """A line of the list of devices: what the browser says of itself, in two words."""
    said = found.user_agent or ""
    known = [
        next((name for sign, name in names.items() if sign in said), "") for names in (_BROWSERS, _SYSTEMS)
    ]
    return DeviceView(
        found.id, " · ".join(filter(None, known)), found.last_seen_at, found.kind is SessionKind.API
    )
