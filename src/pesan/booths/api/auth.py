"""Which booth's screen is asking. It is nobody's session: its token comes in `Authorization`, and no cookie counts."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from pesan.booths.screens.errors import ScreenRevoked
from pesan.booths.screens.queries import require_live
from pesan.booths.screens.tenure import actor_of
from pesan.db import Actor
from pesan.identity.policies import SignedIn
from pesan.web.access import Who, allow
from pesan.web.context import context_of, name_merchant
from pesan.web.deps import find_booth, find_person, get_database, ip_digest
from pesan.web.devices import BoothClaims
from pesan.web.errors import BoothTokenInvalid, SignInNeeded
from pesan.web.limits.dependencies import limiter_of
from pesan.web.limits.policies import GENERAL, Policy

BOOTH: Any = allow(Who.BOOTH)
"""For a router's `dependencies`."""
AS_BOOTH: list[dict[str, list[str]]] = [{"boothToken": []}]
"""For a route's `described(security=…)`."""
NOT_LIVE = (BoothTokenInvalid, ScreenRevoked)
"""For a route's `refusals(…)`."""


async def get_booth(request: Request) -> BoothClaims:
    """The screen whose token came along; raises BoothTokenInvalid.

    That it was not revoked since is for `require_live` to say, in the transaction of whatever is asked.
    """
    claims = find_booth(request)
    if claims is None:
        raise BoothTokenInvalid
    name_merchant(request, claims.merchant_id)
    return claims


BoothOf = Annotated[BoothClaims, Depends(get_booth)]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for something to happen to a session: a booth's screen, or staff, who have no booth."""

    actor: Actor
    booth_id: UUID | None = None


async def get_caller(request: Request) -> Caller:
    """For routes that are `allow(Who.STAFF, Who.BOOTH)`; raises ScreenRevoked, SignInNeeded."""
    claims = find_booth(request)
    if claims is None:
        person = await find_person(request)
        if not isinstance(person, SignedIn):
            raise SignInNeeded
        return Caller(person.to_actor(ip_digest=ip_digest(request)))
    name_merchant(request, claims.merchant_id)
    actor = actor_of(claims)
    async with get_database(request).read(actor) as session:
        await require_live(session, claims)
    return Caller(actor, claims.booth_id)


CallerOf = Annotated[Caller, Depends(get_caller)]


def limit_booth(name: str, count: int, window_seconds: int) -> Any:
    """A dependency that lets one screen, or one caller without a token, through `count` times in `window_seconds`.

    By its token and not by its address, which all screens of an outlet share.
    """
    policy = Policy(name, count, window_seconds)

    async def check(request: Request) -> None:
        claims = find_booth(request)
        who = f"booth:{claims.device_id}" if claims else None
        await limiter_of(request).hit(context_of(request), policy, who)

    return Depends(check)


GENERALLY = limit_booth(GENERAL.name, GENERAL.count, GENERAL.seconds)
"""The general limit, first of all that a router of screens depends on."""
