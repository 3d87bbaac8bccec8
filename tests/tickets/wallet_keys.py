"""Keys as Google and Apple give them, made for a test: a service account, and a chain of three certificates."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

ISSUER = "3388000000000000001"
EMAIL = "wallet-signer@contoh-proj.iam.gserviceaccount.com"
PASSWORD = "sandi kunci"


@dataclass(frozen=True)
class Chain:
    """Apple's root, its intermediate, and the certificate of a Pass Type ID with its key."""

    root: x509.Certificate
    wwdr: x509.Certificate
    certificate: x509.Certificate
    key: RSAPrivateKey


@cache
def new_key() -> RSAPrivateKey:
    """One key for all: making one takes longer than the tests that use it."""
    return generate_private_key(65537, 2048)


@cache
def make_chain() -> Chain:
    """A chain whose last certificate names pass type and team as Apple's do."""
    key = new_key()
    root = _certificate([_name("Apple Root CA")], None, is_authority=True)
    wwdr = _certificate([_name("Apple WWDR G4")], root, is_authority=True)
    subject = [
        x509.NameAttribute(NameOID.USER_ID, "pass.example.tiket"),
        _name("Pass Type ID: pass.example.tiket"),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "ABCDE12345"),
    ]
    return Chain(root, wwdr, _certificate(subject, wwdr, is_authority=False), key)


def write_google(folder: Path) -> dict[str, str]:
    """The settings of a Google Wallet whose key file lies in `folder`."""
    account = {"type": "service_account", "client_email": EMAIL, "private_key": _pem(new_key()).decode()}
    path = folder / "google.json"
    path.write_text(json.dumps(account))
    return {"google_wallet_issuer_id": ISSUER, "google_wallet_key_file": str(path)}


def write_apple(folder: Path, *, password: str = "") -> dict[str, str]:
    """The settings of an Apple Wallet whose files lie in `folder`."""
    chain = make_chain()
    files = {
        "apple_pass_certificate_file": chain.certificate.public_bytes(Encoding.PEM),
        "apple_pass_key_file": _pem(chain.key, password),
        "apple_wwdr_file": chain.wwdr.public_bytes(Encoding.PEM),
    }
    for name, content in files.items():
        (folder / f"{name}.pem").write_bytes(content)
    return {name: str(folder / f"{name}.pem") for name in files}


def _certificate(
    subject: list[x509.NameAttribute[str]], issuer: x509.Certificate | None, *, is_authority: bool
) -> x509.Certificate:
    own, now = x509.Name(subject), datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer.subject if issuer else own)
        .public_key(new_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(new_key(), hashes.SHA256())
    )


def _name(value: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(NameOID.COMMON_NAME, value)


def _pem(key: RSAPrivateKey, password: str = "") -> bytes:
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
