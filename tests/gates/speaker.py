"""A small server that speaks the gate's protocol to the real scripts, and can be silent and strict on demand."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from time import sleep
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.gates.pages import Answers
from tests.gates.vectors import build
from tests.tickets.makers import unb64

Answer = tuple[int, dict[str, Any]]
COUNTERS = {"inside": 3, "entered": 4, "left": 1, "per_minute": 2}


@dataclass
class Desk:
    """What the server was told, and how it shall behave."""

    token: str = "first"
    public_key: str = ""
    key_kind: str = ""
    is_silent: bool = False
    is_revoked: bool = False
    is_closed: bool = False
    is_over: bool = False
    is_busy: bool = False
    roster_version: str = "r1"
    reuses: int = 0
    has_otherwise: str = ""
    refuses: str = ""
    breaks_at: str = ""
    slow_seconds: float = 0.0
    tells_time: bool = False
    scan_problem: int = 0
    changes: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    scans: dict[str, dict[str, Any]] = field(default_factory=dict)
    listeners: int = 0
    happened: Event = field(default_factory=Event)
    over: Event = field(default_factory=Event)

    def answer(self, path: str, token: str, body: Any) -> Answer | None:
        """What to say to one request; None says nothing until the test is over."""
        self.asked.append((path, body))
        if path == "/v1/gates/register":
            self.public_key, self.key_kind = body["public_key"], body["key_kind"]
            return 201, self.registered()
        if path == "/v1/gates/renew":
            return self.renew(body)
        if self.is_revoked:
            return 401, {"code": "gate.device_revoked", "detail": "taken back"}
        if self.is_closed and path != "/v1/scans/bulk":
            return 403, {"code": "gate.shut", "detail": "closed for now"}
        if token != self.token:
            return 401, {"code": "gate.token_invalid", "detail": "another token"}
        answers = {
            "/v1/gates/beat": self.news,
            "/v1/gates/changes": self.news,
            "/v1/gates/bundle": self.bundle,
            "/v1/scan": lambda: self.scan(body),
            "/v1/scans/bulk": lambda: self.bulk(body),
        }
        return answers[path]() if path in answers else (503, {})

    def end(self) -> None:
        """Let go of everybody who waits."""
        self.over.set()
        self.happened.set()

    def registered(self) -> dict[str, Any]:
        """A device of the vectors' event."""
        bundle = build()["bundle"]
        known = {"event": bundle["event"], "gate": bundle["gate"], "merchant": {"name": "Nada"}}
        token = {"token": self.token, "expires_at": "2100-01-01T00:00:00Z", "device_id": "d"}
        return {**known, **token, "event_id": bundle["event"]["id"], "server_time": "2026-12-05T12:00:00Z"}

    def renew(self, body: dict[str, Any]) -> Answer:
        """A new token for whoever has the device's key."""
        message = f"pesan:gate:renew:1\nd\n{body['at_ms']}".encode()
        verify(self.key_kind, unb64(self.public_key), unb64(body["signature"]), message)
        if self.is_over:
            return 403, {"code": "gate.device_over", "detail": "work is done"}
        return 200, {"token": self.token, "expires_at": "2100-01-01T00:00:00Z"}

    def news(self) -> Answer:
        """What a beat and a question for changes are told."""
        told = {"changes": self.changes, "is_more": False, "counters": COUNTERS}
        told["roster_version"] = self.roster_version
        return 200, {**told, "seq": max((change["seq"] for change in self.changes), default=7)}

    def bundle(self) -> Answer:
        """That of the vectors."""
        if self.is_over:
            return 403, {"code": "gate.device_over", "detail": "work is done"}
        return 200, build()["bundle"]

    def scan(self, body: dict[str, Any]) -> Answer | None:
        """Admit, and answer or not."""
        if self.scan_problem:
            return self.scan_problem, {"code": "http.invalid", "detail": "not now"}
        if self.reuses:
            self.reuses -= 1
            return 409, {"code": "gate.nonce_reused", "detail": "another scan"}
        self.scans.setdefault(body["nonce"], body)
        return (
            None if self.is_silent else (200, {"result": "ok", "reason": "good", "message": "", "cycle": 1})
        )

    def bulk(self, body: dict[str, Any]) -> Answer:
        """Take all of them but those of the code that is refused."""
        if self.is_busy:
            return 503, {}
        if any(self.refuses and scan.get("qr") == self.refuses for scan in body["scans"]):
            return 422, {"code": "http.invalid", "detail": "not this one"}
        if any(self.breaks_at and scan.get("qr") == self.breaks_at for scan in body["scans"]):
            return 500, {}
        for scan in body["scans"]:
            self.scans[scan["nonce"]] = scan
        return 200, {"results": [self.settled(scan) for scan in body["scans"]]}

    def settled(self, scan: dict[str, Any]) -> dict[str, Any]:
        """What a scan came to: what it showed, or what the scan showed that is here instead."""
        shown = "duplicate" if self.has_otherwise and scan.get("qr") == self.has_otherwise else scan["shown"]
        return {"nonce": scan["nonce"], "shown": shown, "result": shown, "conflict": None}


def verify(kind: str, public: bytes, signature: bytes, message: bytes) -> None:
    """Raises InvalidSignature unless the device's key made it; ES256 signatures are both numbers side by side."""
    if kind == "Ed25519":
        return Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    both = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    return key.verify(encode_dss_signature(*both), message, ec.ECDSA(SHA256()))


def speaking(desk: Desk) -> type[Answers]:
    """The handler of a server that answers for `desk`."""
    return type("Speaker", (Speaker,), {"desk": desk})


class Speaker(Answers):
    """Requests of the protocol go to the desk, all others get files."""

    desk: Desk

    def do_GET(self) -> None:  # noqa: N802
        if not self.path.startswith("/v1/"):
            return super().do_GET()
        return self.tell() if self.path == "/v1/gates/stream" else self.speak(None)

    def do_POST(self) -> None:  # noqa: N802
        self.speak(json.loads(self.rfile.read(int(self.headers["content-length"]))))

    def speak(self, body: Any) -> None:
        """Pass on what the desk says, or nothing until the test is over."""
        token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        answer = self.desk.answer(urlsplit(self.path).path, token, body)
        if answer is None:
            self.desk.over.wait()
        else:
            sleep(self.desk.slow_seconds)
            self.answer(answer[0], json.dumps(answer[1]).encode())

    def end_headers(self) -> None:
        if self.desk.tells_time:
            self.send_header("x-server-time", datetime.now(UTC).isoformat(timespec="milliseconds"))
        super().end_headers()

    def tell(self) -> None:
        """A stream that says once that something changed, and then nothing until the test is over."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b": hello\n\n")
        self.desk.listeners += 1
        self.desk.happened.wait()
        if not self.desk.over.is_set():
            # In two parts, as a network may cut it.
            self.wfile.write(b"id: 9\nevent: cha")
            sleep(0.05)
            self.wfile.write(b"nged\ndata: {}\n\n")
            self.desk.over.wait()
