"""Test payments: does an account work, from its keys to its webhook? They touch neither orders nor the ledger."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update

from pesan.audit import record
from pesan.db import Actor, ReadSession, WriteSession
from pesan.errors import PesanError
from pesan.kit.ids import new_code, new_id
from pesan.payments.gateways.base import Checkout, Item, RemotePayment
from pesan.payments.gateways.errors import (
    AccountNotFound,
    ConfirmLiveMoney,
    GatewayRefused,
    GatewayUnavailable,
    TrialNotFound,
)
from pesan.payments.gateways.locks import lock_account
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.payments.gateways.registry import PROVIDERS, Gateways, get_account
from pesan.payments.gateways.trial_models import REFERENCE_LENGTH, TrialPayment

TRIAL_AMOUNT = 10_000
"""Whole rupiah; the least that every provider's page takes."""
_ITEM = "Pembayaran uji coba"


async def start_trial(
    session: WriteSession, *, account_id: UUID, merchant_id: UUID, is_confirmed: bool, actor: Actor
) -> TrialPayment:
    """Commit to a test before the provider hears of it. **Locks** the account.

    Raises AccountNotFound; ConfirmLiveMoney for an account in live mode, unless somebody said that they know.
    """
    account = await lock_account(session, account_id)
    if account.merchant_id != merchant_id or account.provider not in PROVIDERS:
        raise AccountNotFound
    if account.is_live and not is_confirmed:
        raise ConfirmLiveMoney
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    trial = TrialPayment(
        id=new_id(),
        merchant_id=merchant_id,
        account_id=account.id,
        reference=new_code(REFERENCE_LENGTH),
        amount=TRIAL_AMOUNT,
        expires_at=now + PROVIDERS[account.provider].window,
    )
    session.add(trial)
    await record(session, account, action="merchant:gateway_account:tested", actor=actor)
    await session.flush()
    return trial


async def open_trial(
    gateways: Gateways, trial: TrialPayment, *, return_url: str, name: str, email: str, actor: Actor
) -> None:
    """Ask the provider for its page, outside any transaction, and note whether it opened one."""
    wanted = Checkout(
        reference=trial.reference,
        amount=trial.amount,
        items=(Item(title=_ITEM, quantity=1, unit_amount=trial.amount),),
        buyer_name=name,
        expires_at=trial.expires_at,
        return_url=return_url,
        email=email,
    )
    values: dict[str, Any]
    try:
        opened = await gateways.open(await _account(gateways, trial.account_id)).open(wanted)
    except PesanError as problem:
        values = {"problem": _named(problem)}
    else:
        values = {
            "provider_ref": opened.provider_ref,
            "redirect_url": opened.redirect_url,
            "opened_at": func.clock_timestamp(),
        }
    async with gateways.database.write(actor) as session:
        await _note(session, trial.id, values)


async def ask_trial(gateways: Gateways, trial: TrialPayment, *, actor: Actor) -> None:
    """Ask the provider how the test stands, as the job behind every webhook does.

    Raises GatewayUnavailable, GatewayRefused.
    """
    account = await _account(gateways, trial.account_id)
    remote = await gateways.open(account).fetch(trial.reference, trial.provider_ref)
    async with gateways.database.write(actor) as session:
        await _note(session, trial.id, _told(trial, account, remote))


async def hear_trial(gateways: Gateways, event: WebhookEvent, *, actor: Actor) -> bool:
    """Note that a webhook tells of a test payment, and ask about it; False when it tells of something else."""
    async with gateways.database.read(actor) as session:
        trial = await _find(session, event)
    if trial is None:
        return False
    async with gateways.database.write(actor) as session:
        await _note(session, trial.id, {"heard_at": func.coalesce(TrialPayment.heard_at, event.received_at)})
    await ask_trial(gateways, trial, actor=actor)
    return True


async def get_trial(session: ReadSession, trial_id: UUID, *, merchant_id: UUID) -> TrialPayment:
    """One test of this merchant's; raises TrialNotFound."""
    trial = await session.get(TrialPayment, trial_id)
    if trial is None or trial.merchant_id != merchant_id:
        raise TrialNotFound
    return trial


async def _account(gateways: Gateways, account_id: UUID) -> GatewayAccount:
    """With its secrets, which only the sale's role reads."""
    async with gateways.database.sale() as session:
        return await get_account(session, account_id)


async def _find(session: ReadSession, event: WebhookEvent) -> TrialPayment | None:
    named = or_(
        TrialPayment.reference == (event.reference or ""),
        TrialPayment.provider_ref == (event.provider_ref or ""),
    )
    query = select(TrialPayment).where(TrialPayment.account_id == event.account_id, named)
    found: TrialPayment | None = await session.scalar(query.limit(1))
    return found


def _told(trial: TrialPayment, account: GatewayAccount, remote: RemotePayment | None) -> dict[str, Any]:
    """What the provider says, and whether it is what was asked; it may know of nothing before somebody pays."""
    if remote is None:
        return {"asked_at": func.clock_timestamp()}
    fault = None
    if remote.currency.upper() != trial.currency:
        fault = "currency"
    elif remote.amount != trial.amount:
        fault = "amount"
    elif account.account_id and remote.account and remote.account != account.account_id:
        fault = "account"
    return {"asked_at": func.clock_timestamp(), "remote_state": remote.state.value, "fault": fault}


def _named(problem: PesanError) -> str:
    """What to show of a refusal: the provider's own code, where it gave one."""
    if isinstance(problem, GatewayRefused):
        return problem.reason[:200]
    return "unavailable" if isinstance(problem, GatewayUnavailable) else problem.code


async def _note(session: WriteSession, trial_id: UUID, values: dict[str, Any]) -> None:
    await session.execute(update(TrialPayment).where(TrialPayment.id == trial_id).values(values))
