"""Screens of booths, as the server sees them: with a key of their own, joined by a code that staff show."""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pesan.booths.models import Booth
from pesan.booths.screens.service import make_pairing, proof_message
from pesan.db import Actor, Database
from pesan.identity.models import User
from pesan.tenancy.models import Merchant
from tests.gates.phones import b64
from tests.support.booths import Place, make_place
from tests.support.factories import Make
from tests.support.schema import SECRET


@dataclass
class Screen:
    """A tablet with its key; `token` once it joined."""

    client: httpx.AsyncClient
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    token: str = ""
    device_id: UUID = field(default_factory=lambda: UUID(int=0))

    async def join(self, code: str, **changes: Any) -> httpx.Response:
        """Ask to be a booth's."""
        public = b64(self.key.public_key().public_bytes_raw())
        wish = {
            "code": code,
            "name": "Tablet",
            "public_key": public,
            "key_kind": "Ed25519",
            "app_version": "1",
        }
        answer = await self.client.post("/booth/register", json={**wish, **changes})
        if answer.status_code == 201:
            self.token, self.device_id = answer.json()["token"], UUID(answer.json()["device_id"])
        return answer

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path, headers=self.bearer)

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.client.post(path, json=body, headers={**self.bearer, **headers})

    async def renew(self, at_ms: int | None = None) -> httpx.Response:
        at = int(time.time() * 1000) if at_ms is None else at_ms
        proof = {"at_ms": at, "signature": b64(self.key.sign(proof_message(self.device_id, at)))}
        return await self.client.post("/booth/token", json={"token": self.token, **proof})

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@dataclass
class Corner:
    """An outlet whose booths have screens, and whoever works there."""

    place: Place
    user: User
    database: Database
    slug: str

    @property
    def actor(self) -> Actor:
        return Actor.staff(self.user.id, frozenset([self.place.event.merchant_id]))

    @property
    def booth(self) -> Booth:
        return self.place.booths[0]

    async def code(self, booth: int = 0) -> str:
        """A code for a screen of a booth."""
        async with self.database.write(self.actor) as session:
            made = await make_pairing(
                session,
                SECRET.encode(),
                self.place.booths[booth].id,
                event_id=self.place.id,
                actor=self.actor,
            )
        return made.code

    async def joined(self, client: httpx.AsyncClient, booth: int = 0) -> Screen:
        screen = Screen(client)
        assert (await screen.join(await self.code(booth))).status_code == 201
        return screen


async def open_corner(
    make: Make, database: Database, merchant: Merchant | None = None, **draft: Any
) -> Corner:
    """An outlet with two booths and somebody who works for it."""
    owner = merchant or await make.merchant()
    place = await make_place(make, database, owner, booths=2, **draft)
    return Corner(place, await make.user(owner), database, owner.slug)
