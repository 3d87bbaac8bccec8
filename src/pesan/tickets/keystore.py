"""Where signing keys live: `KeyStore` is what a KMS would implement, `DatabaseKeyStore` seals keys into a table."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError

from pesan.audit import record
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.kit.ids import new_id
from pesan.tickets import keys
from pesan.tickets.errors import KeyMissing
from pesan.tickets.keys import Algorithm, NewKey, VerifyingKey
from pesan.tickets.locks import lock_active_key
from pesan.tickets.models import SigningKey
from pesan.tickets.sealing import PRIVATE, VERIFYING, Seal
from pesan.tickets.states import KeyState

_ACTOR = Actor.system("tickets.keys")
_ATTEMPTS = 3


class KeyStore(Protocol):
    """Keys by merchant. Nothing here hands out a private key; calls may cross a network, so never inside a lock."""

    async def signing_key(self, merchant_id: UUID, algorithm: Algorithm) -> VerifyingKey:
        """The key that signs for the merchant now, made at its first use or when its algorithm changed."""

    async def rotate(self, merchant_id: UUID, algorithm: Algorithm, *, actor: Actor) -> VerifyingKey:
        """Retire the merchant's key and make another; what the old one signed still verifies."""

    async def sign(self, kid: str, messages: Sequence[bytes]) -> list[bytes]:
        """The signature of each message; raises KeyMissing, KeySealed."""

    async def find(self, kid: str) -> VerifyingKey | None:
        """The key of this name, active or retired."""

    async def find_short(self, qr_kid: bytes) -> VerifyingKey | None:
        """The key of this four-byte name, active or retired."""


class DatabaseKeyStore:
    """Keys in the database, private ones sealed with a key that only the instance's secret gives.

    Each call opens its own short transaction. Finding and verifying work in any process; signing needs the system
    role, which a web process cannot take.
    """

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._seal = Seal(secret)
        # Keys never change under their name, so what was found once stays true.
        self._found: dict[str | bytes, VerifyingKey] = {}

    async def signing_key(self, merchant_id: UUID, algorithm: Algorithm) -> VerifyingKey:
        """See KeyStore. Two processes that make the first key at once agree on one of them."""
        for _ in range(_ATTEMPTS):
            async with self._database.read(_ACTOR) as session:
                row = await _active(session, merchant_id)
            if row is not None and row.alg == algorithm:
                return self._remember(row)
            await self._make(merchant_id, algorithm, replaced=row, actor=_ACTOR)
        raise KeyMissing

    async def rotate(self, merchant_id: UUID, algorithm: Algorithm, *, actor: Actor) -> VerifyingKey:
        """See KeyStore. Of two rotations at once, one makes the key and both answer it."""
        async with self._database.read(_ACTOR) as session:
            row = await _active(session, merchant_id)
        await self._make(merchant_id, algorithm, replaced=row, actor=actor)
        return await self.signing_key(merchant_id, algorithm)

    async def sign(self, kid: str, messages: Sequence[bytes]) -> list[bytes]:
        """See KeyStore."""
        query = select(SigningKey.merchant_id, SigningKey.alg, SigningKey.private_key_sealed)
        async with self._database.read(_ACTOR) as session:
            row = (await session.execute(query.where(SigningKey.kid == kid))).one_or_none()
        if row is None:
            raise KeyMissing
        private = self._seal.open(row.private_key_sealed, PRIVATE, row.merchant_id, kid)
        return [keys.sign(Algorithm(row.alg), private, message) for message in messages]

    async def find(self, kid: str) -> VerifyingKey | None:
        """See KeyStore."""
        return self._found.get(kid) or await self._find(SigningKey.kid == kid)

    async def find_short(self, qr_kid: bytes) -> VerifyingKey | None:
        """See KeyStore."""
        return self._found.get(qr_kid) or await self._find(SigningKey.qr_kid == qr_kid)

    async def _find(self, condition: ColumnElement[bool]) -> VerifyingKey | None:
        async with self._database.read(Actor.guest()) as session:
            row = await session.scalar(select(SigningKey).where(condition))
        return None if row is None else self._remember(row)

    async def _make(
        self, merchant_id: UUID, algorithm: Algorithm, *, replaced: SigningKey | None, actor: Actor
    ) -> None:
        row = self._row(keys.generate(algorithm), merchant_id)
        try:
            async with self._database.write(_ACTOR) as session:
                if replaced is not None:
                    await _retire(session, replaced.id, actor)
                session.add(row)
                await session.flush()
                await record(
                    session, row, action="merchant:ticket_key:created", actor=actor, data={"kid": row.kid}
                )
        except IntegrityError as error:
            # Another process was first, or the short name is taken (once in four billion): the caller looks again.
            if not isinstance(error.orig, UniqueViolation):
                raise

    def _row(self, key: NewKey, merchant_id: UUID) -> SigningKey:
        public = key.public or self._seal.close(key.private, VERIFYING, merchant_id, key.kid)
        return SigningKey(
            id=new_id(),
            merchant_id=merchant_id,
            kid=key.kid,
            qr_kid=key.qr_kid,
            alg=key.algorithm.value,
            verifying_key=public,
            private_key_sealed=self._seal.close(key.private, PRIVATE, merchant_id, key.kid),
            state=KeyState.ACTIVE.value,
        )

    def _remember(self, row: SigningKey) -> VerifyingKey:
        algorithm, material = Algorithm(row.alg), row.verifying_key
        if algorithm is Algorithm.HS256:
            material = self._seal.open(material, VERIFYING, row.merchant_id, row.kid)
        key = VerifyingKey(row.merchant_id, row.kid, row.qr_kid, algorithm, material)
        self._found[key.kid] = self._found[key.qr_kid] = key
        return key


async def _active(session: ReadSession, merchant_id: UUID) -> SigningKey | None:
    query = select(SigningKey).where(
        SigningKey.merchant_id == merchant_id, SigningKey.state == KeyState.ACTIVE.value
    )
    row: SigningKey | None = await session.scalar(query)
    return row


async def _retire(session: WriteSession, key_id: UUID, actor: Actor) -> None:
    """Nothing happens when another process retired the key first; inserting the new one then finds out."""
    row = await lock_active_key(session, key_id)
    if row is None:
        return
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    row.state, row.retired_at = KeyState.RETIRED.value, now
    await record(session, row, action="merchant:ticket_key:retired", actor=actor, data={"kid": row.kid})
    await session.flush()
