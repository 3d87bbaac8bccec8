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
