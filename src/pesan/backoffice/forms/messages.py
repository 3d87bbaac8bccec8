"""The mend for each way a field can be wrong."""

from collections.abc import Mapping
from typing import Any

from pesan.kit.i18n import Text

_FALLBACK = Text(id="Periksa isian ini.", en="Check this field.")

_MENDS = {
    "missing": Text(id="Isi bagian ini.", en="Fill this in."),
    "string_too_short": Text(
        id="Isi minimal {min_length} karakter.", en="Use at least {min_length} characters."
    ),
    "string_too_long": Text(
        id="Singkatkan, maksimal {max_length} karakter.", en="Use at most {max_length} characters."
    ),
    "int_parsing": Text(id="Tulis angka bulat, misalnya 100.", en="Write a whole number, such as 100."),
    "int_type": Text(id="Tulis angka bulat, misalnya 100.", en="Write a whole number, such as 100."),
    "greater_than_equal": Text(id="Isi minimal {ge}.", en="Use {ge} or more."),
    "less_than_equal": Text(id="Isi maksimal {le}.", en="Use {le} or less."),
    "enum": Text(id="Pilih salah satu.", en="Choose one."),
    "literal_error": Text(id="Pilih salah satu.", en="Choose one."),
    "rupiah": Text(
        id="Tulis harga dalam rupiah, misalnya 150.000. Isi 0 untuk gratis.",
        en="Write the price in rupiah, such as 150.000. Use 0 for free.",
    ),
    "local_time": Text(id="Pilih tanggal dan jam.", en="Choose a date and a time."),
    "datetime_type": Text(id="Pilih tanggal dan jam.", en="Choose a date and a time."),
    "ends_before_start": Text(id="Waktu selesai harus setelah mulai.", en="The end must be after the start."),
    "sale_closes_before_opening": Text(
        id="Penjualan harus ditutup setelah dibuka.", en="The sale must close after it opens."
    ),
    "gates_close_before_opening": Text(
        id="Gerbang harus ditutup setelah dibuka.", en="The gates must close after they open."
    ),
    "account_no": Text(id="Tulis nomor rekening, hanya angka.", en="Write the account number, digits only."),
    "colour": Text(id="Pilih warna, misalnya #5a36d6.", en="Choose a colour, such as #5a36d6."),
    "faint_colour": Text(
        id="Tulisan di atas warna ini sulit dibaca. Pilih yang lebih gelap atau lebih terang.",
        en="Text on this colour is hard to read. Choose a darker or a lighter one.",
    ),
    "promo_code": Text(
        id="Tulis 3 sampai 20 huruf dan angka, tanpa spasi.",
        en="Write 3 to 20 letters and digits, no spaces.",
    ),
    "no_events": Text(id="Centang minimal satu acara.", en="Tick at least one event."),
    "tags": Text(
        id="Paling banyak 8 tag, masing-masing sampai 30 huruf, dipisah koma.",
        en="At most 8 tags of up to 30 characters each, separated by commas.",
    ),
    "access_code": Text(
        id="Kode akses hanya untuk jenis yang tersembunyi.", en="An access code is for a hidden type only."
    ),
    "email": Text(
        id="Tulis alamat e-mail yang lengkap, misalnya nama@contoh.id.",
        en="Write a complete e-mail address, such as name@example.com.",
    ),
    "phone": Text(
        id="Tulis nomor WhatsApp, misalnya 0812 3456 7890.",
        en="Write a WhatsApp number, such as 0812 3456 7890.",
    ),
    "placeholder": Text(
        id="{found} tidak dikenal. Yang bisa dipakai di surat ini: {allowed}.",
        en="{found} is not known. This letter can use: {allowed}.",
    ),
    "reason": Text(id="Pilih atau tulis alasannya.", en="Choose or write the reason."),
}


def mend(kind: str, context: Mapping[str, Any]) -> Text:
    """The sentence for a Pydantic error type, with its limits filled in; or that of the check that failed."""
    cause = context.get("error")
    if isinstance(cause, ValueError) and cause.args and isinstance(cause.args[0], Text):
        return cause.args[0]
    text = _MENDS.get(kind, _FALLBACK)
    limits = {name: str(value) for name, value in context.items() if isinstance(value, (int, float, str))}
    return Text(id=text.in_("id", **limits), en=text.in_("en", **limits)) if limits else text
