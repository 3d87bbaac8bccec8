"""Accounts at payment providers: opened, given new secrets, switched off. What is typed here is never shown again."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.errors import PesanError
from pesan.identity.policies import may_manage
from pesan.kit.i18n import Text
from pesan.orders.models import Order
from pesan.payments.gateways.accounts import (
    AccountDraft,
    create_account,
    get_merchant_account,
    list_accounts,
    rotate_secrets,
    switch_account,
)
from pesan.payments.gateways.attention import list_flagged, mark_handled
from pesan.payments.gateways.models import GatewayAccount
from pesan.payments.gateways.registry import PROVIDERS, Gateways
from pesan.payments.gateways.sandbox import SANDBOX
from pesan.payments.gateways.settle import Flag
from pesan.payments.gateways.trials import TRIAL_AMOUNT
from pesan.payments.models import Payment
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/organizer/{merchant}/gateways", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(added|rotated|shown|hidden|handled)?$")]
_LONGEST_FIELD = 500
_FLAGS = {
    Flag.AMOUNT: Text(
        id="Jumlah yang dibayar bukan jumlah pesanan; uangnya ada di daftar pengembalian",
        en="What was paid is not what was asked; the money is on the list of refunds",
    ),
    Flag.CURRENCY: Text(id="Dibayar dalam mata uang lain", en="Paid in another currency"),
    Flag.ACCOUNT: Text(id="Dibayar ke akun lain di penyedia", en="Paid to another account at the provider"),
    Flag.REVERSED: Text(
        id="Uangnya ditarik kembali atau disengketakan di penyedia",
        en="The money was taken back or is disputed at the provider",
    ),
    Flag.HANDLED: Text(id="Sudah dilihat", en="Looked at"),
}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account, without anything that is secret."""

    title: str
    path: str
    webhook_url: str
    secrets: tuple[str, ...]
    is_live: bool
    is_active: bool
    account_id: str | None


@dataclass(frozen=True, slots=True)
class ProviderForm:
    """What a provider's form asks for."""

    name: str
    title: str
    secrets: tuple[str, ...]
    has_modes: bool


@dataclass(frozen=True, slots=True)
class FlaggedRow:
    """Money that needs a person."""

    path: str
    code: str
    booking_path: str
    amount: int
    words: Text


@dataclass(frozen=True, slots=True)
class GatewaysPage:
    """What needs a person, all accounts of a merchant, and the forms that add one."""

    flagged: list[FlaggedRow]
    rows: list[AccountRow]
    forms: list[ProviderForm]
    trial_amount: int = TRIAL_AMOUNT
    problem: str = ""
    done: str = ""


@router.get("")
async def show_gateways(desk: DeskOf, merchant: str, done: Done = "") -> Response:
    """The merchant's accounts at payment providers, and the forms that add one."""
    return await _page(desk, merchant, done=done)


@router.post("", dependencies=[require_csrf])
async def submit_account(desk: DeskOf, merchant: str) -> Response:
    """Add an account; buyers may pay by it from now on."""
    typed = await _typed(desk)
    draft = AccountDraft(
        provider=typed.get("provider", ""),
        secrets=typed,
        is_live=typed.get("is_live") == "true",
        account_id=typed.get("account_id", "")[:100],
        display_name=typed.get("display_name", "")[:60],
    )
    try:
        async with desk.writing(merchant, may_manage) as work:
            gateways = desk.registry[Gateways]
            await create_account(
                work.session, gateways, merchant_id=work.shop.id, draft=draft, actor=desk.actor
            )
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return go(f"/organizer/{merchant}/gateways?done=added")


@router.post("/payments/{payment_id}", dependencies=[require_csrf])
async def submit_handled(desk: DeskOf, merchant: str, payment_id: UUID) -> Response:
    """Say what was done about money that settles nothing by itself."""
    reason = (await _typed(desk)).get("reason", "")
    try:
        async with desk.reading("methods", merchant, may_manage) as room:
            merchant_id = room.shop.id
        await mark_handled(
            desk.database, payment_id, merchant_id=merchant_id, reason=reason, actor=desk.actor
        )
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return go(f"/organizer/{merchant}/gateways?done=handled")


@router.post("/{account_id}/secrets", dependencies=[require_csrf])
async def submit_secrets(desk: DeskOf, merchant: str, account_id: UUID) -> Response:
    """Put new secrets in the place of the old ones."""
    typed = await _typed(desk)
    try:
        async with desk.writing(merchant, may_manage) as work:
            await get_merchant_account(work.session, account_id, merchant_id=work.shop.id)
            gateways = desk.registry[Gateways]
            await rotate_secrets(work.session, gateways, account_id, secrets=typed, actor=desk.actor)
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return go(f"/organizer/{merchant}/gateways?done=rotated")


@router.post("/{account_id}/active", dependencies=[require_csrf])
async def submit_active(desk: DeskOf, merchant: str, account_id: UUID) -> Response:
    """Offer an account or stop offering it; pages that are open stay payable."""
    is_active = (await _typed(desk)).get("is_active") == "true"
    async with desk.writing(merchant, may_manage) as work:
        await get_merchant_account(work.session, account_id, merchant_id=work.shop.id)
        await switch_account(work.session, account_id, is_active=is_active, actor=desk.actor)
    return go(f"/organizer/{merchant}/gateways?done={'shown' if is_active else 'hidden'}")


async def _typed(desk: Desk) -> dict[str, str]:
    form = await desk.request.form()
    return {name: value[: _LONGEST_FIELD + 1] for name, value in form.items() if isinstance(value, str)}


async def _page(desk: Desk, merchant: str, *, refusal: PesanError | None = None, done: str = "") -> Response:
    gateways = desk.registry[Gateways]
    async with desk.reading("methods", merchant, may_manage) as room:
        accounts = await list_accounts(room.session, room.shop.id)
        flagged = await list_flagged(room.session, room.shop.id)
        page = GatewaysPage(
            flagged=[_flagged(payment, order, room.shop.path) for payment, order in flagged],
            rows=[_row(account, room.shop.path, gateways.base_url) for account in accounts],
            forms=[*_forms(gateways)],
            problem=refusal.text(desk.locale) if refusal else "",
            done=done,
        )
        context: dict[str, Any] = {"page": page}
        return desk.page(room.chrome, "gateways", context, status=refusal.status if refusal else 200)


def _flagged(payment: Payment, order: Order, shop_path: str) -> FlaggedRow:
    return FlaggedRow(
        path=f"{shop_path}/gateways/payments/{payment.id}",
        code=order.code,
        booking_path=f"{shop_path}/bookings/{order.code}",
        amount=payment.amount,
        words=_FLAGS[Flag(payment.flag or "")],
    )


def _row(account: GatewayAccount, shop_path: str, base_url: str) -> AccountRow:
    provider = PROVIDERS[account.provider]
    return AccountRow(
        title=provider.title,
        path=f"{shop_path}/gateways/{account.id}",
        webhook_url=f"{base_url}/v1/payments/webhook/{account.provider}/{account.id}",
        secrets=provider.secrets,
        is_live=account.is_live,
        is_active=account.is_active,
        account_id=account.account_id,
    )


def _forms(gateways: Gateways) -> list[ProviderForm]:
    return [
        ProviderForm(name, provider.title, provider.secrets, name != SANDBOX)
        for name, provider in PROVIDERS.items()
        if name != SANDBOX or gateways.takes_sandbox
    ]
