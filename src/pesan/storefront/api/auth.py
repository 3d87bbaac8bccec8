"""Signing in for programs: the jastip document's paths and answers, for every face (jastipin.md §5 and §10)."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Request
from pydantic import EmailStr, StringConstraints
from starlette.responses import JSONResponse, Response

from pesan.checkout.schemas import Face
from pesan.errors import InvalidInput
from pesan.identity.access_tokens import AccessTokens
from pesan.identity.errors import (
    BearerNeeded,
    EmailTaken,
    FactorLocked,
    LogInLocked,
    RefreshOver,
    SecondFactorNeeded,
    UnknownSession,
    WeakPassword,
    WrongCode,
    WrongCredentials,
)
from pesan.identity.factors.codes import CodeSecrets
from pesan.identity.factors.service import pass_second_step
from pesan.identity.passwords import MAX_LENGTH
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_own_slug, find_program
from pesan.identity.service import NewSession, end_session, log_in, refresh, register
from pesan.identity.states import API_LIFE, SessionKind
from pesan.storefront.signed_in import device_of
from pesan.web.access import Who, allow
from pesan.web.cookies import REFRESH, drop_guarded, drop_session, read_guarded, write_guarded
from pesan.web.deps import bearer_token, find_person, get_database, get_locale, get_registry, ip_digest
from pesan.web.errors import SignInNeeded, ValidationFailed
from pesan.web.json_bodies import read_json
from pesan.web.limits import limit
from pesan.web.openapi import BODY_REFUSALS, described, json_of, refusals

BEARER: list[dict[str, list[str]]] = [{"bearerToken": []}]

router = APIRouter(prefix="/api/auth", tags=["accounts"], dependencies=[allow(Who.PUBLIC)])
members = APIRouter(prefix="/api/auth", tags=["accounts"], dependencies=[allow(Who.USER)])

Secret = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH)]


class RegisterRequest(Face):
    """A new account."""

    email: EmailStr
    password: Secret
    full_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=100)]


class LogInRequest(Face):
    """Who one says one is."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]
    password: Secret
    otp: Annotated[str, StringConstraints(max_length=40)] | None = None


class AccountAnswer(Face):
    """Who signed in; `slug` is that of the merchant they organize, if there is one."""

    id: str
    email: str
    slug: str | None


class SignedInAnswer(Face):
    """An account, and the token to send as `Authorization: Bearer …`, valid for 12 hours."""

    user: AccountAnswer
    token: str


class TokenAnswer(Face):
    """The next access token."""

    token: str


class MessageAnswer(Face):
    """What was done."""

    message: str


@router.post(
    "/register",
    status_code=201,
    response_model=SignedInAnswer,
    dependencies=[limit("register", 10, 3600)],
    responses=refusals(*BODY_REFUSALS, ValidationFailed, InvalidInput, WeakPassword, EmailTaken),
    openapi_extra=described(body=json_of(RegisterRequest)),
)
async def register_account(request: Request) -> Response:
    """Make an account and sign it in; the refresh token comes as an HttpOnly cookie."""
    wish = await read_json(request, RegisterRequest)
    opened = await register(
        get_database(request),
        email=wish.email,
        name=wish.full_name,
        password=wish.password,
        locale=get_locale(request),
        kind=SessionKind.API,
        **device_of(request)._asdict(),
    )
    return await _signed_in(request, opened, status=201)


@router.post(
    "/login",
    response_model=SignedInAnswer,
    dependencies=[limit("log-in", 30, 900)],
    responses=refusals(
        *BODY_REFUSALS,
        ValidationFailed,
        WrongCredentials,
        LogInLocked,
        SecondFactorNeeded,
        WrongCode,
        FactorLocked,
    ),
    openapi_extra=described(body=json_of(LogInRequest)),
)
async def log_program_in(request: Request) -> Response:
    """Sign in; the refresh token comes as an HttpOnly cookie. Who has a second factor sends a code of it as `otp`."""
    wish = await read_json(request, LogInRequest)
    opened = await log_in(
        get_database(request),
        email=wish.email,
        password=wish.password,
        kind=SessionKind.API,
        **device_of(request)._asdict(),
    )
    if opened.is_waiting:
        opened = await _second_step(request, opened, wish.otp)
    return await _signed_in(request, opened)


@router.post(
    "/refresh",
    response_model=TokenAnswer,
    dependencies=[limit("refresh", 60, 900)],
    responses=refusals(*BODY_REFUSALS, RefreshOver),
    openapi_extra=described(security=[{"refreshCookie": []}]),
)
async def refresh_token(request: Request) -> Response:
    """The next access token, for the refresh cookie, which is replaced.

    One that was used before ends the session, except the last one within 20 seconds: that is refused alone.
    """
    opened = await refresh(
        get_database(request), read_guarded(request, REFRESH), ip_digest=ip_digest(request)
    )
    granted = await _grant(request, opened)
    response = JSONResponse({"token": granted.token})
    _keep(request, response, opened)
    return response


@members.get(
    "/logout",
    response_model=MessageAnswer,
    responses=refusals(SignInNeeded, BearerNeeded, UnknownSession),
    openapi_extra=described(security=BEARER),
)
async def log_out_by_token(request: Request) -> Response:
    """End the session of the bearer token. A browser's cookie is not enough: any link would sign people out."""
    if not bearer_token(request):
        raise BearerNeeded
    return await _log_out(request)


@members.post(
    "/logout",
    response_model=MessageAnswer,
    responses=refusals(*BODY_REFUSALS, SignInNeeded, UnknownSession),
    openapi_extra=described(security=[*BEARER, {"staffSession": []}]),
)
async def log_out(request: Request) -> Response:
    """End the session of the bearer token, or of the browser."""
    return await _log_out(request)


async def _second_step(request: Request, waiting: NewSession, code: str | None) -> NewSession:
    if not code:
        raise SecondFactorNeeded
    return await pass_second_step(
        get_database(request),
        get_registry(request)[CodeSecrets],
        token=waiting.token,
        code=code,
        kind=SessionKind.API,
        **device_of(request)._asdict(),
    )


class _Granted(NamedTuple):
    person: SignedIn
    slug: str | None
    token: str


async def _grant(request: Request, opened: NewSession) -> _Granted:
    async with get_database(request).identity() as session:
        person = await find_program(session, opened.session_id)
        if person is None:
            raise RefreshOver  # disabled, or signed out everywhere, a moment ago
        slug = await find_own_slug(session, person.user_id)
    return _Granted(person, slug, get_registry(request)[AccessTokens].make(person, slug))


async def _signed_in(request: Request, opened: NewSession, *, status: int = 200) -> Response:
    granted = await _grant(request, opened)
    user = AccountAnswer(id=str(granted.person.user_id), email=granted.person.email, slug=granted.slug)
    answer = SignedInAnswer(user=user, token=granted.token)
    response = JSONResponse(answer.model_dump(by_alias=True), status)
    _keep(request, response, opened)
    return response


def _keep(request: Request, response: Response, opened: NewSession) -> None:
    write_guarded(request, response, REFRESH, opened.token, max_age=int(API_LIFE.total_seconds()))


async def _log_out(request: Request) -> Response:
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        raise SignInNeeded
    actor = person.to_actor(ip_digest=ip_digest(request))
    async with get_database(request).identity() as session:
        await end_session(session, user_id=person.user_id, session_id=person.session_id, actor=actor)
    response = JSONResponse({"message": "Logged out"})
    drop_guarded(request, response, REFRESH)
    drop_session(request, response)
    return response
