"""Google Wallet: a link that saves the ticket, signed by the merchant's service account (protocols.md §7.10)."""

import json
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.jwk import RSAKey

from pesan.kit.i18n import Locale
from pesan.tickets.wallets.facts import WalletFacts

SAVE_URL = "https://pay.google.com/gp/v/save/"
MOST_CHARACTERS = 1_800
"""Longer links are cut by browsers on the way; a link that would be leaves out what the ticket's page tells."""
_ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True)
class GoogleSigner:
    """An issuer account and the service account that signs for it."""

    issuer_id: str
    email: str
    key: RSAKey

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a compact JWT."""
        header = {"alg": _ALGORITHM, "typ": "JWT"}
        payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
        return jws.serialize_compact(header, payload, self.key, algorithms=[_ALGORITHM])


def save_link(signer: GoogleSigner, facts: WalletFacts, *, origin: str) -> str:
    """The address that saves the ticket; its object is created by opening it."""
    full = signer.sign(_claims(signer, facts, origin, is_lean=False))
    if len(full) <= MOST_CHARACTERS:
        return SAVE_URL + full
    return SAVE_URL + signer.sign(_claims(signer, facts, origin, is_lean=True))


def _claims(signer: GoogleSigner, facts: WalletFacts, origin: str, *, is_lean: bool) -> dict[str, Any]:
    return {
        "iss": signer.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(facts.issued_at.timestamp()),
        "origins": [origin],
        "payload": {
            "eventTicketClasses": [_class(signer, facts, is_lean=is_lean)],
            "eventTicketObjects": [_object(signer, facts, is_lean=is_lean)],
        },
    }


def _class(signer: GoogleSigner, facts: WalletFacts, *, is_lean: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": _class_id(signer, facts),
        "issuerName": _cut(facts.merchant_name, 60) if is_lean else facts.merchant_name,
        "reviewStatus": "UNDER_REVIEW",
        "eventName": _said(facts.locale, _cut(facts.event_title, 120) if is_lean else facts.event_title),
        "dateTime": {"start": facts.starts_at.isoformat(timespec="seconds")},
    }
    if facts.venue and facts.address and not is_lean:
        told["venue"] = {
            "name": _said(facts.locale, facts.venue),
            "address": _said(facts.locale, facts.address),
        }
    return told


def _object(signer: GoogleSigner, facts: WalletFacts, *, is_lean: bool) -> dict[str, Any]:
    told = {
        "id": f"{signer.issuer_id}.{facts.serial}",
        "classId": _class_id(signer, facts),
        "state": "ACTIVE",
        "barcode": {"type": "QR_CODE", "value": facts.qr_text},
        "ticketNumber": facts.code,
    }
    return told if is_lean else {**told, "ticketHolderName": facts.holder_name}


def _class_id(signer: GoogleSigner, facts: WalletFacts) -> str:
    return f"{signer.issuer_id}.{facts.event_id.hex}"


def _cut(value: str, size: int) -> str:
    """As much of a text as fits into `size` bytes of UTF-8, whole letters only."""
    return value.encode()[:size].decode(errors="ignore")


def _said(locale: Locale, value: str) -> dict[str, Any]:
    return {"defaultValue": {"language": locale, "value": value}}
