"""What this module refuses."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class EventNotFound(NotFound):
    """There is no such event, or it is still a draft."""

    code = "catalog.event_not_found"
    message = Text(id="Acara ini tidak ditemukan.", en="This event was not found.")


class TicketTypeNotFound(NotFound):
    """The event sells no such ticket type, or it is hidden and its access code was not given."""

    code = "catalog.ticket_type_not_found"
    message = Text(id="Jenis tiket ini tidak ditemukan.", en="This ticket type was not found.")


class SeatNotFound(NotFound):
    """The event has no such seat, or it is of another ticket type."""

    code = "catalog.seat_not_found"
    message = Text(id="Kursi ini tidak ditemukan.", en="This seat was not found.")


class SlotNotFound(NotFound):
    """The outlet has no such time."""

    code = "catalog.slot_not_found"
    message = Text(
        id="Waktu ini tidak bisa dipesan. Pilih waktu lain.",
        en="This time cannot be booked. Choose another one.",
    )


class PromoNotValid(PesanError):
    """The promo code is unknown, over, or does not fit what was chosen; which of these is not told."""

    code = "promo.not_valid"
    status = 422
    message = Text(
        id="Kode promo ini tidak berlaku untuk pesananmu.", en="This promo code does not apply to your order."
    )


class PromoTaken(PesanError):
    """The event has an active promo code of this name."""

    code = "promo.taken"
    status = 409
    message = Text(
        id="Kode promo {code} sudah ada untuk acara ini. Pakai kode lain.",
        en="This event already has the promo code {code}. Use another one.",
    )


class SeatsTwice(PesanError):
    """A seat of this section, row and number is there already."""

    code = "catalog.seats_twice"
    status = 409
    message = Text(
        id="Ada kursi dengan bagian, baris dan nomor yang sama. Tidak ada kursi yang ditambahkan.",
        en="There is a seat of the same section, row and number. No seats were added.",
    )


class InvalidPeriod(PesanError):
    """An event must end after it starts, and its sale close after it opens."""

    code = "catalog.invalid_period"
    status = 422
    message = Text(id="Waktu selesai harus sesudah waktu mulai.", en="The end must come after the start.")
