"""Test payments: step by step, what of an account at a provider works."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.errors import PesanError
from pesan.identity.policies import may_manage
from pesan.kit.i18n import Text
from pesan.payments.gateways.accounts import get_merchant_account
from pesan.payments.gateways.base import RemoteState
from pesan.payments.gateways.registry import PROVIDERS, Gateways
from pesan.payments.gateways.trial_models import TrialPayment
from pesan.payments.gateways.trials import ask_trial, get_trial, open_trial, start_trial
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit

router = APIRouter(prefix="/organizer/{merchant}/gateways", dependencies=[allow(Who.ORGANIZER)])
_UNKNOWN = Text(id="Penyedia belum mengenal pembayaran ini.", en="The provider knows no such payment yet.")
_STATES = {
    RemoteState.PENDING: Text(
        id="Belum dibayar. Buka halamannya dan bayar.", en="Not paid yet. Open the page and pay."
    ),
    RemoteState.PAID: Text(
        id="Lunas, jumlah, mata uang, dan akunnya cocok.", en="Paid; amount, currency and account match."
    ),
    RemoteState.FAILED: Text(id="Pembayarannya gagal di penyedia.", en="The payment failed at the provider."),
    RemoteState.EXPIRED: Text(id="Waktunya habis sebelum dibayar.", en="It ran out before it was paid."),
}
_OTHER_STATE = Text(id="Di penyedia: {state}", en="At the provider: {state}")
_FAULTS = {
    "amount": Text(id="Jumlahnya bukan yang kami minta.", en="The amount is not what we asked for."),
    "currency": Text(id="Mata uangnya lain.", en="The currency is another one."),
    "account": Text(
        id="Id akunnya lain dari yang kamu isi.", en="The account id is not the one that you gave."
    ),
}


class Progress(StrEnum):
    """How one step went."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that has to work, and what is known of it."""

    title: Text
    progress: Progress
    words: str = ""


@dataclass(frozen=True, slots=True)
class TrialPage:
    """One test with its steps."""

    provider: str
    is_live: bool
    amount: int
    steps: list[Step]
    path: str
    pay_url: str | None
    webhook_url: str
    is_over: bool
    problem: str = ""


@router.post("/{account_id}/trials", dependencies=[limit("trials", 20, 3600), require_csrf])
async def submit_trial(desk: DeskOf, merchant: str, account_id: UUID) -> Response:
    """Open a small payment at the provider; in live mode only when somebody ticked that they know."""
    is_confirmed = (await desk.request.form()).get("is_confirmed") == "true"
    gateways = desk.registry[Gateways]
    async with desk.writing(merchant, may_manage) as work:
        trial = await start_trial(
            work.session,
            account_id=account_id,
            merchant_id=work.shop.id,
            is_confirmed=is_confirmed,
            actor=desk.actor,
        )
    path = f"/organizer/{merchant}/gateways/trials/{trial.id}"
    await open_trial(
        gateways,
        trial,
        return_url=gateways.base_url + path,
        name=desk.person.name,
        email=desk.person.email,
        actor=desk.actor,
    )
    return go(path)


@router.get("/trials/{trial_id}")
async def show_trial(desk: DeskOf, merchant: str, trial_id: UUID) -> Response:
    """What worked so far."""
    return await _page(desk, merchant, trial_id)


@router.post("/trials/{trial_id}", dependencies=[limit("trials", 60, 3600), require_csrf])
async def submit_question(desk: DeskOf, merchant: str, trial_id: UUID) -> Response:
    """Ask the provider how the payment stands now."""
    async with desk.reading("methods", merchant, may_manage) as room:
        trial = await get_trial(room.session, trial_id, merchant_id=room.shop.id)
    try:
        await ask_trial(desk.registry[Gateways], trial, actor=desk.actor)
    except PesanError as refusal:
        return await _page(desk, merchant, trial_id, refusal=refusal)
    return go(f"/organizer/{merchant}/gateways/trials/{trial_id}")


async def _page(desk: Desk, merchant: str, trial_id: UUID, *, refusal: PesanError | None = None) -> Response:
    gateways = desk.registry[Gateways]
    async with desk.reading("methods", merchant, may_manage) as room:
        trial = await get_trial(room.session, trial_id, merchant_id=room.shop.id)
        account = await get_merchant_account(room.session, trial.account_id, merchant_id=room.shop.id)
        page = TrialPage(
            provider=PROVIDERS[account.provider].title,
            is_live=account.is_live,
            amount=trial.amount,
            steps=_steps(desk, trial),
            path=f"{room.shop.path}/gateways/trials/{trial.id}",
            pay_url=trial.redirect_url if trial.remote_state in {None, RemoteState.PENDING} else None,
            webhook_url=f"{gateways.base_url}/v1/payments/webhook/{account.provider}/{account.id}",
            is_over=trial.problem is not None,
            problem=refusal.text(desk.locale) if refusal else "",
        )
        return desk.page(room.chrome, "trial", {"page": page}, status=refusal.status if refusal else 200)


def _steps(desk: Desk, trial: TrialPayment) -> list[Step]:
    is_open, is_failed = trial.opened_at is not None, trial.problem is not None
    opened = Progress.DONE if is_open else Progress.FAILED if is_failed else Progress.WAITING
    heard = Progress.DONE if trial.heard_at else Progress.WAITING
    return [
        Step(
            Text(id="Kunci diterima penyedia", en="The provider took the keys"), opened, trial.problem or ""
        ),
        Step(Text(id="Halaman pembayaran terbuka", en="The payment page opened"), opened),
        Step(
            Text(
                id="Webhook sampai dan tanda tangannya sah", en="The webhook came, and its signature is good"
            ),
            heard,
        ),
        Step(
            Text(
                id="Penyedia ditanya ulang, dan jawabannya cocok",
                en="The provider was asked again, and it matches",
            ),
            _matched(trial),
            _said(desk, trial),
        ),
    ]


def _matched(trial: TrialPayment) -> Progress:
    if trial.fault is not None or trial.remote_state in {RemoteState.FAILED, RemoteState.EXPIRED}:
        return Progress.FAILED
    return Progress.DONE if trial.remote_state == RemoteState.PAID else Progress.WAITING


def _said(desk: Desk, trial: TrialPayment) -> str:
    if trial.asked_at is None:
        return ""
    if trial.fault is not None:
        return desk.text(_FAULTS[trial.fault])
    if trial.remote_state is None:
        return desk.text(_UNKNOWN)
    known = _STATES.get(RemoteState(trial.remote_state))
    return desk.text(known) if known else _OTHER_STATE.in_(desk.locale, state=trial.remote_state)
