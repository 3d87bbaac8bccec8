"""Finding and storing answers, for many keys at once: the combiner of a sale asks for a whole group."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import CursorResult, Row, text

from pesan.db import Actor, Database, WriteSession
from pesan.idempotency.errors import KeyInFlight, KeyReused

_LOCK_AND_FIND = text(
    "SELECT is_ours, fingerprint, status, headers, body"
    " FROM lock_and_find_answers(CAST(:scopes AS text[]), CAST(:keys AS text[])) ORDER BY place"
)
_STORE = text(
    "INSERT INTO idempotency_keys (scope, key, fingerprint, status, headers, body)"
    " SELECT scope, key, fingerprint, status, headers::jsonb, body FROM unnest(CAST(:scopes AS text[]),"
    " CAST(:keys AS text[]), CAST(:fingerprints AS bytea[]), CAST(:statuses AS int[]), CAST(:headers AS text[]),"
    " CAST(:bodies AS bytea[])) AS n (scope, key, fingerprint, status, headers, body)"
)
_PURGE = text(
    "DELETE FROM idempotency_keys WHERE (scope, key) IN (SELECT scope, key FROM idempotency_keys"
    " WHERE created_at < clock_timestamp() - make_interval(hours => :hours) LIMIT :chunk)"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A caller's key: `scope` is the actor and the route, `fingerprint` a digest of the request."""

    scope: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it was first given, byte for byte."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Free:
    """Nobody used the key; it is ours until the transaction ends."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """Another transaction works on the same key now."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The request was answered before."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The key was used for another request."""


Status = Free | InFlight | Replay | Mismatch


async def lock_and_find(session: WriteSession, wanted: Sequence[Wanted]) -> list[Status]:
    """The status of each key, in one round trip.

    **Locks** one advisory lock per key, without waiting; the answers are read in a later statement of the function.
    """
    if not wanted:
        return []
    columns = {"scopes": [w.scope for w in wanted], "keys": [w.key for w in wanted]}
    rows = (await session.execute(_LOCK_AND_FIND, columns)).all()
    return [_status(w, row) for w, row in zip(wanted, rows, strict=True)]


async def store_many(session: WriteSession, answers: Sequence[tuple[Wanted, Answer]]) -> None:
    """Store answers in the transaction of their effects, in one statement."""
    if answers:
        await session.execute(
            _STORE,
            {
                "scopes": [w.scope for w, _ in answers],
                "keys": [w.key for w, _ in answers],
                "fingerprints": [w.fingerprint for w, _ in answers],
                "statuses": [a.status for _, a in answers],
                "headers": [orjson.dumps(dict(a.headers)).decode() for _, a in answers],
                "bodies": [a.body for _, a in answers],
            },
        )


async def find_answer(database: Database, actor: Actor, wanted: Wanted | None) -> Answer | None:
    """The answer of an earlier request with this key; None when there is none, or no key. Raises KeyReused.

    For routes that do something before their transaction, which a repeated request must not do again.
    """
    if wanted is None:
        return None
    async with database.write(actor) as session:
        (status,) = await lock_and_find(session, [wanted])
    if isinstance(status, Mismatch):
        raise KeyReused
    return status.answer if isinstance(status, Replay) else None


async def answer_once(
    session: WriteSession, wanted: Wanted, make: Callable[[], Awaitable[Answer]]
) -> Answer | Replay:
    """For a route with a transaction of its own: `make` the answer and store it, unless the key has one already.

    **Locks** the key until the transaction ends. Raises KeyInFlight, KeyReused, and whatever `make` raises, in which
    case nothing is stored.
    """
    (status,) = await lock_and_find(session, [wanted])
    if isinstance(status, InFlight):
        raise KeyInFlight
    if isinstance(status, Mismatch):
        raise KeyReused
    if isinstance(status, Replay):
        return status
    answer = await make()
    await store_many(session, [(wanted, answer)])
    return answer


async def purge_old(session: WriteSession, *, hours: int, chunk: int) -> int:
    """Forget at most `chunk` answers older than `hours`; returns how many."""
    result = await session.execute(_PURGE, {"hours": hours, "chunk": chunk})
    return result.rowcount if isinstance(result, CursorResult) else 0


def _status(wanted: Wanted, row: Row[Any]) -> Status:
    if row.fingerprint is None:
        return Free() if row.is_ours else InFlight()
    if row.fingerprint != wanted.fingerprint:
        return Mismatch()
    return Replay(Answer(row.status, row.body, row.headers))
