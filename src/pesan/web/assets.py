"""Static files, served from memory under an address that changes with their content."""

import gzip
import mimetypes
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from pesan.errors import NotFound

PREFIX = "/static"
_FOREVER = b"public, max-age=31536000, immutable"
_ASK_AGAIN = b"public, no-cache"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
_PACKED = (".woff2", ".png", ".jpg", ".webp", ".avif", ".ico")
_HASH_LENGTH = 12


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes | None
    kind: bytes
    tag: bytes


class Assets:
    """The files of one folder as an ASGI app, read once, when first asked for.

    One hash of all files is a folder of the address (`/static/3f2a…/css/base.css`), so that relative imports and
    `url(…)` between files stay within one version. An older hash is answered too, but not to be kept.
    """

    path = f"{PREFIX}/{{path}}"
    """Its template, for the request log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, path: str) -> str:
        """The address of a file by its path in the folder; raises KeyError for a file that is not there."""
        name = path.lstrip("/")
        if name not in self._files:
            raise KeyError(f"no static file {name}")
        return f"{PREFIX}/{self.version}/{name}"

    def body(self, path: str) -> bytes:
        """A file's content; raises KeyError for a file that is not there."""
        return self._files[path].body

    def list_names(self, folders: tuple[str, ...]) -> list[str]:
        """The files in some folders, each named with its slash, by their paths."""
        return [name for name in self._files if name.startswith(folders)]

    @cached_property
    def version(self) -> str:
        """The hash of all files."""
        digest = sha256()
        for name, file in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + file.tag)
        return digest.hexdigest()[:_HASH_LENGTH]

    @cached_property
    def _files(self) -> dict[str, _File]:
        paths = [path for path in self._folder.rglob("*") if path.is_file()]
        return {path.relative_to(self._folder).as_posix(): _read(path) for path in sorted(paths)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer for one file, packed when the browser takes it so."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            raise NotFound
        scope["route"] = self
        version, file = self._find(scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/"))
        headers = Headers(scope=scope)
        is_known = headers.get("if-none-match", "").encode("latin-1") == file.tag
        use_packed = file.packed is not None and "gzip" in headers.get("accept-encoding", "")
        body = file.packed if use_packed and file.packed else file.body
        await send({"type": "http.response.start", "status": 304 if is_known else 200, "headers": [
            (b"content-type", file.kind),
            (b"cache-control", _FOREVER if version == self.version else _ASK_AGAIN),
            (b"etag", file.tag),
            (b"vary", b"Accept-Encoding"),
            *([] if is_known else [(b"content-length", str(len(body)).encode("ascii"))]),
            *([(b"content-encoding", b"gzip")] if use_packed and not is_known else []),
        ]})  # fmt: skip
        await send({"type": "http.response.body", "body": b"" if is_known else body})

    def _find(self, path: str) -> tuple[str, _File]:
        version, _, name = path.partition("/")
        file = self._files.get(name) or self._files.get(path)
        if file is None:
            raise NotFound
        return version, file


def _read(path: Path) -> _File:
    body = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = None if path.suffix in _PACKED else gzip.compress(body, 9, mtime=0)
    tag = f'"{sha256(body).hexdigest()[:24]}"'
    return _File(body, packed if packed and len(packed) < len(body) else None, kind.encode(), tag.encode())
