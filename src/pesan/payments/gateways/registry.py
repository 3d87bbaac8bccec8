"""Which providers there are, what each needs to know, and the objects that speak to them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import orjson
from sqlalchemy import select
from sqlalchemy.orm import undefer

from pesan.db import Database, ReadSession
from pesan.db.base import UUID
from pesan.kit.sealing import SealBroken, SecretBox
from pesan.payments.gateways.base import Account, Gateway, Listener
from pesan.payments.gateways.confirmations import CONFIRM, Confirmations
from pesan.payments.gateways.errors import AccountNotFound, AccountSealed
from pesan.payments.gateways.midtrans import Midtrans
from pesan.payments.gateways.models import GatewayAccount, SandboxPayment
from pesan.payments.gateways.sandbox import SANDBOX, Sandbox
from pesan.payments.gateways.stripe import StripeCheckout
from pesan.payments.gateways.xendit import XenditInvoices, XenditSessions

_PURPOSE = "payments:gateway-secrets"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that merchants can choose.

    `secrets` are the names of what its dashboard gives; `window` is how long its page may stay open, which a hold is
    extended to once.
    """

    title: str
    secrets: tuple[str, ...]
    window: timedelta = timedelta(minutes=15)
    make: Callable[[Account, httpx.AsyncClient], Gateway] | None = None


PROVIDERS: Mapping[str, Provider] = {
    "midtrans": Provider("Midtrans", ("server_key",), make=Midtrans),
    # Twice what the shortest page takes, so that whoever fails can try again within the same hold.
    "xendit": Provider("Xendit", ("secret_key", "callback_token"), timedelta(minutes=30), XenditSessions),
    "xendit_invoice": Provider("Xendit Invoice", ("secret_key", "callback_token"), make=XenditInvoices),
    "stripe": Provider("Stripe", ("secret_key", "webhook_secret"), timedelta(minutes=62), StripeCheckout),
    SANDBOX: Provider("Sandbox", ("webhook_secret",)),
}


def make_gateway(account: Account, http: httpx.AsyncClient) -> Gateway:
    """The adapter of an account at a provider that is spoken to over the network; raises AccountNotFound."""
    provider = PROVIDERS.get(account.provider)
    if provider is None or provider.make is None:
        raise AccountNotFound
    return provider.make(account, http)


@dataclass(frozen=True)
class Gateways:
    """Opens the adapters of merchants' accounts in this process; secrets leave it only inside them.

    `addresses` names providers that answer elsewhere than at their own address.
    """

    database: Database
    secret: bytes = field(repr=False)
    http: httpx.AsyncClient
    base_url: str
    takes_sandbox: bool
    addresses: Mapping[str, str] = field(default_factory=dict)

    def seal(self, merchant_id: UUID, account_id: UUID, secrets: Mapping[str, str]) -> bytes:
        """Secrets as they may be stored, for one account."""
        return seal_secrets(merchant_id, account_id, secrets, self.secret)

    def open(self, row: GatewayAccount) -> Gateway:
        """The adapter of an account whose row was read with its secrets; raises AccountSealed, AccountNotFound."""
        if row.provider == SANDBOX and not self.takes_sandbox:
            raise AccountNotFound
        secrets = self.open_secrets(row)
        address = self.addresses.get(row.provider)
        account = Account(row.provider, row.is_live, secrets, row.account_id, address)
        if row.provider == SANDBOX:
            return Sandbox(account, self.database, row.merchant_id, row.id)
        return make_gateway(account, self.http)

    def listen(self, row: GatewayAccount) -> Listener:
        """What verifies the webhooks of an account; raises AccountSealed, AccountNotFound."""
        return Confirmations(self.open_secrets(row)) if row.provider == CONFIRM else self.open(row)

    def open_secrets(self, row: GatewayAccount) -> Mapping[str, str]:
        """The secrets of an account whose row was read with them; raises AccountSealed."""
        try:
            return open_secrets(row, self.secret)
        except SealBroken as error:
            raise AccountSealed from error


def seal_secrets(merchant_id: UUID, account_id: UUID, secrets: Mapping[str, str], secret: bytes) -> bytes:
    """An account's secrets as they may be stored; they open in its own row only."""
    return SecretBox(secret, _PURPOSE).close(orjson.dumps(dict(secrets)), f"{merchant_id}:{account_id}")


def open_secrets(row: GatewayAccount, secret: bytes) -> Mapping[str, str]:
    """The secrets of an account whose row was read with them; raises SealBroken."""
    box = SecretBox(secret, _PURPOSE)
    opened: Mapping[str, str] = orjson.loads(box.open(row.secrets_sealed, f"{row.merchant_id}:{row.id}"))
    return opened


async def get_account(session: ReadSession, account_id: UUID) -> GatewayAccount:
    """An account with its secrets, for who may open it; raises AccountNotFound."""
    account = await session.scalar(_WITH_SECRETS.where(GatewayAccount.id == account_id))
    if account is None:
        raise AccountNotFound
    return account


async def list_with_secrets(session: ReadSession, ids: Collection[UUID]) -> Mapping[UUID, GatewayAccount]:
    """Accounts with their secrets, by id; those that are not there are left out."""
    if not ids:
        return {}
    rows = await session.scalars(_WITH_SECRETS.where(GatewayAccount.id.in_(ids)))
    return {row.id: row for row in rows}


async def open_sandbox(gateways: Gateways, reference: str) -> tuple[Sandbox, SandboxPayment] | None:
    """The sandbox that has this payment, for its page; a live instance has none."""
    if not gateways.takes_sandbox:
        return None
    async with gateways.database.sale() as session:
        payment = await session.scalar(select(SandboxPayment).where(SandboxPayment.reference == reference))
        if payment is None:
            return None
        gateway = gateways.open(await get_account(session, payment.account_id))
    return (gateway, payment) if isinstance(gateway, Sandbox) else None


async def find_only_account(session: ReadSession, provider: str) -> GatewayAccount | None:
    """The one account at this provider, where there is only one."""
    found = (await session.scalars(_WITH_SECRETS.where(GatewayAccount.provider == provider).limit(2))).all()
    return found[0] if len(found) == 1 else None


_WITH_SECRETS = select(GatewayAccount).options(undefer(GatewayAccount.secrets_sealed))
