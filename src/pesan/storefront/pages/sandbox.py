"""The page of the sandbox, which plays a payment provider; a live instance has none."""

import time
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text
from pesan.payments.gateways.base import RemoteState
from pesan.payments.gateways.intake import Intake, Parcel
from pesan.payments.gateways.models import SandboxPayment
from pesan.payments.gateways.registry import Gateways, open_sandbox
from pesan.payments.gateways.sandbox import SANDBOX, Act, Sandbox
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_locale, get_registry
from pesan.web.pages import render

router = APIRouter(prefix="/sandbox/{reference}", dependencies=[allow(Who.PUBLIC)])
_LABELS = {
    Act.PAY: Text(id="Bayar", en="Pay"),
    Act.FAIL: Text(id="Gagalkan pembayaran", en="Fail the payment"),
    Act.DELAY: Text(id="Bayar, tapi kabarnya hilang", en="Pay, and lose the webhook"),
    Act.TWICE: Text(id="Bayar dua kali", en="Pay twice"),
    Act.LATE: Text(id="Bayar terlambat", en="Pay late"),
}
_OPEN = (Act.PAY, Act.FAIL, Act.DELAY, Act.TWICE)
_STATES = {
    RemoteState.PENDING: Text(id="Menunggu pembayaran", en="Waiting for payment"),
    RemoteState.PAID: Text(id="Sudah dibayar", en="Paid"),
    RemoteState.FAILED: Text(id="Gagal", en="Failed"),
    RemoteState.EXPIRED: Text(id="Ditutup", en="Closed"),
}


@dataclass(frozen=True, slots=True)
class SandboxPage:
    """One payment at the sandbox, and what may be done to it."""

    path: str
    amount: int
    words: str
    acts: list[tuple[str, str]]
    return_path: str
    problem: str = ""


@router.get("")
async def show_sandbox(request: Request, reference: str) -> Response:
    """What may happen to this payment."""
    return await _page(request, reference)


@router.post("", dependencies=[require_csrf])
async def submit_act(request: Request, reference: str, act: Annotated[Act, Form()]) -> Response:
    """Let it happen; whatever the sandbox reports goes the way of every provider's webhook."""
    gateways = get_registry(request)[Gateways]
    sandbox, payment = await _open(gateways, reference)
    try:
        sent = await sandbox.act(reference, act, time.time())
    except PesanError as refusal:
        return await _page(request, reference, problem=refusal.text(get_locale(request)), status=409)
    for notice in sent:
        parcel = Parcel(SANDBOX, sandbox.account_id, notice.headers, notice.body, time.time())
        await get_registry(request)[Intake].take(parcel)
    return RedirectResponse(_path_of(payment.return_url), 303)


async def _page(request: Request, reference: str, *, problem: str = "", status: int = 200) -> Response:
    sandbox, payment = await _open(get_registry(request)[Gateways], reference)
    remote, locale = await sandbox.fetch(reference, None), get_locale(request)
    assert remote is not None
    state = RemoteState.PAID if payment.captures else remote.state
    page = SandboxPage(
        path=f"/sandbox/{reference}",
        amount=payment.amount,
        words=_STATES[state].in_(locale),
        acts=[(act.value, _LABELS[act].in_(locale)) for act in _acts(payment, state)],
        return_path=_path_of(payment.return_url),
        problem=problem,
    )
    return render(request, "storefront/sandbox.html", {"page": page}, status=status)


def _acts(payment: SandboxPayment, state: RemoteState) -> tuple[Act, ...]:
    if state is RemoteState.PENDING:
        return _OPEN
    if payment.captures:
        return (Act.TWICE,) if payment.captures == 1 else ()
    return (Act.LATE,)


async def _open(gateways: Gateways, reference: str) -> tuple[Sandbox, SandboxPayment]:
    opened = await open_sandbox(gateways, reference)
    if opened is None:
        raise NotFound
    return opened


def _path_of(url: str) -> str:
    """On this instance, under whatever name the browser reached it."""
    return urlsplit(url).path or "/"
