"""Programs of signed-in people at the desks' APIs: who asks, their transactions, and answers that are given once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.idempotency.service import Answer, Replay, Wanted, answer_once
from pesan.identity.policies import SignedIn
from pesan.web.deps import find_person, get_database, ip_digest
from pesan.web.errors import SignInNeeded
from pesan.web.idempotency import fresh, read_key, replay


@dataclass(frozen=True, slots=True)
class Caller:
    """One request of a signed-in person; each desk's own says what of theirs may be asked for."""

    request: Request
    person: SignedIn
    actor: Actor
    database: Database

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        """A read-only transaction as the person."""
        async with self.database.read(self.actor) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteSession]:
        """A transaction as the person, committed at the end of the block."""
        async with self.database.write(self.actor) as session:
            yield session

    async def once(
        self, session: WriteSession, make: Callable[[], Awaitable[BaseModel]], *, status: int = 200
    ) -> Response:
        """What `make` answers, or what the same request with the same key was answered before."""
        return await once(session, await read_key(self.request), make, status=status)


C = TypeVar("C", bound=Caller)


async def get_caller(request: Request, kind: type[C]) -> C:
    """Whoever is signed in, as a desk's own kind of caller; raises SignInNeeded."""
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        raise SignInNeeded
    return kind(request, person, person.to_actor(ip_digest=ip_digest(request)), get_database(request))


async def once(
    session: WriteSession,
    wanted: Wanted | None,
    make: Callable[[], Awaitable[BaseModel]],
    *,
    status: int = 200,
) -> Response:
    """What `make` answers, stored under the key where there is one; or what is stored there already."""

    async def answer() -> Answer:
        return Answer(status, told(await make()))

    outcome = await answer_once(session, wanted, answer) if wanted else await answer()
    return replay(outcome.answer) if isinstance(outcome, Replay) else fresh(outcome)


def told(answer: BaseModel) -> bytes:
    """An answer as its model names its members to the outside."""
    return answer.model_dump_json(by_alias=True).encode()
