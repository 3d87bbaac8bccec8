"""Somebody's own data: the address is proved by mail, then it is seen, taken, and what should happen to it asked."""

from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from pesan.checkout.forms import html_rules
from pesan.checkout.schemas import Email, PersonName, WhatsApp
from pesan.kit.i18n import Text
from pesan.privacy.contacts import Contact, ask_link, get_contact, open_link
from pesan.privacy.dossier import read_dossier
from pesan.privacy.errors import ContactLinkOver
from pesan.privacy.requests import ask
from pesan.privacy.states import RequestKind
from pesan.storefront.account_forms import MENDS, AccountForm, Filled, read_account_form
from pesan.storefront.pages.signing_in import limit_letters
from pesan.web.access import Who, allow
from pesan.web.cookies import drop_guarded, read_guarded, write_guarded
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, get_locale, guest_actor
from pesan.web.limits import limit
from pesan.web.pages import render
from pesan.web.requests import text_of

VISIT = "pesan_contact"
PATH = "/privacy"
_NOTHING_WRONG = Text(
    id="Isi nama atau nomor WhatsApp yang benar dulu.", en="First write the right name or WhatsApp number."
)

router = APIRouter(prefix=PATH, dependencies=[allow(Who.PUBLIC)])


class ContactForm(AccountForm):
    """Whose data it is about."""

    email: Email


class CorrectionForm(AccountForm):
    """What should stand there instead; what is left empty stays."""

    name: PersonName | None = None
    wa: WhatsApp | None = None


@router.get("")
async def show_privacy(request: Request, sent: bool = False, over: bool = False) -> Response:
    """Where to send the link to one's data."""
    return _ask_page(request, Filled(ContactForm), sent=sent, over=over)


@router.post("", dependencies=[limit("privacy-link", 10, 3600), require_csrf])
async def submit_address(request: Request) -> Response:
    """Send a link, if the address has bookings; the answer is the same when it has none."""
    form = read_account_form(ContactForm, dict(await request.form()))
    if form.valid is None:
        return _ask_page(request, form, status=422)
    await limit_letters(request, form.valid.email)
    async with get_database(request).write(guest_actor(request)) as session:
        await ask_link(session, form.valid.email, get_locale(request))
    return RedirectResponse(f"{PATH}?sent=true", 303)


@router.get("/open")
async def show_opening(request: Request, token: Annotated[str, Query(max_length=100)] = "") -> Response:
    """A button, because the programs that look at links in mails must not use them up."""
    return render(request, "storefront/privacy/open.html", {"token": token})


@router.post("/open", dependencies=[limit("privacy-open", 30, 3600), require_csrf])
async def submit_opening(request: Request) -> Response:
    """Begin the visit that the link is for."""
    try:
        visit = await open_link(get_database(request), text_of(await request.form(), "token"))
    except ContactLinkOver:
        return RedirectResponse(f"{PATH}?over=true", 303)
    response = RedirectResponse(f"{PATH}/data", 303)
    write_guarded(request, response, VISIT, visit)
    return response


@router.get("/data")
async def show_data(request: Request, asked: bool = False, waiting: bool = False) -> Response:
    """What is known of the person, to be read."""
    try:
        contact = await _contact(request)
    except ContactLinkOver:
        return RedirectResponse(f"{PATH}?over=true", 303)
    return await _data_page(request, contact, Filled(CorrectionForm), asked=asked, waiting=waiting)


@router.get("/data.json")
async def get_data(request: Request) -> Response:
    """The same as a file, for another program."""
    contact = await _contact(request)
    body = orjson.dumps(await _dossier(request, contact), option=orjson.OPT_INDENT_2)
    headers = {"Content-Disposition": 'attachment; filename="data-pesan.json"'}
    return Response(body, media_type="application/json", headers=headers)


@router.post("/correction", dependencies=[limit("privacy-ask", 20, 3600), require_csrf])
async def submit_correction(request: Request) -> Response:
    """Ask every organizer concerned to put a name or a number right."""
    contact = await _contact(request)
    typed = {name: value for name, value in (await request.form()).items() if value}
    form = read_account_form(CorrectionForm, typed)
    if form.valid is None:
        return await _data_page(request, contact, form, status=422)
    if not (form.valid.name or form.valid.wa):
        return await _data_page(request, contact, form, problem=_NOTHING_WRONG, status=422)
    return await _ask(request, contact, RequestKind.CORRECTION, **form.valid.model_dump())


@router.post("/erasure", dependencies=[limit("privacy-ask", 20, 3600), require_csrf])
async def submit_erasure(request: Request) -> Response:
    """Ask every organizer concerned to forget this contact."""
    return await _ask(request, await _contact(request), RequestKind.ERASURE)


@router.post("/leave", dependencies=[require_csrf])
async def submit_leave(request: Request) -> Response:
    """End the visit in this browser."""
    response = RedirectResponse(PATH, 303)
    drop_guarded(request, response, VISIT)
    return response


async def _contact(request: Request) -> Contact:
    return await get_contact(get_database(request), read_guarded(request, VISIT))


async def _dossier(request: Request, contact: Contact) -> dict[str, Any]:
    async with get_database(request).read(contact.actor) as session:
        return await read_dossier(session, contact)


async def _ask(request: Request, contact: Contact, kind: RequestKind, **wanted: str | None) -> Response:
    async with get_database(request).write(contact.actor) as session:
        asked = await ask(session, contact, kind, get_locale(request), **wanted)
    # Asked twice, an erasure is the same erasure; a correction may say something else.
    is_kept_back = asked.waiting and kind is RequestKind.CORRECTION
    return RedirectResponse(f"{PATH}/data?{'waiting' if is_kept_back else 'asked'}=true", 303)


async def _data_page(
    request: Request,
    contact: Contact,
    form: Filled[CorrectionForm],
    *,
    asked: bool = False,
    waiting: bool = False,
    problem: Text | None = None,
    status: int = 200,
) -> Response:
    context = {
        "problem": problem.in_(get_locale(request)) if problem else "",
        "dossier": await _dossier(request, contact),
        "moment_of": datetime.fromisoformat,
        "form": form,
        "rules": html_rules(CorrectionForm),
        "mends": MENDS,
        "asked": asked,
        "waiting": waiting,
    }
    return render(request, "storefront/privacy/data.html", context, status=status)


def _ask_page(
    request: Request,
    form: Filled[ContactForm],
    *,
    sent: bool = False,
    over: bool = False,
    status: int = 200,
) -> Response:
    context = {"form": form, "rules": html_rules(ContactForm), "sent": sent, "over": over, "problem": ""}
    return render(request, "storefront/privacy/ask.html", context, status=status)
