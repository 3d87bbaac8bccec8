"""A person at the booth desk, and at which merchant."""

from collections.abc import Callable, Iterable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from pesan.booths.desk import BoothDesk
from pesan.booths.policies import is_within, may_run_booths
from pesan.booths.queries.outlets import OutletView, get_outlet
from pesan.checkout.callers import Caller, get_caller
from pesan.db import ReadSession
from pesan.errors import Forbidden, InvalidInput
from pesan.identity.policies import SignedIn
from pesan.kit.i18n import Text
from pesan.web.context import name_merchant
from pesan.web.deps import get_registry

_WHICH = Text(
    id="Sebut merchant_id: kamu bekerja untuk beberapa.", en="Name the merchant_id: you work for several."
)
Rule = Callable[[SignedIn, UUID], bool]


class Desk(Caller):
    """One request of a signed-in person."""

    __slots__ = ()

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

    def hint(self, outlet_ids: Iterable[UUID]) -> None:
        """Say that something changed at these outlets; after the commit."""
        get_registry(self.request)[BoothDesk].hint(outlet_ids)


async def get_desk(request: Request) -> Desk:
    """The desk of whoever is signed in; raises SignInNeeded."""
    return await get_caller(request, Desk)


DeskOf = Annotated[Desk, Depends(get_desk)]
