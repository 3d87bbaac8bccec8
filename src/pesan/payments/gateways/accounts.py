"""A merchant's accounts at payment providers: opened, given new secrets, switched off and on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from pesan.audit import record
from pesan.db import Actor, ReadSession, WriteSession
from pesan.kit.ids import new_id
from pesan.payments.gateways.confirmations import CONFIRM
from pesan.payments.gateways.errors import AccountInvalid, AccountNotFound, SandboxRefused
from pesan.payments.gateways.locks import lock_account
from pesan.payments.gateways.models import GatewayAccount
from pesan.payments.gateways.registry import PROVIDERS, Gateways
from pesan.payments.gateways.sandbox import SANDBOX
from pesan.payments.models import PaymentMethod
from pesan.payments.service.methods import update_method
from pesan.payments.states import MethodKind

MAX_SECRET_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDraft:
    """What an organizer says of an account at a provider."""

    provider: str
    secrets: Mapping[str, str] = field(repr=False)
    is_live: bool = False
    account_id: str = ""
    display_name: str = ""


async def create_account(
    session: WriteSession, gateways: Gateways, *, merchant_id: UUID, draft: AccountDraft, actor: Actor
) -> tuple[GatewayAccount, PaymentMethod]:
    """A new account, and the payment method by which buyers choose it; raises AccountInvalid, SandboxRefused."""
    secrets = _checked(gateways, draft.provider, draft.secrets)
    account_id = new_id()
    account = GatewayAccount(
        id=account_id,
        merchant_id=merchant_id,
        provider=draft.provider,
        is_live=draft.is_live,
        account_id=draft.account_id.strip() or None,
        secrets_sealed=gateways.seal(merchant_id, account_id, secrets),
        is_active=True,
    )
    session.add(account)
    await session.flush()
    data = {"provider": account.provider, "is_live": account.is_live}
    await record(session, account, action="merchant:gateway_account:created", actor=actor, data=data)
    method = await _add_method(session, account, draft.display_name, actor)
    return account, method


async def rotate_secrets(
    session: WriteSession,
    gateways: Gateways,
    account_id: UUID,
    *,
    secrets: Mapping[str, str],
    actor: Actor,
) -> GatewayAccount:
    """Put new secrets in the place of the old ones, all at once.

    **Locks** the account. Raises AccountInvalid, AccountNotFound.
    """
    account = await lock_account(session, account_id)
    checked = _checked(gateways, account.provider, secrets)
    account.secrets_sealed = gateways.seal(account.merchant_id, account.id, checked)
    await record(session, account, action="merchant:gateway_account:rotated", actor=actor)
    await session.flush()
    return account


async def switch_account(
    session: WriteSession, account_id: UUID, *, is_active: bool, actor: Actor
) -> GatewayAccount:
    """Offer an account to buyers, or stop: what they opened before is still taken, and its webhooks heard.

    **Locks** the account, then its methods. Raises AccountNotFound.
    """
    account = await lock_account(session, account_id)
    account.is_active = is_active
    action = f"merchant:gateway_account:{'enabled' if is_active else 'disabled'}"
    await record(session, account, action=action, actor=actor)
    methods = await session.scalars(
        select(PaymentMethod.id).where(PaymentMethod.gateway_account_id == account.id)
    )
    for method_id in methods.all():
        await update_method(session, method_id, is_active=is_active, actor=actor)
    await session.flush()
    return account


async def list_accounts(session: ReadSession, merchant_id: UUID) -> Sequence[GatewayAccount]:
    """A merchant's accounts, the oldest first, without their secrets."""
    query = select(GatewayAccount).where(
        GatewayAccount.merchant_id == merchant_id, GatewayAccount.provider != CONFIRM
    )
    return (await session.scalars(query.order_by(GatewayAccount.created_at, GatewayAccount.id))).all()


async def get_merchant_account(
    session: ReadSession, account_id: UUID, *, merchant_id: UUID
) -> GatewayAccount:
    """One account of this merchant's; raises AccountNotFound."""
    account = await session.get(GatewayAccount, account_id)
    if account is None or account.merchant_id != merchant_id or account.provider == CONFIRM:
        raise AccountNotFound
    return account


def _checked(gateways: Gateways, provider: str, secrets: Mapping[str, str]) -> Mapping[str, str]:
    """The provider's secrets and nothing else; an empty one would verify nothing."""
    if provider == SANDBOX and not gateways.takes_sandbox:
        raise SandboxRefused
    known = PROVIDERS.get(provider)
    names = known.secrets if known else ()
    given = {name: secrets.get(name, "").strip() for name in names}
    if not names or not all(0 < len(value) <= MAX_SECRET_LENGTH for value in given.values()):
        raise AccountInvalid(names=", ".join(names))
    return given


async def _add_method(
    session: WriteSession, account: GatewayAccount, display_name: str, actor: Actor
) -> PaymentMethod:
    columns: dict[str, Any] = {
        "kind": MethodKind.GATEWAY.value,
        "display_name": display_name.strip() or PROVIDERS[account.provider].title,
        "gateway_account_id": account.id,
        "account_key": f"gateway:{account.id}",
        "is_active": True,
        "position": 0,
    }
    method = PaymentMethod(id=new_id(), merchant_id=account.merchant_id, **columns)
    session.add(method)
    await session.flush()
    data = {"kind": method.kind, "account_key": method.account_key}
    await record(session, method, action="merchant:payment_method:created", actor=actor, data=data)
    return method
