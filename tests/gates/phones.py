"""Phones at a gate, as the server sees them: with a key of their own, joined by a code that an organizer shows."""

import base64
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text

from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.gates.models import Gate
from pesan.gates.service.devices import proof_message
from pesan.gates.service.gates import make_gate
from pesan.gates.service.pairing import make_pairing
from pesan.identity.models import User
from pesan.tenancy.models import Merchant
from tests.support.factories import Make
from tests.support.schema import SECRET


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def now_ms() -> int:
    return int(time.time() * 1000)


@dataclass
class Phone:
    """A device with its key; `token` once it joined."""

    client: httpx.AsyncClient
    key: Ed25519PrivateKey | EllipticCurvePrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    token: str = ""
    device_id: UUID = field(default_factory=lambda: UUID(int=0))

    @classmethod
    def of_p256(cls, client: httpx.AsyncClient) -> "Phone":
        return cls(client, generate_private_key(SECP256R1()))

    @property
    def wish(self) -> dict[str, Any]:
        """What it says of itself when it joins."""
        if isinstance(self.key, Ed25519PrivateKey):
            kind, public = "Ed25519", self.key.public_key().public_bytes_raw()
        else:
            kind = "ES256"
            public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"name": "HP Tono", "public_key": b64(public), "key_kind": kind, "app_version": "1.0"}

    async def join(self, code: str, cookies: dict[str, str]) -> httpx.Response:
        """Register as whoever has these cookies."""
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        wish = {**self.wish, "code": code}
        answer = await self.client.post("/v1/gates/register", json=wish, headers=headers)
        if answer.status_code == 201:
            self.token, self.device_id = answer.json()["token"], UUID(answer.json()["device_id"])
        return answer

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(f"/v1/gates/{path}", headers={**self._bearer, **headers})

    async def beat(self, **said: Any) -> httpx.Response:
        wish = {"queue_length": 0, "app_version": "1.1", "device_at_ms": now_ms(), **said}
        return await self.client.post("/v1/gates/beat", json=wish, headers=self._bearer)

    async def renew(self, at_ms: int | None = None, token: str = "") -> httpx.Response:
        at = now_ms() if at_ms is None else at_ms
        proof = {"at_ms": at, "signature": b64(self.sign(proof_message(self.device_id, at)))}
        return await self.client.post("/v1/gates/renew", json={"token": token or self.token, **proof})

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(message)
        halves = decode_dss_signature(self.key.sign(message, ECDSA(SHA256())))
        return b"".join(half.to_bytes(32) for half in halves)

    @property
    def _bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@dataclass
class Entrance:
    """A gate of an event, whoever runs it, and the means to show codes."""

    event: Event
    gate: Gate
    actor: Actor
    cookies: dict[str, str]
    database: Database

    async def code(self) -> str:
        async with self.database.write(self.actor) as session:
            secret, of_event = SECRET.encode(), self.event.id
            made = await make_pairing(session, secret, self.gate.id, event_id=of_event, actor=self.actor)
        return made.code

    async def joined(self, client: httpx.AsyncClient) -> Phone:
        phone = Phone(client)
        assert (await phone.join(await self.code(), self.cookies)).status_code == 201
        return phone


async def strong_session(make: Make, database: Database, user: User) -> dict[str, str]:
    """The cookies of somebody who passed a second factor."""
    cookies = await make.session_of(user)
    async with database.identity() as session:
        await session.execute(
            text("UPDATE sessions SET is_strong = true WHERE user_id = :id"), {"id": user.id}
        )
    return cookies


async def open_entrance(make: Make, database: Database, event: Event, name: str = "Pintu Utara") -> Entrance:
    """A gate of `event` and one of its merchant's staff, who passed a second factor."""
    merchant_id = event.merchant_id
    async with database.read(Actor.system("tests")) as session:
        merchant = await session.get_one(Merchant, merchant_id)
    user = await make.user(merchant)
    actor = Actor.staff(user.id, frozenset([merchant_id]))
    async with database.write(actor) as session:
        gate = await make_gate(session, event=event, name=name, actor=actor)
    return Entrance(event, gate, actor, await strong_session(make, database, user), database)
