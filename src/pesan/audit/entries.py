"""One entry and its hash: pure, and the only place that knows what a hash covers."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from pesan.db.actor import Actor

GENESIS = bytes(32)
"""What the first entry of a subject follows."""

_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """What happened to a subject, ready to be written.

    `seq` counts a subject's entries from 1 and `prev_hash` is the hash of the one before; the caller takes both
    from the subject's row, which it has locked, and stores `seq` and `hash` there. `at` is the database's clock,
    read after the locks. `data` holds ids, states, amounts and digests as JSON without fractions. What may name a
    person goes into `reason`, `before` and `after`: they are kept beside the chain, so that they can be erased.
    """

    subject_kind: str
    subject_id: UUID
    seq: int
    prev_hash: bytes
    action: str
    actor: Actor
    at: datetime
    merchant_id: UUID | None = None
    reason: str | None = None
    data: Values = field(default_factory=dict)
    before: Values | None = None
    after: Values | None = None

    @cached_property
    def salt(self) -> bytes:
        """Made when there is a personal part to guard."""
        return secrets.token_bytes(16)

    @cached_property
    def private_digest(self) -> bytes | None:
        """What the chain knows of the personal part: a digest keyed by a salt that is erased with it."""
        return private_digest(self.salt, self.reason, self.before, self.after)

    @cached_property
    def hash(self) -> bytes:
        """This entry's hash: the subject's new head."""
        return entry_hash(
            prev_hash=self.prev_hash,
            subject_kind=self.subject_kind,
            subject_id=self.subject_id,
            seq=self.seq,
            action=self.action,
            actor_kind=str(self.actor.kind),
            actor_id=self.actor.user_id,
            actor_name=self.actor.name,
            ip_digest=self.actor.ip_digest,
            merchant_id=self.merchant_id,
            data=self.data,
            private_digest=self.private_digest,
            at=self.at,
        )


def entry_hash(
    *,
    prev_hash: bytes,
    subject_kind: str,
    subject_id: UUID,
    seq: int,
    action: str,
    actor_kind: str,
    actor_id: UUID | None,
    actor_name: str,
    ip_digest: str | None,
    merchant_id: UUID | None,
    data: Values,
    private_digest: bytes | None,
    at: datetime,
) -> bytes:
    """The hash of an entry over the one before it and every one of its columns."""
    parts = [
        _VERSION,
        prev_hash.hex(),
        subject_kind,
        subject_id,
        seq,
        action,
        actor_kind,
        actor_id,
        actor_name,
        ip_digest,
        merchant_id,
        data,
        private_digest.hex() if private_digest is not None else None,
        microseconds(at),
    ]
    return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()


def private_digest(
    salt: bytes, reason: str | None, before: Values | None, after: Values | None
) -> bytes | None:
    """The digest of an entry's personal part; None when it has none."""
    if reason is None and before is None and after is None:
        return None
    content = orjson.dumps([reason, before, after], option=orjson.OPT_SORT_KEYS)
    return hmac.digest(salt, content, "sha256")


def block_hash(
    *,
    block_id: int,
    prev_hash: bytes,
    since_xact: int,
    upto_xact: int,
    entry_count: int,
    heads_digest: bytes,
    latest_at: datetime,
    sealed_at: datetime,
) -> bytes:
    """The hash of a block over the one before it and the heads of every chain that grew in its span."""
    parts = [
        _VERSION,
        block_id,
        prev_hash.hex(),
        since_xact,
        upto_xact,
        entry_count,
        heads_digest.hex(),
        microseconds(latest_at),
        microseconds(sealed_at),
    ]
    return sha256(orjson.dumps(parts)).digest()


def microseconds(at: datetime) -> int:
    """An instant as PostgreSQL keeps it; without floating point, which would round."""
    return (at - _EPOCH) // _MICROSECOND
