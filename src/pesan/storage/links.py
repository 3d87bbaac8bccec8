"""Links to files that must not be public: signed, for one file and its name, for ten minutes at most."""

import time
from dataclasses import dataclass

import orjson

from pesan.kit.signing import BadSignature, Signer
from pesan.storage.errors import LinkRefused

MAX_SECONDS = 600


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """What a link opens: one object, the type it is served as, the name it is saved under."""

    key: str
    mime: str
    filename: str


class Links:
    """Makes and reads links; its signatures are good for nothing else, and no other signature for this."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, "storage.link")

    def make(self, file: LinkedFile, *, seconds: int = MAX_SECONDS, now: float | None = None) -> str:
        """A token that opens `file` for `seconds`; raises ValueError beyond ten minutes."""
        if not 0 < seconds <= MAX_SECONDS:
            raise ValueError(f"a link lives at most {MAX_SECONDS} seconds")
        value = orjson.dumps((file.key, file.mime, file.filename)).decode()
        return self._signer.sign(value, expires_at=int(_now(now)) + seconds)

    def read(self, token: str, *, now: float | None = None) -> LinkedFile:
        """What `token` opens; raises LinkRefused when it is altered, over or not ours."""
        try:
            key, mime, filename = orjson.loads(self._signer.unsign(token, _now(now)))
        except (BadSignature, ValueError) as error:
            raise LinkRefused from error
        return LinkedFile(key, mime, filename)


def _now(now: float | None) -> float:
    return time.time() if now is None else now
