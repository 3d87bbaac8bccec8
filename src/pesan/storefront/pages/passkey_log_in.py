"""Signing in with a passkey: as the second step, or instead of the password."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.errors import PesanError
from pesan.identity.factors.passkeys import (
    ask_at_step,
    ask_to_log_in,
    log_in_by_passkey,
    pass_by_passkey,
)
from pesan.storefront.account_forms import CodeForm, Filled, LogInForm, PasskeyForm, read_account_form
from pesan.storefront.pages.second_factor import step_page
from pesan.storefront.pages.signing_in import HOME, form_page
from pesan.storefront.relying import get_relying
from pesan.storefront.signed_in import STEP_PATH, device_of, sign_in
from pesan.web.access import Who, allow
from pesan.web.cookies import STEP, read_guarded
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, guest_id
from pesan.web.limits import limit
from pesan.web.redirects import ACCOUNT_LOGIN_PATH, safe_next
from pesan.web.requests import text_of

_JSON = "application/json"

router = APIRouter(
    dependencies=[allow(Who.PUBLIC), limit("passkeys", 60, 900), require_csrf],
)


@router.post(f"{STEP_PATH}/passkey/ask")
async def ask_for_step(request: Request) -> Response:
    """What the person's devices are to sign, once the password was right."""
    relying = get_relying(request)
    async with get_database(request).identity() as session:
        question = await ask_at_step(session, relying, read_guarded(request, STEP))
    return Response(question, media_type=_JSON)


@router.post(f"{STEP_PATH}/passkey")
async def submit_step(request: Request) -> Response:
    """Finish the log-in by a passkey; the session gets a token of its own."""
    typed = await request.form()
    target = safe_next(text_of(typed, "next"), HOME)
    form = read_account_form(PasskeyForm, dict(typed))
    if form.valid is None:
        return await step_page(request, Filled(CodeForm), target, status=422)
    try:
        opened = await pass_by_passkey(
            get_database(request),
            get_relying(request),
            token=read_guarded(request, STEP),
            answer=form.valid.passkey,
            **device_of(request)._asdict(),
        )
    except PesanError as refusal:
        return await step_page(request, Filled(CodeForm), target, refusal=refusal)
    return await sign_in(request, opened, target)


@router.post(f"{ACCOUNT_LOGIN_PATH}/passkey/ask")
async def ask_for_log_in(request: Request) -> Response:
    """What any device is to sign; says nothing of anybody."""
    relying = get_relying(request)
    async with get_database(request).identity() as session:
        question = await ask_to_log_in(session, relying, guest_id(request))
    return Response(question, media_type=_JSON)


@router.post(f"{ACCOUNT_LOGIN_PATH}/passkey")
async def submit_log_in(request: Request) -> Response:
    """Open a session by a passkey alone."""
    typed = await request.form()
    page = {"next": safe_next(text_of(typed, "next"), HOME), "done": ""}
    form = read_account_form(PasskeyForm, dict(typed))
    if form.valid is None:
        return form_page(request, "login", Filled(LogInForm), page, status=422)
    try:
        opened = await log_in_by_passkey(
            get_database(request),
            get_relying(request),
            visitor=guest_id(request),
            answer=form.valid.passkey,
            **device_of(request)._asdict(),
        )
    except PesanError as refusal:
        return form_page(request, "login", Filled(LogInForm), page, refusal=refusal)
    return await sign_in(request, opened, page["next"])
