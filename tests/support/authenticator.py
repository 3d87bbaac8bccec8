"""A security key in software: makes passkeys and signs with them as a browser hands it over (WebAuthn Level 3)."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _VERIFIED, _HOLDS_KEY = 0x01, 0x04, 0x40


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(content: str) -> bytes:
    return base64.urlsafe_b64decode(content + "==")


@dataclass
class SoftKey:
    """One key on one device, asked by a page of `origin`; what tests want to go wrong is set on it."""

    origin: str
    is_verified: bool = True
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    handle: bytes = b""

    def make(self, question: str) -> str:
        """Answer the question for a new passkey."""
        options = json.loads(question)
        self.handle = _bytes(options["user"]["id"])
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + self._public()
        data = self._data(options["rp"]["id"], _HOLDS_KEY) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._written({"clientDataJSON": client, "attestationObject": attestation})

    def sign(self, question: str) -> str:
        """Answer the question for a passkey that is there; the key counts."""
        options = json.loads(question)
        self.count += 1
        data = self._data(options["rpId"])
        client = self._client("webauthn.get", options["challenge"])
        signature = self.private.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._written({**parts, "userHandle": self.handle})

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _data(self, relying: str, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.is_verified else 0)
        return sha256(relying.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _public(self) -> bytes:
        """A COSE key: EC2, ES256, P-256."""
        point = self.private.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})

    def _written(self, response: dict[str, bytes]) -> str:
        answer: dict[str, Any] = {"id": _text(self.credential_id), "rawId": _text(self.credential_id)}
        parts = {name: _text(part) for name, part in response.items()}
        return json.dumps({**answer, "type": "public-key", "response": parts})
