"""The reasons a proof is turned down for, worded for the buyer who will read them."""

from collections.abc import Mapping
from typing import Any

from pesan.kit.i18n import Locale, Text

MAX_LENGTH = 200

OF_BALANCE = "balance"
"""What a form says that is about the balance; a page that was open since before never means it."""
PRESETS: dict[str, Text] = {
    "amount": Text(
        id="Nominal transfer tidak sama dengan yang diminta.",
        en="The amount transferred differs from the amount asked.",
    ),
    "not_received": Text(
        id="Transfer belum kami terima di rekening ini.", en="The transfer has not arrived in this account."
    ),
    "unreadable": Text(
        id="Bukti tidak terbaca. Kirim gambar yang utuh dan jelas.",
        en="The proof cannot be read. Send a whole and sharp picture.",
    ),
    "reused": Text(
        id="Bukti ini sudah dipakai untuk pesanan lain.",
        en="This proof was already used for another booking.",
    ),
    "not_proof": Text(id="Berkas ini bukan bukti pembayaran.", en="This file is not a proof of payment."),
}


def read_note(form: Mapping[str, Any]) -> str:
    """What a person wrote to explain what they do, on one line; empty when they wrote nothing."""
    return " ".join(str(form.get("reason", "")).split())[:MAX_LENGTH]


def read_reason(form: Mapping[str, Any], locale: Locale) -> str | None:
    """The reason in the buyer's language: a preset, free text, or both; None when neither was given."""
    preset = PRESETS.get(str(form.get("preset", "")))
    typed = read_note(form)
    parts = [preset.in_(locale)] if preset else []
    return " ".join([*parts, typed] if typed else parts) or None
