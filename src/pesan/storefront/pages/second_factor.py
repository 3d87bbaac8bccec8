"""The second step at sign-in, and turning it on and off."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from pesan.errors import PesanError
from pesan.identity.factors.codes import CodeSecrets, setup_address
from pesan.identity.factors.queries import (
    count_recovery_codes,
    find_generator,
    find_pending,
    list_passkeys,
)
from pesan.identity.factors.service import (
    confirm_generator,
    pass_second_step,
    remove_generator,
    start_generator,
)
from pesan.identity.factors.turning_on import TurnedOn
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_waiting
from pesan.identity.service import check_own_password
from pesan.storefront.account_forms import CodeForm, ConfirmForm, F, Filled, read_account_form
from pesan.storefront.pages.signing_in import HOME, form_page
from pesan.storefront.signed_in import STEP_PATH, device_of, get_person, sign_in
from pesan.tickets.render.pictures import qr_svg
from pesan.web.access import Who, allow
from pesan.web.cookies import STEP, read_guarded, write_session
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, get_registry
from pesan.web.limits import limit
from pesan.web.pages import render
from pesan.web.redirects import ACCOUNT_LOGIN_PATH, safe_next
from pesan.web.requests import text_of

FACTORS = "/account/factors"

step = APIRouter(dependencies=[allow(Who.PUBLIC)])
factors = APIRouter(prefix=FACTORS, dependencies=[allow(Who.USER)])
router = APIRouter()


@step.get(STEP_PATH)
async def show_step(request: Request, next_path: Annotated[str, Query(alias="next")] = HOME) -> Response:
    """The form for the code; whoever did not give a password yet starts there."""
    if not read_guarded(request, STEP):
        return RedirectResponse(ACCOUNT_LOGIN_PATH, 303)
    return await step_page(request, Filled(CodeForm), safe_next(next_path, HOME))


@step.post(STEP_PATH, dependencies=[limit("second-step", 30, 900), require_csrf])
async def submit_step(request: Request) -> Response:
    """Finish the log-in; the session gets a token of its own."""
    typed = await request.form()
    target = safe_next(text_of(typed, "next"), HOME)
    form = read_account_form(CodeForm, dict(typed))
    if form.valid is None:
        return await step_page(request, form, target, status=422)
    try:
        opened = await pass_second_step(
            get_database(request),
            _secrets(request),
            token=read_guarded(request, STEP),
            code=form.valid.code,
            **device_of(request)._asdict(),
        )
    except PesanError as refusal:
        return await step_page(request, form, target, refusal=refusal)
    return await sign_in(request, opened, target)


@factors.get("")
async def show_factors(request: Request, needed: bool = False, done: str = "") -> Response:
    """Whether the second step is on; while it is being set up, what the app needs."""
    return await _factors_page(request, Filled(CodeForm), needed=needed, done=done)


@factors.post("/start", dependencies=[limit("password", 10, 900), require_csrf])
async def start(request: Request) -> Response:
    """Make the secret for an app, for whoever knows the password."""
    person = await get_person(request)
    form = read_account_form(ConfirmForm, dict(await request.form()))
    if form.valid is None:
        return await _factors_page(request, form, status=422)
    try:
        await check_own_password(get_database(request), person, form.valid.given)
        async with get_database(request).identity() as session:
            await start_generator(session, person, _secrets(request))
    except PesanError as refusal:
        return await _factors_page(request, form, refusal=refusal)
    return RedirectResponse(FACTORS, 303)


@factors.post("/confirm", dependencies=[limit("second-step", 30, 900), require_csrf])
async def confirm(request: Request) -> Response:
    """Turn the second step on by a code of the app; shows the recovery codes, once."""
    person = await get_person(request)
    form = read_account_form(CodeForm, dict(await request.form()))
    if form.valid is None:
        return await _factors_page(request, form, status=422)
    try:
        turned_on = await confirm_generator(
            get_database(request),
            person,
            _secrets(request),
            code=form.valid.code,
            **device_of(request)._asdict(),
        )
    except PesanError as refusal:
        return await _factors_page(request, form, refusal=refusal)
    return show_codes(request, turned_on)


@factors.post("/remove", dependencies=[limit("second-step", 30, 900), require_csrf])
async def remove(request: Request) -> Response:
    """Turn the second step off, by a code of it."""
    person = await get_person(request)
    form = read_account_form(CodeForm, dict(await request.form()))
    if form.valid is None:
        return await _factors_page(request, form, status=422)
    try:
        await remove_generator(get_database(request), person, _secrets(request), code=form.valid.code)
    except PesanError as refusal:
        return await _factors_page(request, form, refusal=refusal)
    return RedirectResponse(f"{FACTORS}?done=removed", 303)


def show_codes(request: Request, turned_on: TurnedOn) -> Response:
    """The recovery codes, once; the browser goes on under the new session."""
    # No form may stand on this page: its token would be of the session that has just ended.
    response = render(request, "storefront/account/codes.html", {"codes": turned_on.recovery_codes})
    write_session(request, response, turned_on.opened.token)
    return response


async def step_page(request: Request, form: Filled[F], target: str, **more: Any) -> Response:
    """The form for the code, and what else this person's second step can be."""
    async with get_database(request).identity() as session:
        waiting = await find_waiting(session, read_guarded(request, STEP))
        passkeys = await list_passkeys(session, waiting.user_id) if waiting else []
        row = await find_generator(session, waiting.user_id) if waiting else None
    has_app = not passkeys or (row is not None and row.confirmed_at is not None)
    context = {"next": target, "has_passkeys": bool(passkeys), "has_app": has_app}
    return form_page(request, "step", form, context, **more)


async def _factors_page(
    request: Request,
    form: Filled[F],
    *,
    needed: bool = False,
    done: str = "",
    refusal: PesanError | None = None,
    status: int = 200,
) -> Response:
    person = await get_person(request)
    context = {"needed": needed, "done": done, **await _state(request, person)}
    if context["setup"] is None and not context["is_on"] and form.schema is not ConfirmForm:
        return form_page(request, "factors", Filled(ConfirmForm), context, refusal=refusal, status=status)
    return form_page(request, "factors", form, context, refusal=refusal, status=status)


async def _state(request: Request, person: SignedIn) -> dict[str, Any]:
    async with get_database(request).identity() as session:
        row = await find_generator(session, person.user_id)
        pending = await find_pending(session, person)
        left = await count_recovery_codes(session, person.user_id)
        passkeys = await list_passkeys(session, person.user_id)
    is_on = row is not None and row.confirmed_at is not None
    setup = None
    secret = _secrets(request).find(pending.secret_sealed, person.user_id) if pending else None
    if secret is not None:
        # Drawn here; the address inside is the person's own.
        picture = Markup(qr_svg(setup_address(secret, person.email), title="QR"))  # noqa: S704
        setup = {"qr": picture, "secret": secret}
    return {"is_on": is_on, "codes_left": left, "setup": setup, "passkeys": len(passkeys)}


def _secrets(request: Request) -> CodeSecrets:
    return get_registry(request)[CodeSecrets]


router.include_router(step)
router.include_router(factors)
