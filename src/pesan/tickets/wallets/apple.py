"""Apple Wallet: a signed archive of a description and pictures (protocols.md §7.11)."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from pesan.kit.i18n import Text
from pesan.tickets.wallets.facts import WalletFacts
from pesan.tickets.wallets.pictures import icon_png, logo_png

MIME_TYPE = "application/vnd.apple.pkpass"
ICON_SIZE = 29
# The one moment that a ZIP archive can name for "no matter when": the same ticket makes the same archive but its
# signature, which says when it was made.
_EPOCH = (1980, 1, 1, 0, 0, 0)

_LABELS = {
    "event": Text(id="ACARA", en="EVENT"),
    "venue": Text(id="TEMPAT", en="VENUE"),
    "when": Text(id="WAKTU", en="WHEN"),
    "holder": Text(id="ATAS NAMA", en="NAME"),
    "title": Text(id="TIKET", en="TICKET"),
    "code": Text(id="Kode tiket", en="Ticket code"),
}


@dataclass(frozen=True, slots=True)
class AppleSigner:
    """The Pass Type ID certificate with its key, and Apple's intermediate (WWDR) that vouches for it."""

    pass_type: str
    team: str
    certificate: x509.Certificate
    key: RSAPrivateKey
    intermediate: x509.Certificate

    def sign(self, manifest: bytes) -> bytes:
        """A detached PKCS#7 signature over the manifest, in DER, with its time and both certificates."""
        builder = PKCS7SignatureBuilder().set_data(manifest)
        signed = builder.add_signer(self.certificate, self.key, SHA256()).add_certificate(self.intermediate)
        return signed.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])


def make_pkpass(signer: AppleSigner, facts: WalletFacts) -> bytes:
    """The pass as a file. CPU work: call it from a thread."""
    files = {"pass.json": _json(_description(signer, facts)), **_pictures(facts)}
    manifest = _json(manifest_of(files))
    return _archive({**files, "manifest.json": manifest, "signature": signer.sign(manifest)})


def manifest_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-1 of every file, in hex, as the format asks; what protects it is the signature over the whole."""
    return {name: sha1(content, usedforsecurity=False).hexdigest() for name, content in files.items()}


def _description(signer: AppleSigner, facts: WalletFacts) -> dict[str, Any]:
    return {
        "formatVersion": 1,
        "passTypeIdentifier": signer.pass_type,
        "teamIdentifier": signer.team,
        "serialNumber": facts.serial,
        "organizationName": facts.merchant_name,
        "description": facts.event_title,
        "logoText": facts.merchant_name,
        "relevantDate": facts.starts_at.isoformat(timespec="seconds"),
        "expirationDate": facts.expires_at.isoformat(timespec="seconds"),
        "backgroundColor": "rgb(255, 253, 248)",
        "foregroundColor": "rgb(27, 23, 18)",
        "labelColor": _rgb(facts.accent),
        "barcodes": [
            {"format": "PKBarcodeFormatQR", "message": facts.qr_text, "messageEncoding": "iso-8859-1"}
        ],
        "eventTicket": _fields(facts),
    }


def _fields(facts: WalletFacts) -> dict[str, Any]:
    when = {
        **_field("when", facts, facts.starts_at.isoformat(timespec="seconds")),
        "dateStyle": "PKDateStyleMedium",
        "timeStyle": "PKDateStyleShort",
        "ignoresTimeZone": True,
    }
    return {
        "primaryFields": [_field("event", facts, facts.event_title)],
        "secondaryFields": [when, *([_field("venue", facts, facts.venue)] if facts.venue else [])],
        "auxiliaryFields": [
            _field("holder", facts, facts.holder_name),
            *([_field("title", facts, facts.title)] if facts.title else []),
        ],
        "backFields": [_field("code", facts, facts.code)],
    }


def _field(key: str, facts: WalletFacts, value: str) -> dict[str, Any]:
    return {"key": key, "label": _LABELS[key].in_(facts.locale), "value": value}


def _pictures(facts: WalletFacts) -> dict[str, bytes]:
    scales = {"": 1, "@2x": 2, "@3x": 3}
    icons = {
        f"icon{name}.png": icon_png(facts.logo, facts.accent, ICON_SIZE * scale)
        for name, scale in scales.items()
    }
    logos = {f"logo{name}.png": logo_png(facts.logo, scale) for name, scale in scales.items()}
    return icons | {name: logo for name, logo in logos.items() if logo is not None}


def _archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return buffer.getvalue()


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()


def _rgb(accent: str) -> str:
    red, green, blue = (int(accent[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"
