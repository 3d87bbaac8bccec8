"""Challenges for passkeys: made for one purpose of one session or log-in attempt, answered once, and soon."""

import secrets
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from pesan.db import WriteSession
from pesan.identity.factors.models import PasskeyChallenge

CHALLENGE_LIFE = timedelta(minutes=5)
"""How long somebody may look for their key."""
_CHALLENGE_BYTES = 32


class Purpose(StrEnum):
    """What the answer is for; it serves nothing else."""

    ADD = "add"
    CONFIRM = "confirm"
    STEP = "step"
    LOG_IN = "log_in"


async def make_challenge(session: WriteSession, purpose: Purpose, attempt: str) -> bytes:
    """What a device is to sign; an earlier question of the same attempt is over."""
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    facts = {"challenge": challenge, "expires_at": func.clock_timestamp() + CHALLENGE_LIFE}
    asking = insert(PasskeyChallenge).values(attempt_digest=_digest(purpose, attempt), **facts)
    await session.execute(
        asking.on_conflict_do_update(index_elements=[PasskeyChallenge.attempt_digest], set_=facts)
    )
    return challenge


async def take_challenge(session: WriteSession, purpose: Purpose, attempt: str) -> bytes | None:
    """Take the challenge out, so that no second answer to it counts; None when there is none, or it is too old."""
    is_live = PasskeyChallenge.expires_at > func.clock_timestamp()
    taken = await session.execute(
        delete(PasskeyChallenge)
        .where(PasskeyChallenge.attempt_digest == _digest(purpose, attempt))
        .returning(PasskeyChallenge.challenge, is_live)
    )
    row = taken.one_or_none()
    return row[0] if row and row[1] else None


def _digest(purpose: Purpose, attempt: str) -> bytes:
    return sha256(f"{purpose}:{attempt}".encode()).digest()
