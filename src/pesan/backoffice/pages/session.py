"""Signing in and out, and one's own password."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go, show
from pesan.backoffice.forms.account import LogInForm, PasswordForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.errors import PesanError
from pesan.identity.openid.client import Client
from pesan.identity.service import change_password, log_in
from pesan.storefront.relying import find_relying
from pesan.storefront.signed_in import end_current, known_browser, sign_in
from pesan.web.access import Who, allow
from pesan.web.cookies import drop_session
from pesan.web.csrf import require_csrf
from pesan.web.deps import find_person, get_database, get_locale, get_registry, ip_digest
from pesan.web.limits import limit
from pesan.web.redirects import LOGIN_PATH, safe_next

router = APIRouter(prefix="/backoffice")
HOME = "/backoffice"


@router.get("/login", dependencies=[allow(Who.PUBLIC)])
async def show_log_in(request: Request, next_path: Annotated[str, Query(alias="next")] = HOME) -> Response:
    """The log-in form; whoever is signed in already goes on."""
    target = safe_next(next_path, HOME)
    if await find_person(request):
        return go(target)
    return _log_in_page(request, FormState(), target)


@router.post("/login", dependencies=[allow(Who.PUBLIC), limit("log-in", 30, 900), require_csrf])
async def submit_log_in(request: Request) -> Response:
    """Open a session under a new token; an older one of this browser ends."""
    typed = dict(await request.form())
    target = safe_next(str(typed.get("next", "")), HOME)
    form = read_form(LogInForm, typed)
    if form.valid is None:
        return _log_in_page(request, form.state, target, status=422)
    try:
        opened = await log_in(
            get_database(request),
            email=form.valid.email,
            password=form.valid.password,
            browser=known_browser(request),
            ip_digest=ip_digest(request),
            user_agent=request.headers.get("user-agent"),
        )
    except PesanError as refusal:
        return _log_in_page(request, form.state, target, refusal)
    return await sign_in(request, opened, target)


@router.post("/logout", dependencies=[allow(Who.PUBLIC), require_csrf])
async def submit_log_out(request: Request) -> Response:
    """End the session on the server and in the browser."""
    await end_current(request)
    response = go(LOGIN_PATH)
    drop_session(request, response)
    return response


@router.get("/account", dependencies=[allow(Who.STAFF)])
async def show_account(desk: DeskOf, saved: bool = False) -> Response:
    """The form for one's own password."""
    return await _account_page(desk, FormState(), saved=saved)


@router.post("/account", dependencies=[allow(Who.STAFF), limit("password", 10, 900), require_csrf])
async def submit_account(desk: DeskOf) -> Response:
    """Change one's own password, which ends one's other sessions."""
    form = read_form(PasswordForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _account_page(desk, FormState(errors=form.state.errors), status=422)
    try:
        await change_password(desk.database, desk.person, current=form.valid.current, new=form.valid.new)
    except PesanError as refusal:
        return await _account_page(
            desk, FormState(), problem=refusal.text(desk.locale), status=refusal.status
        )
    return go("/backoffice/account?saved=true")


async def _account_page(
    desk: Desk, form: FormState, *, problem: str = "", saved: bool = False, status: int = 200
) -> Response:
    async with desk.reading("account") as room:
        context = {"form": form, "schema": PasswordForm, "problem": problem, "saved": saved}
        return desk.page(room.chrome, "account", context, status=status)


def _log_in_page(
    request: Request, form: FormState, target: str, refusal: PesanError | None = None, *, status: int = 200
) -> Response:
    kept = FormState({"email": form.value("email")}, form.errors)  # a password is never written back
    problem = refusal.text(get_locale(request)) if refusal else ""
    context = {
        "form": kept,
        "schema": LogInForm,
        "next": target,
        "problem": problem,
        "passkeys_work": find_relying(request) is not None,
        "provider": get_registry(request)[Client].shown_name,
    }
    response = show(request, "login", context, status=refusal.status if refusal else status)
    if refusal and refusal.retry_after:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response
