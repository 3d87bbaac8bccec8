"""Tickets for wallets, checked by other means than those that made them: raw RSA for Google, openssl for Apple."""

import base64
import io
import json
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
from PIL import Image

from pesan.kit.times import in_zone
from pesan.settings import Settings
from pesan.tickets.wallets import (
    AppleSigner,
    GoogleSigner,
    WalletFacts,
    Wallets,
    WalletUnusable,
    make_pkpass,
    open_wallets,
    save_link,
)
from pesan.tickets.wallets.apple import manifest_of
from pesan.tickets.wallets.google import MOST_CHARACTERS, SAVE_URL
from tests.tickets.makers import make_key, make_qr, unb64
from tests.tickets.wallet_keys import (
    EMAIL,
    ISSUER,
    PASSWORD,
    make_chain,
    new_key,
    write_apple,
    write_google,
)

STARTS = in_zone(datetime(2026, 12, 5, 12, 0, tzinfo=UTC), "Asia/Jakarta")
FACTS = WalletFacts(
    ticket_id=UUID(int=7),
    version=2,
    event_id=UUID(int=8),
    code="0123456789ABCDEFGHJKMNPQRS",
    qr_text=make_qr(make_key()[0]),
    holder_name="Sari Wulandari",
    event_title="Pentas Contoh",
    title="Tribun · A 1 12",
    merchant_name="Toko Contoh",
    accent="#7a4a21",
    starts_at=STARTS,
    expires_at=STARTS + timedelta(hours=9),
    issued_at=datetime(2026, 1, 1, tzinfo=UTC),
    venue="Gedung Contoh",
    address="Jl. Contoh 1, Jakarta",
)
LONG = replace(FACTS, event_title="😀" * 120, holder_name="Ж" * 100, merchant_name="Ж" * 120)
# protocols.md §7.10: what is signed for these claims.
CLAIMS = {
    "iss": "wallet-signer@contoh-proj.iam.gserviceaccount.com",
    "aud": "google",
    "typ": "savetowallet",
    "iat": 1767225600,
    "origins": ["https://toko.example"],
    "payload": {"eventTicketObjects": [{"id": "3388000000000000001.TIKET-0001"}]},
}
SIGNING_INPUT = (
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJ3YWxsZXQtc2lnbmVyQGNvbnRvaC1wcm9qLmlhbS5nc2VydmljZWFjY291bnQu"
    "Y29tIiwiYXVkIjoiZ29vZ2xlIiwidHlwIjoic2F2ZXRvd2FsbGV0IiwiaWF0IjoxNzY3MjI1NjAwLCJvcmlnaW5zIjpbImh0dHBzOi8vdG9rby"
    "5leGFtcGxlIl0sInBheWxvYWQiOnsiZXZlbnRUaWNrZXRPYmplY3RzIjpbeyJpZCI6IjMzODgwMDAwMDAwMDAwMDAwMDEuVElLRVQtMDAwMSJ9"
    "XX19"
)


def settings_of(**given: Any) -> Settings:
    return Settings(secret_key="s" * 40, **given)


@pytest.fixture
def google(tmp_path: Path) -> GoogleSigner:
    signer = open_wallets(settings_of(**write_google(tmp_path))).google
    assert signer is not None
    return signer


@pytest.fixture
def apple(tmp_path: Path) -> AppleSigner:
    signer = open_wallets(settings_of(**write_apple(tmp_path))).apple
    assert signer is not None
    return signer


def opened(link: str) -> dict[str, Any]:
    """The claims of a save link whose signature holds, by RSA itself."""
    signed, _, signature = link.removeprefix(SAVE_URL).rpartition(".")
    new_key().public_key().verify(unb64(signature), signed.encode(), PKCS1v15(), SHA256())
    header, payload = (json.loads(unb64(part)) for part in signed.split("."))
    assert header == {"alg": "RS256", "typ": "JWT"}
    return dict(payload)


def test_google_signs_what_the_vector_says(google: GoogleSigner):
    signed, _, signature = google.sign(CLAIMS).rpartition(".")

    assert signed == SIGNING_INPUT
    new_key().public_key().verify(unb64(signature), signed.encode(), PKCS1v15(), SHA256())


def test_google_link_holds_the_ticket(google: GoogleSigner):
    link = save_link(google, FACTS, origin="https://toko.example")
    said = {"language": "id", "value": "Pentas Contoh"}

    claims = opened(link)

    assert len(link) - len(SAVE_URL) <= MOST_CHARACTERS
    assert {name: claims[name] for name in ("iss", "aud", "typ", "iat", "origins")} == {
        "iss": EMAIL,
        "aud": "google",
        "typ": "savetowallet",
        "iat": 1767225600,
        "origins": ["https://toko.example"],
    }
    (event,), (ticket,) = claims["payload"]["eventTicketClasses"], claims["payload"]["eventTicketObjects"]
    assert event == {
        "id": f"{ISSUER}.{UUID(int=8).hex}",
        "issuerName": "Toko Contoh",
        "reviewStatus": "UNDER_REVIEW",
        "eventName": {"defaultValue": said},
        "venue": {
            "name": {"defaultValue": {"language": "id", "value": "Gedung Contoh"}},
            "address": {"defaultValue": {"language": "id", "value": "Jl. Contoh 1, Jakarta"}},
        },
        "dateTime": {"start": "2026-12-05T19:00:00+07:00"},
    }
    assert ticket == {
        "id": f"{ISSUER}.{UUID(int=7).hex}-2",
        "classId": event["id"],
        "state": "ACTIVE",
        "barcode": {"type": "QR_CODE", "value": FACTS.qr_text},
        "ticketHolderName": "Sari Wulandari",
        "ticketNumber": FACTS.code,
    }


def test_google_link_that_would_be_cut_says_less(google: GoogleSigner):
    link = save_link(google, LONG, origin="https://toko.example")

    claims = opened(link)

    assert len(link) - len(SAVE_URL) <= MOST_CHARACTERS
    assert "venue" not in claims["payload"]["eventTicketClasses"][0]
    assert claims["payload"]["eventTicketObjects"][0]["barcode"]["value"] == FACTS.qr_text


def unpack(pkpass: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pkpass)) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        return {name: archive.read(name) for name in archive.namelist()}


def png(size: int, colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_manifest_is_that_of_the_vector():
    files = {"pass.json": b'{"formatVersion":1}', "icon.png": b"PNGDATA"}

    assert manifest_of(files) == {
        "pass.json": "24fc6eeef670572f5480d8dbc705e3ac6612061a",
        "icon.png": "11ab96b2f4a4288197b05c308989e55638c14061",
    }


@pytest.mark.parametrize("logo", [None, b"no picture", png(300)])
def test_pass_is_complete_and_its_signature_is_accepted_by_openssl(
    apple: AppleSigner, tmp_path: Path, logo: bytes | None
):
    files = unpack(make_pkpass(apple, replace(FACTS, logo=logo)))
    chain = make_chain()
    for name in ("manifest.json", "signature"):
        (tmp_path / name).write_bytes(files[name])
    (tmp_path / "root.pem").write_bytes(chain.root.public_bytes(Encoding.PEM))

    command = "openssl smime -verify -inform DER -in signature -content manifest.json -binary -purpose any"
    checked = subprocess.run(
        [*command.split(), "-CAfile", "root.pem"], cwd=tmp_path, capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout) == (0, files["manifest.json"]), checked.stderr
    listed = json.loads(files["manifest.json"])
    assert listed == {
        name: sha1(content).hexdigest()
        for name, content in files.items()
        if name not in {"manifest.json", "signature"}
    }
    has_logo = logo is not None and logo.startswith(b"\x89PNG")
    assert {"pass.json", "icon.png", "icon@2x.png", "icon@3x.png"} <= set(listed)
    assert ("logo.png" in listed) is has_logo
    assert [Image.open(io.BytesIO(files[f"icon{scale}.png"])).size for scale in ("", "@2x", "@3x")] == [
        (29, 29),
        (58, 58),
        (87, 87),
    ]
    assert set(load_der_pkcs7_certificates(files["signature"])) == {chain.certificate, chain.wwdr}


def test_pass_says_what_the_ticket_is(apple: AppleSigner):
    told = json.loads(unpack(make_pkpass(apple, FACTS))["pass.json"])

    ticket = told.pop("eventTicket")
    assert {name: told[name] for name in ("passTypeIdentifier", "teamIdentifier", "serialNumber")} == {
        "passTypeIdentifier": "pass.example.tiket",
        "teamIdentifier": "ABCDE12345",
        "serialNumber": f"{UUID(int=7).hex}-2",
    }
    assert (told["formatVersion"], told["organizationName"], told["relevantDate"]) == (
        1,
        "Toko Contoh",
        "2026-12-05T19:00:00+07:00",
    )
    assert told["barcodes"] == [
        {"format": "PKBarcodeFormatQR", "message": FACTS.qr_text, "messageEncoding": "iso-8859-1"}
    ]
    assert told["labelColor"] == "rgb(122, 74, 33)"
    fields = [field for group in ticket.values() for field in group]
    assert {field["key"]: field["value"] for field in fields} == {
        "event": "Pentas Contoh",
        "when": "2026-12-05T19:00:00+07:00",
        "venue": "Gedung Contoh",
        "holder": "Sari Wulandari",
        "title": "Tribun · A 1 12",
        "code": FACTS.code,
    }


def test_locked_key_opens_with_its_password(tmp_path: Path):
    files = write_apple(tmp_path, password=PASSWORD)

    assert open_wallets(settings_of(**files, apple_pass_key_password=PASSWORD)).apple
    with pytest.raises(WalletUnusable):
        open_wallets(settings_of(**files))


def test_nothing_configured_is_no_wallet_at_all():
    assert open_wallets(settings_of()) == Wallets(None, None)


@pytest.mark.parametrize("missing", ["google_wallet_issuer_id", "google_wallet_key_file", "apple_wwdr_file"])
def test_wallet_by_halves_keeps_the_instance_from_starting(tmp_path: Path, missing: str):
    given = {**write_google(tmp_path), **write_apple(tmp_path)}
    del given[missing]

    with pytest.raises(WalletUnusable, match="belong together"):
        open_wallets(settings_of(**given))


def test_file_that_is_something_else_is_named(tmp_path: Path):
    google, apple = write_google(tmp_path), write_apple(tmp_path)
    other = tmp_path / "other"
    other.write_bytes(base64.b64encode(b"nothing"))

    with pytest.raises(WalletUnusable, match="GOOGLE_WALLET_KEY_FILE"):
        open_wallets(settings_of(**{**google, "google_wallet_key_file": str(other)}))
    with pytest.raises(WalletUnusable, match="Apple pass"):
        open_wallets(settings_of(**{**apple, "apple_wwdr_file": str(other)}))
