"""A blank page with the gate's scripts beside it, on an address that browsers trust as they trust https."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pesan.web

STATIC = Path(pesan.web.__file__).parent / "static"
_PAGE = b"<!doctype html><title>gate</title>"


class Answers(SimpleHTTPRequestHandler):
    """Static files, and the blank page for everything that is none."""

    extensions_map = {".js": "text/javascript", ".txt": "text/plain"}  # noqa: RUF012

    def do_GET(self) -> None:
        if self.path.startswith("/js/") or self.path.startswith("/vendor/"):
            return super().do_GET()
        return self.answer(200, _PAGE, "text/html")

    def answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        """One whole answer."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Tests say what matters themselves."""


@contextmanager
def serving(answers: type[Answers] = Answers) -> Iterator[str]:
    """The address of a server that ends with the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(answers, directory=str(STATIC)))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
