"""A jastiper at their desk, and whoever else asks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.errors import Forbidden, PesanError
from pesan.idempotency.service import Answer, Replay, Wanted, answer_once
from pesan.identity.policies import SignedIn, may_manage_events, may_review
from pesan.identity.states import MerchantRole
from pesan.jastip.errors import ProductNotFound, TripNotFound
from pesan.jastip.policies import may_run_trip
from pesan.jastip.queries.trips import ProductView, TripView, get_product, get_trip
from pesan.jastip.service.profiles import open_profile
from pesan.tenancy.errors import MerchantNotFound
from pesan.web.context import name_merchant
from pesan.web.deps import find_person, forget_person, get_database, ip_digest
from pesan.web.errors import FactorNeeded, SignInNeeded
from pesan.web.idempotency import fresh, read_key, replay
from pesan.web.reserved import reserved_words

SIGNED_IN: list[dict[str, list[str]]] = [{"bearerToken": []}, {"staffSession": []}]
NOT_YOURS: tuple[type[PesanError], ...] = (SignInNeeded, FactorNeeded, Forbidden)


@dataclass(frozen=True, slots=True)
class Desk:
    """One request of a signed-in person."""

    request: Request
    person: SignedIn
    actor: Actor
    database: Database

    @property
    def merchant_ids(self) -> list[UUID]:
        """The merchants that the person organizes; most people organize one, or none."""
        return [found for found, role in self.person.roles.items() if role is MerchantRole.ORGANIZER]

    def own_merchant(self, named: UUID | None) -> UUID | None:
        """The merchant that is named, else the oldest of the person's own; raises MerchantNotFound for another's."""
        if named is not None and named not in self.merchant_ids:
            raise MerchantNotFound
        return named or min(self.merchant_ids, default=None)  # ids are made in time

    def require(self, merchant_id: UUID, trip_id: UUID, missing: type[PesanError]) -> None:
        """Raises `missing` unless the trip is theirs; Forbidden to colleagues, who know that it is there."""
        if may_run_trip(self.person, merchant_id, trip_id):
            name_merchant(self.request, merchant_id)
            return
        if self.person.lacks_factor:
            raise FactorNeeded
        raise Forbidden if may_review(self.person, merchant_id) else missing

    async def trip(self, session: ReadSession, trip_id: UUID) -> TripView:
        """A trip of theirs; raises TripNotFound, Forbidden, FactorNeeded."""
        view = await get_trip(session, trip_id)
        self.require(view.trip.merchant_id, trip_id, TripNotFound)
        if view.trip.is_archived:
            raise TripNotFound
        return view

    async def product(self, session: ReadSession, product_id: UUID) -> ProductView:
        """A product of theirs; raises ProductNotFound, Forbidden, FactorNeeded."""
        view = await get_product(session, product_id)
        self.require(view.product.merchant_id, view.product.event_id, ProductNotFound)
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
        return await once(session, await read_key(self.request), make, status=status)


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
    """An answer as this face writes it."""
    return answer.model_dump_json(by_alias=True).encode()


async def get_desk(request: Request) -> Desk:
    """The desk of whoever is signed in; raises SignInNeeded."""
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        raise SignInNeeded
    return Desk(request, person, person.to_actor(ip_digest=ip_digest(request)), get_database(request))


async def open_desk(desk: Desk, named: UUID | None = None) -> tuple[Desk, UUID]:
    """The desk with a merchant of the person's own, made now for whoever had an account only.

    Of several it is the one that is `named`, else the oldest. Raises MerchantNotFound, Forbidden, SlugTaken;
    FactorNeeded where they have one and did not show their second factor.
    """
    known = desk.own_merchant(named)
    own = [known] if named and known else desk.merchant_ids
    own = [each for each in own if may_manage_events(desk.person, each)]
    if own:
        return desk, min(own)
    if desk.person.lacks_factor:
        raise FactorNeeded
    if named is not None:
        raise Forbidden
    made = await open_profile(
        desk.database, desk.person, reserved=reserved_words(desk.request.app), actor=desk.actor
    )
    forget_person(desk.request)
    return await get_desk(desk.request), made


DeskOf = Annotated[Desk, Depends(get_desk)]
NamedMerchant = Annotated[
    UUID | None,
    Query(alias="merchantId", description="Which one, for whoever organizes several; else the oldest."),
]
