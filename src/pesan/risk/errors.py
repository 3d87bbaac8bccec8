"""What risk refuses."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class ReviewNotFound(NotFound):
    """Nothing was found about that order."""

    code = "risk.review_not_found"
    message = Text(id="Pemeriksaan ini tidak ditemukan.", en="This check was not found.")


class ReviewSettled(PesanError):
    """Somebody else was first."""

    code = "risk.review_settled"
    status = 409
    message = Text(
        id="Pemeriksaan ini sudah ditutup. Muat ulang halamannya.",
        en="This check was closed already. Reload the page.",
    )


class NoteMissing(PesanError):
    """A verdict says what it rests on."""

    code = "risk.note_missing"
    status = 422
    message = Text(id="Pilih hasilnya dan tulis catatannya.", en="Choose the outcome and write a note.")


class EntryNotFound(NotFound):
    """No list of the merchant has it."""

    code = "risk.entry_not_found"
    message = Text(id="Isi daftar ini tidak ditemukan.", en="This entry was not found.")


class EntryKnown(PesanError):
    """It is on one of the lists already; it cannot be on both."""

    code = "risk.entry_known"
    status = 409
    message = Text(
        id="Ini sudah ada di salah satu daftar. Hapus dulu dari sana.",
        en="This is on one of the lists already. Remove it there first.",
    )


class EntryUnreadable(PesanError):
    """It is nothing that an order could be recognised by."""

    code = "risk.entry_unreadable"
    status = 422
    message = Text(
        id="Tulis satu e-mail, nomor WhatsApp, domain seperti @contoh.id, atau alamat IP (juga /24, /48 atau /64).",
        en="Write one e-mail, WhatsApp number, domain such as @example.com, or IP address (also /24, /48 or /64).",
    )


class EntryReasonMissing(PesanError):
    """Whoever reads the list later has to understand it."""

    code = "risk.reason_missing"
    status = 422
    message = Text(id="Tulis alasannya.", en="Write the reason.")


class ListFull(PesanError):
    """More entries than a list is for."""

    code = "risk.list_full"
    status = 409
    message = Text(
        id="Daftarnya penuh. Hapus isi lama dulu.", en="The lists are full. Remove old entries first."
    )


class RulesOutOfRange(PesanError):
    """A number that makes no rule."""

    code = "risk.rules_out_of_range"
    status = 422
    message = Text(
        id="Batasnya 2 sampai 1.000 pesanan, atau 0 untuk mematikan; waktunya 1 sampai 168 jam.",
        en="A limit is 2 to 1,000 bookings, or 0 to switch it off; the time is 1 to 168 hours.",
    )
