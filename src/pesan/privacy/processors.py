"""Who else gets to handle people's data: read from what is configured, so that nobody has to remember."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select

from pesan.db import ReadSession
from pesan.kit.i18n import Text
from pesan.payments.gateways.confirmations import CONFIRM
from pesan.payments.gateways.models import GatewayAccount
from pesan.payments.gateways.registry import PROVIDERS
from pesan.payments.gateways.sandbox import SANDBOX
from pesan.settings import Settings

_PAYMENTS = Text(id="pembayaran dan pengembalian dana", en="payments and refunds")


@dataclass(frozen=True, slots=True, order=True)
class Processor:
    """Somebody outside of this machine; `key` names it wherever it is written down."""

    key: str
    title: str
    does: Text


async def list_processors(
    session: ReadSession, settings: Settings, merchant_id: UUID | None = None
) -> Sequence[Processor]:
    """Everybody who is configured now: for a merchant, or for all that the session sees."""
    query = select(GatewayAccount.provider).where(
        GatewayAccount.is_active, GatewayAccount.provider.not_in((SANDBOX, CONFIRM))
    )
    if merchant_id is not None:
        query = query.where(GatewayAccount.merchant_id == merchant_id)
    providers = sorted(set(await session.scalars(query)))
    paid = [Processor(f"payment:{name}", PROVIDERS[name].title, _PAYMENTS) for name in providers]
    return [*paid, *_configured(settings)]


def _configured(settings: Settings) -> Iterator[Processor]:
    """What the instance's settings name, unless it is this machine itself."""
    dsn, smtp = settings.sentry_dsn.get_secret_value(), settings.smtp_url.get_secret_value()
    analytics = settings.posthog_host or "https://us.i.posthog.com"
    found = [
        ("mail", _host(smtp), Text(id="mengirim email", en="sends mail")),
        (
            "chats",
            "WhatsApp (Meta)" if settings.has_whatsapp and _host(settings.wa_url) else "",
            Text(id="mengirim dan menerima pesan WhatsApp", en="carries WhatsApp messages"),
        ),
        ("files", _storage_host(settings), Text(id="menyimpan berkas", en="keeps files")),
        ("database", _host(settings.database_url), Text(id="menyimpan basis data", en="keeps the database")),
        ("limits", _host(settings.redis_url), Text(id="menghitung batas permintaan", en="counts limits")),
        ("sign_in", _host(settings.oidc_issuer), Text(id="masuk ke akun", en="signs people in")),
        (
            "google_wallet",
            "Google Wallet" if settings.google_wallet_issuer_id else "",
            Text(id="tiket di Google Wallet", en="tickets in Google Wallet"),
        ),
        (
            "apple_wallet",
            "Apple Wallet" if settings.apple_pass_certificate_file else "",
            Text(id="tiket di Apple Wallet", en="tickets in Apple Wallet"),
        ),
        ("errors", _host(dsn), Text(id="laporan galat", en="error reports")),
        (
            "analytics",
            _host(analytics) if settings.posthog_key.get_secret_value() else "",
            Text(id="statistik pemakaian", en="usage statistics"),
        ),
    ]
    yield from (Processor(key, title, does) for key, title, does in found if title)


def _storage_host(settings: Settings) -> str:
    url = settings.storage_url
    has_bucket = settings.storage_bucket and settings.storage_provider != "local" and not url
    if not (url.startswith("s3://") or has_bucket):
        return ""
    return _host(settings.storage_endpoint) if settings.storage_endpoint else "Amazon S3"


def _host(url: str) -> str:
    """The host of an address; empty for this machine, which is nobody else."""
    host = urlsplit(url).hostname or ""
    if host in {"", "localhost"} or host.endswith(".localhost"):
        return ""
    try:
        return "" if ip_address(host).is_loopback else host
    except ValueError:
        return host
