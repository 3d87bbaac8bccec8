"""Files that either side sent: kept in memory, the oldest let go, and reached by addresses that live five minutes."""

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex

from pesan.app.whatsapp_fake.clock import DAY, Clock
from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.rules.media import check_file

LINK_SECONDS = 300
INBOUND_SECONDS, UPLOAD_SECONDS = 7 * DAY, 30 * DAY
MOST_BYTES = 200 * 1024 * 1024
UNKNOWN = 100


@dataclass(frozen=True, slots=True)
class File:
    """One file; `sender` is the number that may use it."""

    id: str
    sender: str
    kind: str
    mime: str
    content: bytes
    expires_at: float
    filename: str = ""

    @property
    def digest(self) -> bytes:
        """Its SHA-256."""
        return sha256(self.content).digest()

    @property
    def sha256_base64(self) -> str:
        """As webhooks write it."""
        return base64.b64encode(self.digest).decode()


class Media:
    """The files of one account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._files: dict[str, File] = {}
        self._key = token_hex(16).encode()
        self._count = 0

    def __contains__(self, media_id: object) -> bool:
        """Whether a message may name it."""
        return isinstance(media_id, str) and self._find(media_id) is not None

    def add(self, sender: str, mime: str, content: bytes, *, seconds: float, filename: str = "") -> File:
        """Keep a file; refuses one that may not be sent."""
        kind = check_file(mime.split(";", maxsplit=1)[0].strip().lower(), len(content))
        self._count += 1
        media_id = str(1_000_000_000_000_000 + self._count)
        expires_at = self._clock.now() + seconds
        file = self._files[media_id] = File(media_id, sender, kind, mime, content, expires_at, filename)
        self._make_room()
        return file

    def get(self, media_id: str, sender: str = "") -> File:
        """Raises GraphError for a file that is not there, or belongs to another number than `sender`."""
        file = self._find(media_id)
        if file is None or (sender and sender != file.sender):
            raise GraphError(UNKNOWN, f"Object with ID '{media_id}' does not exist")
        return file

    def remove(self, media_id: str) -> None:
        """Raises GraphError when it is not there."""
        self.get(media_id)
        del self._files[media_id]

    def link(self, host: str, file: File) -> str:
        """An address of the bytes, for five minutes."""
        until = int(self._clock.now()) + LINK_SECONDS
        return f"{host}/lookaside/{file.id}?ext={until}&hash={self._sign(file.id, until)}"

    def open(self, media_id: str, until: str, signature: str) -> File | None:
        """The file of an address that is still good."""
        if not until.isdigit() or int(until) <= self._clock.now():
            return None
        is_ours = hmac.compare_digest(self._sign(media_id, int(until)).encode(), signature.encode())
        return self._find(media_id) if is_ours else None

    def clear(self) -> None:
        """Forget every file."""
        self._files.clear()

    def _find(self, media_id: str) -> File | None:
        file = self._files.get(media_id)
        return file if file and file.expires_at > self._clock.now() else None

    def _sign(self, media_id: str, until: int) -> str:
        return hmac.new(self._key, f"{media_id}:{until}".encode(), sha256).hexdigest()[:32]

    def _make_room(self) -> None:
        size = sum(len(file.content) for file in self._files.values())
        while size > MOST_BYTES and len(self._files) > 1:
            oldest = next(iter(self._files))
            size -= len(self._files.pop(oldest).content)
