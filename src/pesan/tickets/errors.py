"""What this module refuses."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class TicketNotFound(NotFound):
    """No ticket has this id or code, or it is not yours; the answer is the same."""

    code = "tickets.not_found"
    message = Text(id="Tiket tidak ditemukan.", en="Ticket not found.")


class KeyMissing(PesanError):
    """The key that should sign is not there; a restore without its keys looks like this."""

    code = "tickets.key_missing"
    status = 503
    message = Text(
        id="Tiket belum bisa dibuat. Kami sudah diberi tahu, coba lagi sebentar lagi.",
        en="The ticket cannot be made yet. We have been told; please try again in a moment.",
    )


class KeySealed(PesanError):
    """The key does not open: it was sealed with another secret of the instance, or its row was tampered with."""

    code = "tickets.key_sealed"
    status = 503
    message = Text(
        id="Kunci tiket tidak bisa dibuka: PESAN_SECRET_KEY bukan yang dipakai menyegelnya. Hubungi pengelola situs.",
        en="A ticket key does not open: PESAN_SECRET_KEY is not the one that sealed it. Tell whoever runs this site.",
    )


class OldSecretWrong(PesanError):
    """Neither the old secret nor the new one opens a key."""

    code = "tickets.old_secret_wrong"
    status = 422
    message = Text(
        id="Rahasia lama tidak membuka kunci {kid}. Tidak ada yang diubah; periksa rahasianya.",
        en="The old secret does not open the key {kid}. Nothing was changed; check the secret.",
    )
