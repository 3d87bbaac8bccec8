"""One's own passkeys: added, named, listed and removed."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.errors import PesanError
from pesan.identity.factors.ceremonies import RelyingParty
from pesan.identity.factors.codes import CodeSecrets
from pesan.identity.factors.passkeys import (
    add_passkey,
    ask_to_add,
    ask_to_confirm,
    remove_passkey,
    rename_passkey,
)
from pesan.identity.factors.queries import get_passkey, list_passkeys
from pesan.identity.service import check_own_password
from pesan.storefront.account_forms import (
    AddPasskeyForm,
    CodeForm,
    ConfirmForm,
    F,
    Filled,
    LabelForm,
    PasskeyForm,
    read_account_form,
)
from pesan.storefront.pages.second_factor import FACTORS, show_codes
from pesan.storefront.pages.signing_in import form_page
from pesan.storefront.relying import get_relying
from pesan.storefront.signed_in import device_of, get_person
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, get_registry
from pesan.web.limits import limit

PASSKEYS = f"{FACTORS}/passkeys"
_JSON = "application/json"

router = APIRouter(prefix=PASSKEYS, dependencies=[allow(Who.USER)])


@router.get("")
async def show_passkeys(request: Request, done: str = "") -> Response:
    """The passkeys there are, and the form for another."""
    return await _list_page(request, Filled(AddPasskeyForm), done=done)


@router.post("/ask", dependencies=[limit("password", 10, 900), require_csrf])
async def ask(request: Request) -> Response:
    """What a new passkey is made of, for whoever knows the password."""
    person, relying = await get_person(request), get_relying(request)
    form = read_account_form(ConfirmForm, dict(await request.form()))
    await check_own_password(get_database(request), person, form.valid.given if form.valid else "")
    async with get_database(request).identity() as session:
        question = await ask_to_add(session, relying, person)
    return Response(question, media_type=_JSON)


@router.post("", dependencies=[limit("passkeys", 60, 900), require_csrf])
async def add(request: Request) -> Response:
    """Keep a new passkey; with the first factor come recovery codes, shown once."""
    person = await get_person(request)
    form = read_account_form(AddPasskeyForm, dict(await request.form()))
    if form.valid is None:
        return await _list_page(request, form, status=422)
    try:
        turned_on = await add_passkey(
            get_database(request),
            get_relying(request),
            person,
            name=form.valid.label,
            answer=form.valid.passkey,
            **device_of(request)._asdict(),
        )
    except PesanError as refusal:
        return await _list_page(request, form, refusal=refusal)
    return show_codes(request, turned_on) if turned_on else RedirectResponse(f"{PASSKEYS}?done=added", 303)


@router.post("/confirm", dependencies=[limit("passkeys", 60, 900), require_csrf])
async def ask_for_confirmation(request: Request) -> Response:
    """What one of the person's devices is to sign before a passkey is removed."""
    person, relying = await get_person(request), get_relying(request)
    async with get_database(request).identity() as session:
        question = await ask_to_confirm(session, relying, person)
    return Response(question, media_type=_JSON)


@router.get("/{id}")
async def show_passkey(request: Request, id: UUID) -> Response:  # noqa: A002  as in every address
    """One passkey, to be renamed or removed; another's is not found."""
    return await _passkey_page(request, id, Filled(CodeForm))


@router.post("/{id}/name", dependencies=[require_csrf])
async def rename(request: Request, id: UUID) -> Response:  # noqa: A002
    """Call it something else."""
    person = await get_person(request)
    form = read_account_form(LabelForm, dict(await request.form()))
    if form.valid is None:
        return await _passkey_page(request, id, form, status=422)
    async with get_database(request).identity() as session:
        await rename_passkey(session, person, passkey_id=id, name=form.valid.label)
    return RedirectResponse(f"{PASSKEYS}?done=renamed", 303)


@router.post("/{id}/remove", dependencies=[limit("second-step", 30, 900), require_csrf])
async def remove(request: Request, id: UUID) -> Response:  # noqa: A002
    """Remove it, by a passkey or by a code."""
    person, typed = await get_person(request), dict(await request.form())
    by_passkey, by_code = read_account_form(PasskeyForm, typed), read_account_form(CodeForm, typed)
    if not (by_passkey.valid or by_code.valid):
        return await _passkey_page(request, id, by_code, status=422)
    try:
        await remove_passkey(
            get_database(request),
            get_registry(request)[RelyingParty],  # a code takes it away at any address
            person,
            get_registry(request)[CodeSecrets],
            passkey_id=id,
            code=by_code.valid.code if by_code.valid else "",
            answer=by_passkey.valid.passkey if by_passkey.valid else "",
        )
    except PesanError as refusal:
        return await _passkey_page(request, id, Filled(CodeForm), refusal=refusal)
    return RedirectResponse(f"{PASSKEYS}?done=removed", 303)


async def _list_page(request: Request, form: Filled[F], **more: Any) -> Response:
    person = await get_person(request)
    async with get_database(request).identity() as session:
        passkeys = await list_passkeys(session, person.user_id)
    context = {"person": person, "passkeys": passkeys, "done": more.pop("done", "")}
    return form_page(request, "passkeys", form, context, schemas=(AddPasskeyForm, ConfirmForm), **more)


async def _passkey_page(request: Request, passkey_id: UUID, form: Filled[F], **more: Any) -> Response:
    person = await get_person(request)
    async with get_database(request).identity() as session:
        passkey = await get_passkey(session, person.user_id, passkey_id)
    return form_page(request, "passkey", form, {"passkey": passkey}, schemas=(CodeForm, LabelForm), **more)
