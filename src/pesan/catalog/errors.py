"""What this module refuses."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class EventNotFound(NotFound):
    """There is no such event, or it is still a draft."""

    code = "catalog.event_not_found"
    message = Text(id="Acara ini tidak ditemukan.", en="This event was not found.")


class InvalidPeriod(PesanError):
    """An event must end after it starts, and its sale close after it opens."""

    code = "catalog.invalid_period"
    status = 422
    message = Text(id="Waktu selesai harus sesudah waktu mulai.", en="The end must come after the start.")
