"""What leaves the machine when Sentry or PostHog is on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from pesan.logging import NullAnalytics, make_analytics, start_error_reporting
from pesan.logging.reporting import scrub

PROGRAM = """
import sys
from pesan.logging import report, start_error_reporting
start_error_reporting(sys.argv[1], environment="test", release="pesan@0")
try:
    email = "canary@mail.example"
    raise ValueError("contact 081234567890 of " + email)
except ValueError as error:
    report(error)
import sentry_sdk
sentry_sdk.flush(5)
"""


@contextmanager
def receiver() -> Iterator[tuple[int, list[bytes]]]:
    """Something that takes whatever is posted."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers.get("content-length", 0))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, bodies
    server.shutdown()
    server.server_close()


def test_error_report_carries_nothing_personal():
    pytest.importorskip("sentry_sdk")
    with receiver() as (port, bodies):
        dsn = f"http://key@127.0.0.1:{port}/1"
        subprocess.run([sys.executable, "-c", PROGRAM, dsn], check=True, timeout=60)

    (envelope,) = [_unpack(body) for body in bodies]
    event = json.loads(envelope.splitlines()[2])
    assert event["exception"]["values"][0]["value"] == "contact [phone] of [email]"
    assert "canary" not in json.dumps([frame.get("vars") for frame in _frames(event)])


def test_report_is_stripped_of_request_user_and_variables():
    event = {
        "request": {"cookies": "x"},
        "user": {"ip": "1.2.3.4"},
        "breadcrumbs": {"values": []},
        "message": "mail a@b.co",
        "extra": {"wa": "0812", "order_id": "1"},
        "exception": {
            "values": [{"value": "a@b.co", "stacktrace": {"frames": [{"vars": {"x": 1}, "lineno": 3}]}}]
        },
    }

    assert scrub(event) == {
        "message": "mail [email]",
        "extra": {"wa": "[redacted]", "order_id": "1"},
        "exception": {"values": [{"value": "[email]", "stacktrace": {"frames": [{"lineno": 3}]}}]},
    }


def test_nothing_is_reported_without_a_setting():
    start_error_reporting("", environment="test", release="0")

    assert isinstance(make_analytics("", ""), NullAnalytics)


def _frames(event: dict) -> list[dict]:
    return [frame for value in event["exception"]["values"] for frame in value["stacktrace"]["frames"]]


def _unpack(body: bytes) -> bytes:
    import gzip

    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
