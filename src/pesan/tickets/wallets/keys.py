"""The keys of wallets: files that whoever runs the instance got from Google and Apple."""

import json
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey

from pesan.settings import Settings
from pesan.tickets.wallets.apple import AppleSigner
from pesan.tickets.wallets.google import GoogleSigner


class WalletUnusable(RuntimeError):
    """A wallet is configured by halves, or with files that are not what they should be; the message says which."""


@dataclass(frozen=True, slots=True)
class Wallets:
    """The wallets that this instance can fill."""

    google: GoogleSigner | None = None
    apple: AppleSigner | None = None


def open_wallets(settings: Settings) -> Wallets:
    """The wallets whose keys are configured; raises WalletUnusable, so that a mistake is seen at the start."""
    return Wallets(_open_google(settings), _open_apple(settings))


def _open_google(settings: Settings) -> GoogleSigner | None:
    given = settings.google_wallet_issuer_id, settings.google_wallet_key_file
    if not any(given):
        return None
    if not all(given):
        raise WalletUnusable(
            "PESAN_GOOGLE_WALLET_ISSUER_ID and PESAN_GOOGLE_WALLET_KEY_FILE belong together."
        )
    try:
        account = json.loads(_read(settings.google_wallet_key_file))
        key = RSAKey.import_key(account["private_key"])
        return GoogleSigner(settings.google_wallet_issuer_id, str(account["client_email"]), key)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WalletUnusable("PESAN_GOOGLE_WALLET_KEY_FILE is not the key of a service account.") from error


def _open_apple(settings: Settings) -> AppleSigner | None:
    files = settings.apple_pass_certificate_file, settings.apple_pass_key_file, settings.apple_wwdr_file
    if not any(files):
        return None
    if not all(files):
        raise WalletUnusable(
            "PESAN_APPLE_PASS_CERTIFICATE_FILE, PESAN_APPLE_PASS_KEY_FILE and PESAN_APPLE_WWDR_FILE belong together."
        )
    try:
        return _apple_signer(settings)
    except (OSError, ValueError, TypeError, IndexError) as error:
        raise WalletUnusable(
            "The files of the Apple pass are not a certificate, its key and the WWDR."
        ) from error


def _apple_signer(settings: Settings) -> AppleSigner:
    own = x509.load_pem_x509_certificate(_read(settings.apple_pass_certificate_file))
    password = settings.apple_pass_key_password.get_secret_value().encode() or None
    private = load_pem_private_key(_read(settings.apple_pass_key_file), password)
    if not isinstance(private, RSAPrivateKey) or private.public_key() != own.public_key():
        raise ValueError("the key is not the certificate's")
    return AppleSigner(
        # Apple writes both into the certificate, so nobody can mistype them here.
        pass_type=_named(own, NameOID.USER_ID),
        team=_named(own, NameOID.ORGANIZATIONAL_UNIT_NAME),
        certificate=own,
        key=private,
        intermediate=x509.load_pem_x509_certificate(_read(settings.apple_wwdr_file)),
    )


def _named(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    return str(certificate.subject.get_attributes_for_oid(oid)[0].value)


def _read(path: str) -> bytes:
    return Path(path).read_bytes()
