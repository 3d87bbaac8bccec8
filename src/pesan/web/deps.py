"""What routes ask about a request: whose process this is, who is asking, what they may show."""

from dataclasses import replace
from typing import Any

from fastapi import Request

from pesan.db import Actor, ActorKind, Database
from pesan.kit.ids import normalise_code
from pesan.kit.registry import Registry
from pesan.settings import Settings
from pesan.web.context import context_of
from pesan.web.cookies import remembered_codes, session_token
from pesan.web.devices import BoothClaims, BoothDevices, DeviceClaims, Devices
from pesan.web.errors import SignInNeeded
from pesan.web.guests import find_guest_id, guest_id
from pesan.web.limits.limiter import Limiter
from pesan.web.locale import get_locale
from pesan.web.people import Person, Sessions

CODE_HEADER = b"x-booking-code"
MAX_CODE = 40

__all__ = [
    "bearer_token",
    "booking_codes",
    "buyer_actor",
    "buyer_digest",
    "client_ip",
    "find_booth",
    "find_device",
    "find_guest_id",
    "find_person",
    "forget_person",
    "get_actor",
    "get_database",
    "get_locale",
    "get_registry",
    "guest_actor",
    "guest_id",
    "ip_digest",
]


def get_registry(request: Request) -> Registry:
    """The objects of this process."""
    registry: Registry = request.app.state.registry
    return registry


def get_database(request: Request) -> Database:
    """The process's database."""
    return get_registry(request)[Database]


def client_ip(request: Any) -> str:
    """The caller's address, as far as a trusted proxy vouches for it."""
    return context_of(request).client_ip


def ip_digest(request: Request) -> str:
    """What stands for the caller's address in rows: a keyed digest, of the /64 when it is IPv6."""
    return get_registry(request)[Limiter].digest(client_ip(request))


async def find_person(request: Request) -> Person | None:
    """Whoever is signed in, by a program's token or a browser's cookie; looked up once per request."""
    context = context_of(request)
    if isinstance(context.person, bool):
        context.person = await _look_up(request)
    return context.person


def forget_person(request: Request) -> None:
    """Look whoever is signed in up anew when they are asked for next: their roles changed with this request."""
    context_of(request).person = False


def find_device(request: Request) -> DeviceClaims | None:
    """The device at a gate whose token came along; read once per request."""
    context = context_of(request)
    if isinstance(context.device, bool):
        token = bearer_token(request)
        context.device = get_registry(request)[Devices].read(token) if token else None
    return context.device


def find_booth(request: Request) -> BoothClaims | None:
    """The booth's screen whose token came along; read once per request."""
    context = context_of(request)
    if isinstance(context.booth, bool):
        token = bearer_token(request)
        context.booth = get_registry(request)[BoothDevices].read(token) if token else None
    return context.booth


def bearer_token(request: Request) -> str:
    """The token that a program or a device sent; empty when it sent none."""
    kind, _, token = context_of(request).text_header(b"authorization").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _look_up(request: Request) -> Person | None:
    sessions = get_registry(request)[Sessions]
    # Whoever sends a token means it: one that is not valid is not made up for by a cookie that came along.
    if bearer := bearer_token(request):
        return await sessions.find_by_bearer(bearer)
    token = session_token(request)
    return await sessions.find(token) if token else None


async def get_actor(request: Request) -> Actor:
    """Who acts: the person that is signed in, else a guest; either with the booking codes they showed.

    Whoever works for one merchant may be the guest of another.
    """
    person = await find_person(request)
    if person is None:
        return guest_actor(request)
    return replace(person.to_actor(ip_digest=ip_digest(request)), order_codes=booking_codes(request))


async def buyer_actor(request: Request) -> Actor:
    """Who buys: a guest, and whoever is signed in, for whose account it is then.

    Raises SignInNeeded where the instance sells to accounts only.
    """
    guest = guest_actor(request)
    person = await find_person(request)
    if person is not None:
        return replace(guest, kind=ActorKind.USER, user_id=person.to_actor().user_id)
    if get_registry(request)[Settings].require_login:
        raise SignInNeeded
    return guest


def guest_actor(request: Request) -> Actor:
    """The guest behind a request, whoever is signed in in the same browser."""
    return Actor.guest(*booking_codes(request), ip_digest=buyer_digest(request))


def buyer_digest(request: Request) -> str | None:
    """By what a buyer is recognised who gives no contact; None where nobody is limited."""
    # All buyers of a load test come from one address: with the limits off, nobody is recognised by it.
    return ip_digest(request) if get_registry(request)[Limiter].is_on else None


def booking_codes(request: Request) -> tuple[str, ...]:
    """The booking codes that the caller showed: in the path, by the `X-Booking-Code` header, in the cookie."""
    shown = [str(request.path_params.get("code", "")), context_of(request).text_header(CODE_HEADER)]
    codes = [normalise_code(code) for code in shown if 0 < len(code) <= MAX_CODE]
    usable = [code for code in codes if code.isalnum() and code.isascii()]
    return tuple(dict.fromkeys([*usable, *remembered_codes(request)]))
