"""Every setting of an instance: one frozen object, built once; nobody else reads the environment."""

import os
import re
import secrets
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Environment = Literal["development", "production"]
CHAT_URL = "https://wa.me"
MIN_SECRET_LENGTH = 32
MIN_DIFFERENT_CHARACTERS = 8
# What documentation and examples leave for people to replace.
_PLACEHOLDER = re.compile(
    r"change.?me|replace.?me|secret|example|your[-_]|password|placeholder", re.IGNORECASE
)
_WIDEST_NETWORK = {4: 8, 6: 16}
_UNIX_PROXY = "unix"
_TRUSTS_EVERYBODY = "PESAN_TRUSTED_PROXIES trusts every address; anybody could claim any IP."


def _alias(name: str, *documents: str) -> AliasChoices:
    return AliasChoices(f"PESAN_{name}", *documents)


class Settings(BaseSettings):
    """The instance's settings, from `PESAN_…` variables; the documents' own names are accepted as aliases.

    Raises pydantic's ValidationError, which names the variable, when a value cannot be used.
    """

    # Tests fill the fields by name; without the prefix those names would be read from the environment too, HOME first.
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, env_prefix="PESAN_", env_ignore_empty=True
    )

    environment: Environment = Field("development", validation_alias=_alias("ENV", "NEXT_PUBLIC_APP_ENV"))
    debug: bool = Field(False, validation_alias=_alias("DEBUG"))
    home: Path = Field(
        default_factory=lambda: (
            Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "pesan"
        ),
        validation_alias=_alias("HOME"),
    )
    secret_key: SecretStr = Field(
        SecretStr(""), validation_alias=_alias("SECRET_KEY", "JWT_SECRET", "QR_SECRET")
    )
    old_secret_key: SecretStr = Field(SecretStr(""), validation_alias=_alias("OLD_SECRET_KEY"))
    base_url: str = Field("", validation_alias=_alias("BASE_URL"))
    zone: str = Field("Asia/Jakarta", validation_alias=_alias("ZONE", "NEXT_PUBLIC_TZ"))
    require_login: bool = Field(False, validation_alias=_alias("REQUIRE_LOGIN", "FEATURE_REQUIRE_LOGIN"))
    refund_four_eyes_amount: int = Field(5_000_000, ge=0, validation_alias=_alias("REFUND_FOUR_EYES_AMOUNT"))
    ticket_slice_seconds: int = Field(
        3_600, ge=30, le=86_400, validation_alias=_alias("TICKET_SLICE_SECONDS")
    )
    payment_mode: Literal["manual", "gateway"] = Field(
        "manual", validation_alias=_alias("PAYMENT_MODE", "PAYMENT_MODE")
    )

    erasure_list: Path | None = Field(None, validation_alias=_alias("ERASURE_LIST"))
    retention_proof_days: int = Field(90, ge=1, le=36_500, validation_alias=_alias("RETENTION_PROOF_DAYS"))
    retention_contact_days: int = Field(
        730, ge=30, le=36_500, validation_alias=_alias("RETENTION_CONTACT_DAYS")
    )
    retention_session_days: int = Field(
        30, ge=0, le=36_500, validation_alias=_alias("RETENTION_SESSION_DAYS")
    )
    retention_notification_days: int = Field(
        365, ge=30, le=36_500, validation_alias=_alias("RETENTION_NOTIFICATION_DAYS")
    )
    retention_webhook_days: int = Field(
        45, ge=30, le=36_500, validation_alias=_alias("RETENTION_WEBHOOK_DAYS")
    )
    retention_idempotency_hours: int = Field(
        24, ge=24, le=876_000, validation_alias=_alias("RETENTION_IDEMPOTENCY_HOURS")
    )
    retention_risk_trace_days: int = Field(
        30, ge=7, le=36_500, validation_alias=_alias("RETENTION_RISK_TRACE_DAYS")
    )
    retention_risk_list_days: int = Field(
        730, ge=30, le=36_500, validation_alias=_alias("RETENTION_RISK_LIST_DAYS")
    )
    retention_visit_hours: int = Field(24, ge=2, le=876_000, validation_alias=_alias("RETENTION_VISIT_HOURS"))

    database_url: str = Field("", validation_alias=_alias("DATABASE_URL", "DATABASE_URL"))
    database_role_prefix: str = Field(
        "pesan", pattern=r"^[a-z][a-z0-9_]{0,20}$", validation_alias=_alias("DATABASE_ROLE_PREFIX")
    )
    database_pool_size: int = Field(10, ge=2, le=100, validation_alias=_alias("DATABASE_POOL_SIZE"))
    lock_timeout_ms: int = Field(2_000, ge=50, validation_alias=_alias("LOCK_TIMEOUT_MS"))
    statement_timeout_ms: int = Field(8_000, ge=100, validation_alias=_alias("STATEMENT_TIMEOUT_MS"))
    redis_url: str = Field("", validation_alias=_alias("REDIS_URL", "REDIS_URL"))

    storage_url: str = Field("", validation_alias=_alias("STORAGE_URL"))
    storage_provider: str = Field("", validation_alias=_alias("STORAGE_PROVIDER", "STORAGE_PROVIDER"))
    storage_bucket: str = Field("", validation_alias=_alias("STORAGE_BUCKET", "R2_BUCKET"))
    storage_endpoint: str = Field("", validation_alias=_alias("STORAGE_ENDPOINT"))
    storage_region: str = Field("auto", validation_alias=_alias("STORAGE_REGION"))
    storage_key_id: str = Field("", validation_alias=_alias("STORAGE_KEY_ID"))
    storage_secret: SecretStr = Field(SecretStr(""), validation_alias=_alias("STORAGE_SECRET"))
    storage_keep_megabytes: int = Field(
        512, ge=0, le=1_000_000, validation_alias=_alias("STORAGE_KEEP_MEGABYTES")
    )

    smtp_url: SecretStr = Field(SecretStr(""), validation_alias=_alias("SMTP_URL"))
    mail_from: str = Field("Pesan <no-reply@localhost>", validation_alias=_alias("MAIL_FROM"))

    wa_phone_id: str = Field("", pattern=r"^\d*$", validation_alias=_alias("WA_PHONE_ID", "WA_PHONE_ID"))
    wa_access_token: SecretStr = Field(
        SecretStr(""), validation_alias=_alias("WA_ACCESS_TOKEN", "WA_ACCESS_TOKEN")
    )
    wa_verify_token: SecretStr = Field(
        SecretStr(""), validation_alias=_alias("WA_VERIFY_TOKEN", "WA_VERIFY_TOKEN")
    )
    wa_app_secret: SecretStr = Field(SecretStr(""), validation_alias=_alias("WA_APP_SECRET"))
    wa_business_id: str = Field("", pattern=r"^\d*$", validation_alias=_alias("WA_BUSINESS_ID"))
    wa_api_version: str = Field("v24.0", pattern=r"^v\d{2}\.\d$", validation_alias=_alias("WA_API_VERSION"))
    wa_url: str = Field("https://graph.facebook.com", validation_alias=_alias("WA_URL"))
    wa_number: str = Field("", pattern=r"^(\+[1-9]\d{6,14})?$", validation_alias=_alias("WA_NUMBER"))
    wa_per_second: int = Field(10, ge=1, le=1_000, validation_alias=_alias("WA_PER_SECOND"))

    oidc_issuer: str = Field("", validation_alias=_alias("OIDC_ISSUER"))
    oidc_client_id: str = Field("", validation_alias=_alias("OIDC_CLIENT_ID"))
    oidc_client_secret: SecretStr = Field(SecretStr(""), validation_alias=_alias("OIDC_CLIENT_SECRET"))
    oidc_name: str = Field("", max_length=60, validation_alias=_alias("OIDC_NAME"))

    google_wallet_issuer_id: str = Field(
        "", pattern=r"^\d*$", validation_alias=_alias("GOOGLE_WALLET_ISSUER_ID")
    )
    google_wallet_key_file: str = Field("", validation_alias=_alias("GOOGLE_WALLET_KEY_FILE"))
    apple_pass_certificate_file: str = Field("", validation_alias=_alias("APPLE_PASS_CERTIFICATE_FILE"))
    apple_pass_key_file: str = Field("", validation_alias=_alias("APPLE_PASS_KEY_FILE"))
    apple_pass_key_password: SecretStr = Field(
        SecretStr(""), validation_alias=_alias("APPLE_PASS_KEY_PASSWORD")
    )
    apple_wwdr_file: str = Field("", validation_alias=_alias("APPLE_WWDR_FILE"))

    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = Field((), validation_alias=_alias("TRUSTED_HOSTS"))
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), validation_alias=_alias("TRUSTED_PROXIES")
    )
    ip_country_header: str = Field(
        "", pattern=r"^[A-Za-z0-9-]{0,60}$", validation_alias=_alias("IP_COUNTRY_HEADER")
    )
    metrics_token: SecretStr = Field(SecretStr(""), validation_alias=_alias("METRICS_TOKEN"))
    rate_limits: Literal["on", "off"] = Field("on", validation_alias=_alias("RATE_LIMITS"))
    max_streams: int = Field(600, ge=1, validation_alias=_alias("MAX_STREAMS"))
    max_streams_per_peer: int = Field(10, ge=1, validation_alias=_alias("MAX_STREAMS_PER_PEER"))
    webhooks_to_loopback: bool = Field(False, validation_alias=_alias("WEBHOOKS_TO_LOOPBACK"))
    leave_seconds: int = Field(0, ge=0, le=600, validation_alias=_alias("LEAVE_SECONDS"))
    max_body_bytes: int = Field(12 * 1024 * 1024, ge=1024, validation_alias=_alias("MAX_BODY_BYTES"))

    sentry_dsn: SecretStr = Field(SecretStr(""), validation_alias=_alias("SENTRY_DSN", "SENTRY_DSN"))
    posthog_key: SecretStr = Field(SecretStr(""), validation_alias=_alias("POSTHOG_KEY"))
    posthog_host: str = Field("", validation_alias=_alias("POSTHOG_HOST"))
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", validation_alias=_alias("LOG_LEVEL")
    )

    @field_validator("trusted_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @property
    def is_production(self) -> bool:
        """Whether unsafe defaults are refused."""
        return self.environment == "production"

    @property
    def secret(self) -> bytes:
        """The instance's one secret, from which every key is derived."""
        return self.secret_key.get_secret_value().encode()

    @property
    def has_whatsapp(self) -> bool:
        """Whether this instance can send and be answered in chats."""
        return bool(self.wa_phone_id and self.wa_access_token.get_secret_value())

    @property
    def chat_url(self) -> str:
        """What links that open a chat begin with: the stand-in's page where it runs beside this instance."""
        is_beside = urlsplit(self.wa_url).hostname in {"127.0.0.1", "::1", "localhost"}
        return self.wa_url.rstrip("/") if is_beside and not self.is_production else CHAT_URL

    @property
    def https(self) -> bool:
        """Whether people reach this instance over TLS, so that cookies may insist on it."""
        return self.base_url.startswith("https://")


def load_settings(**overrides: object) -> Settings:
    """The settings of this process; a development instance without a secret gets one kept under its home."""
    settings = Settings(**overrides)  # type: ignore[arg-type]
    if settings.secret_key.get_secret_value() or settings.is_production:
        return settings
    return settings.model_copy(update={"secret_key": SecretStr(_home_secret(settings.home))})


def problems(settings: Settings) -> list[str]:
    """Why this instance must not face the public, in plain sentences; empty when nothing stands against it."""
    checks = [
        (not settings.is_production, "PESAN_ENV is not production; it would start with unsafe settings."),
        (settings.debug, "PESAN_DEBUG is on; errors would show internals."),
        (
            _is_weak(settings.secret_key.get_secret_value()),
            f"PESAN_SECRET_KEY is missing, a default or shorter than {MIN_SECRET_LENGTH} characters.",
        ),
        (not settings.base_url, "PESAN_BASE_URL is missing; links in mails and tickets would point nowhere."),
        (bool(settings.base_url) and not settings.https, "PESAN_BASE_URL is not https."),
        ("*" in settings.trusted_hosts, "PESAN_TRUSTED_HOSTS accepts every host name."),
        (settings.rate_limits == "off", "PESAN_RATE_LIMITS is off."),
        (
            settings.webhooks_to_loopback,
            "PESAN_WEBHOOKS_TO_LOOPBACK is on; organizers could reach services of this machine.",
        ),
        (not _is_zone(settings.zone), f"PESAN_ZONE is {settings.zone}, which is no time zone."),
    ]
    found = [sentence for wrong, sentence in checks if wrong]
    elsewhere = [*_proxy_problems(settings.trusted_proxies), *_storage_problems(settings)]
    return [*found, *elsewhere, *_provider_problems(settings), *_whatsapp_problems(settings)]


def warnings(settings: Settings) -> list[str]:
    """What works and is hardly meant; it does not keep an instance from starting."""
    checks = [
        (not settings.smtp_url.get_secret_value(), "PESAN_SMTP_URL is missing; buyers would get no mail."),
        (
            bool(settings.ip_country_header) and not settings.trusted_proxies,
            "PESAN_IP_COUNTRY_HEADER is read from nobody, because PESAN_TRUSTED_PROXIES names no proxy.",
        ),
        (
            settings.has_whatsapp and not settings.wa_number,
            "PESAN_WA_NUMBER is missing; no page can open a chat with this instance.",
        ),
        (
            settings.has_whatsapp and not settings.wa_business_id,
            "PESAN_WA_BUSINESS_ID is missing; message templates cannot be submitted or looked up.",
        ),
    ]
    return [sentence for wrong, sentence in checks if wrong]


class UnsafeSettings(RuntimeError):
    """A production instance refuses to start; the message lists why."""


def require_safe(settings: Settings) -> None:
    """Raises UnsafeSettings when `settings` are for production and have problems."""
    found = problems(settings) if settings.is_production else []
    if found:
        raise UnsafeSettings("\n".join(found))


def _is_weak(secret: str) -> bool:
    is_short = len(secret) < MIN_SECRET_LENGTH or len(set(secret)) < MIN_DIFFERENT_CHARACTERS
    return is_short or bool(_PLACEHOLDER.search(secret))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # nothing of that name, no name at all, a folder
        return False
    return True


def _proxy_problems(proxies: tuple[str, ...]) -> list[str]:
    """A network wider than an organisation's own holds strangers, who could then claim any address."""
    return [problem for proxy in proxies if proxy != _UNIX_PROXY and (problem := _proxy_problem(proxy))]


def _proxy_problem(proxy: str) -> str | None:
    if proxy == "*":
        return _TRUSTS_EVERYBODY
    try:
        network = ip_network(proxy, strict=False)
    except ValueError:
        return f"PESAN_TRUSTED_PROXIES names {proxy}, which is neither an address nor a network."
    if network.prefixlen == 0:
        return _TRUSTS_EVERYBODY
    if network.prefixlen < (narrowest := _WIDEST_NETWORK[network.version]):
        return f"PESAN_TRUSTED_PROXIES trusts {proxy}, which is wider than /{narrowest}."
    return None


def _provider_problems(settings: Settings) -> list[str]:
    secret = settings.oidc_client_secret.get_secret_value()
    given = [bool(settings.oidc_issuer), bool(settings.oidc_client_id), bool(secret)]
    checks = [
        (
            any(given) and not all(given),
            "PESAN_OIDC_ISSUER, PESAN_OIDC_CLIENT_ID and PESAN_OIDC_CLIENT_SECRET belong together; one is missing.",
        ),
        (
            given[0] and not settings.oidc_issuer.startswith("https://"),
            "PESAN_OIDC_ISSUER is not https; anybody on the way could sign in as anybody.",
        ),
    ]
    return [sentence for wrong, sentence in checks if wrong]


def _whatsapp_problems(settings: Settings) -> list[str]:
    """Without the app's secret anybody could speak as Meta, and without the rest nobody is heard or answered."""
    secrets_of = (settings.wa_access_token, settings.wa_verify_token, settings.wa_app_secret)
    given = [bool(settings.wa_phone_id), *(bool(secret.get_secret_value()) for secret in secrets_of)]
    checks = [
        (
            any(given) and not all(given),
            "PESAN_WA_PHONE_ID, _ACCESS_TOKEN, _VERIFY_TOKEN and _APP_SECRET belong together; one is missing.",
        ),
        (
            any(given) and not settings.wa_url.startswith("https://"),
            "PESAN_WA_URL is not https; anybody on the way could read the token and the chats.",
        ),
    ]
    return [sentence for wrong, sentence in checks if wrong]


def _storage_problems(settings: Settings) -> list[str]:
    """What would come to light only when the first buyer sends a file.

    No key at all is fine: the machine may have a role.
    """
    url, is_local = settings.storage_url, settings.storage_provider == "local"
    has_bucket = url.startswith("s3://") or (bool(settings.storage_bucket) and not is_local and not url)
    has_key, has_secret = bool(settings.storage_key_id), bool(settings.storage_secret.get_secret_value())
    wants_bucket = bool(settings.storage_provider or settings.storage_endpoint or has_key or has_secret)
    checks = [
        (has_key != has_secret, "Only one of PESAN_STORAGE_KEY_ID and PESAN_STORAGE_SECRET is set."),
        (
            wants_bucket and not is_local and not has_bucket and not url,
            "PESAN_STORAGE_BUCKET is missing, and other settings of a bucket are there; files would stay on this disk.",
        ),
        (
            settings.storage_provider == "r2" and not settings.storage_endpoint,
            "PESAN_STORAGE_ENDPOINT is missing; R2 has an address for each account.",
        ),
    ]
    return [sentence for wrong, sentence in checks if wrong]


def _home_secret(home: Path) -> str:
    """The secret kept in a file that only its owner reads; made once, whoever comes first."""
    path = home / "secret"
    home.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = home / f".secret-{secrets.token_hex(8)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        _flush(draft)
        with suppress(FileExistsError):  # another process was first; its secret is the one
            os.link(draft, path)
        draft.unlink()
        _flush(home)
    return path.read_text().strip()


def _flush(path: Path) -> None:
    """To the disk: keys are sealed with the secret a moment later, and a power cut must not leave them without it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
