"""A person at the booth desk, and at which merchant."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from pesan.booths.desk import BoothDesk
from pesan.booths.policies import is_within, may_run_booths
from pesan.booths.queries.outlets import OutletView, get_outlet
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.errors import Forbidden, InvalidInput
from pesan.idempotency.service import Answer, Replay, answer_once
from pesan.identity.policies import SignedIn
from pesan.kit.i18n import Text
from pesan.web.context import name_merchant
from pesan.web.deps import find_person, get_database, get_registry, ip_digest
from pesan.web.errors import SignInNeeded
from pesan.web.idempotency import fresh, read_key, replay

_WHICH = Text(
    id="Sebut merchant_id: kamu bekerja untuk beberapa.", en="Name the merchant_id: you work for several."
)
Rule = Callable[[SignedIn, UUID], bool]


@dataclass(frozen=True, slots=True)
class Desk:
    """One request of a signed-in person."""

    request: Request
    person: SignedIn
    actor: Actor
    database: Database

    def merchant(self, named: UUID | None, rule: Rule = may_run_booths) -> UUID:
        """The merchant that is named, or the only one that the person works for.

        Raises InvalidInput where it has to be named, Forbidden where the person's role is too small.
        """
        own = list(self.person.roles)
        chosen = named or (own[0] if len(own) == 1 else None)
        if chosen is None:
            raise InvalidInput("merchant_id", _WHICH)
        name_merchant(self.request, chosen)
        if not rule(self.person, chosen):
            raise Forbidden
        return chosen

    async def outlet(self, session: ReadSession, outlet_id: UUID, rule: Rule = may_run_booths) -> OutletView:
        """An outlet where the person may do this; raises OutletNotFound, Forbidden."""
        view = await get_outlet(session, outlet_id)
        merchant_id = view.outlet.merchant_id
        name_merchant(self.request, merchant_id)
        if not (rule(self.person, merchant_id) and is_within(self.person, merchant_id, outlet_id)):
            raise Forbidden
        return view

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
        wanted = await read_key(self.request)

        async def answer() -> Answer:
            return Answer(status, (await make()).model_dump_json().encode())

        outcome = await answer_once(session, wanted, answer) if wanted else await answer()
        return replay(outcome.answer) if isinstance(outcome, Replay) else fresh(outcome)

    def hint(self, outlet_ids: Iterable[UUID]) -> None:
        """Say that something changed at these outlets; after the commit."""
        get_registry(self.request)[BoothDesk].hint(outlet_ids)


async def get_desk(request: Request) -> Desk:
    """The desk of whoever is signed in; raises SignInNeeded."""
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        raise SignInNeeded
    return Desk(request, person, person.to_actor(ip_digest=ip_digest(request)), get_database(request))


DeskOf = Annotated[Desk, Depends(get_desk)]
