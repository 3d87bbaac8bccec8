"""Registering, signing in and out, and the pages that links in mails lead to."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from pesan.checkout.forms import html_rules
from pesan.errors import InvalidInput, PesanError
from pesan.identity.links import AccountLinks
from pesan.identity.openid.client import Client
from pesan.identity.service import ask_reset, log_in, register, reset_password, verify_email
from pesan.storefront.account_forms import (
    MENDS,
    AddressForm,
    F,
    Filled,
    LogInForm,
    NewPasswordForm,
    RegisterForm,
    read_account_form,
)
from pesan.storefront.relying import find_relying
from pesan.storefront.signed_in import device_of, known_browser, sign_in, sign_out
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.csrf import require_csrf
from pesan.web.deps import find_person, get_database, get_locale, get_registry
from pesan.web.limits import Limiter, limit
from pesan.web.limits.policies import Policy
from pesan.web.pages import render
from pesan.web.redirects import ACCOUNT_LOGIN_PATH, safe_next
from pesan.web.requests import text_of

HOME = "/account"
# Each letter costs, and each fills somebody's mailbox.
LETTERS = Policy("letters", 3, 3600)

router = APIRouter(prefix="/account", dependencies=[allow(Who.PUBLIC)])
Next = Annotated[str, Query(alias="next")]


@router.get("/login")
async def show_log_in(request: Request, next_path: Next = HOME, done: str = "") -> Response:
    """The log-in form; whoever is signed in already goes on. `done` says what led here."""
    target = safe_next(next_path, HOME)
    if await find_person(request):
        return RedirectResponse(target, 303)
    return form_page(request, "login", Filled(LogInForm), {"next": target, "done": done})


@router.post("/login", dependencies=[limit("log-in", 30, 900), require_csrf])
async def submit_log_in(request: Request) -> Response:
    """Open a session under a new token."""
    typed = await request.form()
    target = safe_next(text_of(typed, "next"), HOME)
    form = read_account_form(LogInForm, dict(typed))
    page = {"next": target, "done": ""}
    if form.valid is None:
        return form_page(request, "login", form, page, status=422)
    try:
        opened = await log_in(
            get_database(request),
            email=form.valid.email,
            password=form.valid.given,
            browser=known_browser(request),
            **device_of(request)._asdict(),
        )
    except PesanError as refusal:
        return form_page(request, "login", form, page, refusal=refusal)
    return await sign_in(request, opened, target)


@router.get("/register")
async def show_register(request: Request, next_path: Next = HOME) -> Response:
    """The form for a new account."""
    target = safe_next(next_path, HOME)
    if await find_person(request):
        return RedirectResponse(target, 303)
    return form_page(request, "register", Filled(RegisterForm), {"next": target})


@router.post("/register", dependencies=[limit("register", 10, 3600), require_csrf])
async def submit_register(request: Request) -> Response:
    """Make an account and sign it in; a known address is told so, which the rulings allow here and nowhere else."""
    typed = await request.form()
    target = safe_next(text_of(typed, "next"), HOME)
    form = read_account_form(RegisterForm, dict(typed))
    if form.valid is None:
        return form_page(request, "register", form, {"next": target}, status=422)
    try:
        opened = await register(
            get_database(request),
            **form.valid.model_dump(),
            locale=get_locale(request),
            **device_of(request)._asdict(),
        )
    except PesanError as refusal:
        return form_page(request, "register", form, {"next": target}, refusal=refusal)
    return await sign_in(request, opened, target)


@router.post("/logout", dependencies=[require_csrf])
async def submit_log_out(request: Request) -> Response:
    """End the session on the server and in the browser."""
    return await sign_out(request, f"{ACCOUNT_LOGIN_PATH}?done=out")


@router.get("/forgot")
async def show_forgot(request: Request) -> Response:
    """Where to send the link for a new password."""
    return form_page(request, "forgot", Filled(AddressForm), {"sent": False})


@router.post("/forgot", dependencies=[limit("forgot", 10, 3600), require_csrf])
async def submit_forgot(request: Request) -> Response:
    """Send the link if somebody has this address; the answer is the same when nobody has."""
    form = read_account_form(AddressForm, dict(await request.form()))
    if form.valid is None:
        return form_page(request, "forgot", form, {"sent": False}, status=422)
    await limit_letters(request, form.valid.email)
    await ask_reset(get_database(request), form.valid.email)
    return form_page(request, "forgot", form, {"sent": True})


@router.get("/reset")
async def show_reset(request: Request, token: str = "") -> Response:
    """The form for the new password; the link is looked at when it is sent."""
    return form_page(request, "reset", Filled(NewPasswordForm), {"token": token})


@router.post("/reset", dependencies=[limit("links", 20, 900), require_csrf])
async def submit_reset(request: Request) -> Response:
    """Set the new password; whoever did signs in with it, second factor included."""
    typed = await request.form()
    page = {"token": text_of(typed, "token")}
    form = read_account_form(NewPasswordForm, dict(typed))
    if form.valid is None:
        return form_page(request, "reset", form, page, status=422)
    try:
        await reset_password(
            get_database(request), _links(request), token=page["token"], password=form.valid.password
        )
    except PesanError as refusal:
        return form_page(request, "reset", form, page, refusal=refusal)
    return RedirectResponse(f"{ACCOUNT_LOGIN_PATH}?done=reset", 303)


@router.get("/verify")
async def show_verify(request: Request, token: str = "") -> Response:
    """A button, because programs that look at mails follow links by themselves."""
    return form_page(request, "verify", Filled(AddressForm), {"token": token, "is_verified": False})


@router.post("/verify", dependencies=[limit("links", 20, 900), require_csrf])
async def submit_verify(request: Request) -> Response:
    """Take the address as its owner's."""
    token = text_of(await request.form(), "token")
    page = {"token": token, "is_verified": True}
    person = await find_person(request)
    by = person.to_actor().user_id if person else None
    try:
        await verify_email(get_database(request), _links(request), token, by=by)
    except PesanError as refusal:
        page["is_verified"] = False
        return form_page(request, "verify", Filled(AddressForm), page, refusal=refusal)
    return form_page(request, "verify", Filled(AddressForm), page)


async def limit_letters(request: Request, email: str) -> None:
    """Count a letter to an address, whether or not it is anybody's; raises TooManyRequests."""
    who = f"letters {email.strip().lower()}"
    await get_registry(request)[Limiter].hit(context_of(request), LETTERS, who)


def form_page(
    request: Request,
    name: str,
    form: Filled[F],
    context: Mapping[str, Any],
    *,
    schemas: Sequence[type[BaseModel]] = (),
    refusal: PesanError | None = None,
    status: int = 200,
) -> Response:
    """A page of the account with a form; a refusal stands above it. `schemas` are those of the page's other forms."""
    every: list[type[BaseModel]] = [*schemas, form.schema]
    rules = {name: rule for schema in every for name, rule in html_rules(schema).items()}
    shown = {
        "form": form,
        "rules": rules,
        "mends": MENDS,
        "passkeys_work": find_relying(request) is not None,
        "provider": get_registry(request)[Client].shown_name,
        "problem": _sentence(request, refusal) if refusal else "",
        **context,
    }
    response = render(
        request, f"storefront/account/{name}.html", shown, status=refusal.status if refusal else status
    )
    if refusal and refusal.retry_after:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _sentence(request: Request, refusal: PesanError) -> str:
    locale = get_locale(request)
    if isinstance(refusal, InvalidInput):
        return refusal.field_message.in_(locale, **refusal.params)
    return refusal.text(locale)


def _links(request: Request) -> AccountLinks:
    return get_registry(request)[AccountLinks]
