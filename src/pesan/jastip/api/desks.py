"""A jastiper at their desk, and whoever else asks."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from pesan.checkout.callers import Caller, get_caller
from pesan.db import ReadSession
from pesan.errors import Forbidden, PesanError
from pesan.identity.policies import may_manage_events, may_review
from pesan.identity.states import MerchantRole
from pesan.jastip.errors import ProductNotFound, TripNotFound
from pesan.jastip.policies import may_run_trip
from pesan.jastip.queries.trips import ProductView, TripView, get_product, get_trip
from pesan.jastip.service.profiles import open_profile
from pesan.tenancy.errors import MerchantNotFound
from pesan.web.context import name_merchant
from pesan.web.deps import forget_person
from pesan.web.errors import FactorNeeded, SignInNeeded
from pesan.web.reserved import reserved_words

SIGNED_IN: list[dict[str, list[str]]] = [{"bearerToken": []}, {"staffSession": []}]
NOT_YOURS: tuple[type[PesanError], ...] = (SignInNeeded, FactorNeeded, Forbidden)


class Desk(Caller):
    """One request of a signed-in person."""

    __slots__ = ()

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


async def get_desk(request: Request) -> Desk:
    """The desk of whoever is signed in; raises SignInNeeded."""
    return await get_caller(request, Desk)


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
