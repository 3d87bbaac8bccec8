"""What this module refuses."""

from pesan.errors import Forbidden, NotFound, PesanError
from pesan.kit.i18n import Text


class OrderNotFound(NotFound):
    """No order has this code or id, or it is not yours; the answer is the same."""

    code = "orders.not_found"
    message = Text(
        id="Pesanan tidak ditemukan. Periksa lagi kodenya.", en="Booking not found. Please check the code."
    )


class NotYourOrder(Forbidden):
    """The order's code was not shown, or the order is another merchant's."""

    code = "orders.not_yours"
    message = Text(id="Pesanan ini bukan milikmu.", en="This booking is not yours.")


class SaleClosed(PesanError):
    """The event does not take orders now; `reason` says why."""

    code = "sale.closed"
    status = 409
    message = Text(
        id="Penjualan untuk acara ini sedang tidak dibuka.", en="This event is not taking bookings now."
    )


class GuardianNeeded(PesanError):
    """The event is for people under 18, and no parent or guardian consents."""

    code = "orders.guardian_needed"
    status = 422
    message = Text(
        id="Acara ini untuk anak di bawah 18 tahun. Tulis nama orang tua atau wali, dan centang persetujuannya.",
        en="This event is for people under 18. Write the name of a parent or guardian, and tick their consent.",
    )


class ReviewBacklog(PesanError):
    """More places wait for a reviewer than the organizer allows."""

    code = "sale.review_backlog"
    status = 409
    message = Text(
        id="Panitia masih memeriksa banyak pembayaran. Coba lagi beberapa menit lagi.",
        en="The organizer is still checking many payments. Please try again in a few minutes.",
    )


class TooManyHolds(PesanError):
    """This buyer has as many open bookings for the event as one buyer may."""

    code = "orders.too_many_holds"
    status = 429
    message = Text(
        id="Kamu sudah punya {limit} pesanan yang belum selesai untuk acara ini. Selesaikan atau batalkan dulu.",
        en="You already have {limit} unfinished bookings for this event. Finish or cancel one first.",
    )


class TicketTypeNeeded(PesanError):
    """The event sells ticket types, and the order names none."""

    code = "orders.ticket_type_needed"
    status = 422
    message = Text(id="Pilih jenis tiketnya dulu.", en="Choose a ticket type first.")


class SeatsNeeded(PesanError):
    """A seated ticket type takes exactly one seat for each ticket, and another type takes none."""

    code = "orders.seats_needed"
    status = 422
    message = Text(
        id="Pilih satu kursi untuk setiap tiket berkursi.", en="Choose one seat for each seated ticket."
    )


class SlotNeeded(PesanError):
    """A booth is booked for one time, and nothing else is."""

    code = "orders.slot_needed"
    status = 422
    message = Text(id="Pilih waktunya dulu.", en="Choose a time first.")


class SlotOver(PesanError):
    """The time that was booked is over, so accepting its payment would buy nothing."""

    code = "orders.slot_over"
    status = 409
    message = Text(
        id="Waktu yang dipesan sudah lewat. Tolak buktinya, lalu tawarkan waktu lain atau kembalikan uangnya.",
        en="The time that was booked is over. Reject the proof, then offer another time or send the money back.",
    )


class QuantityNotAllowed(PesanError):
    """More places than one order may have."""

    code = "orders.quantity_not_allowed"
    status = 422
    message = Text(
        id="Satu pesanan paling banyak {limit} tempat.", en="One booking may have at most {limit} places."
    )


class HoldExpired(PesanError):
    """The hold's time is over; the database's clock decides."""

    code = "orders.hold_expired"
    status = 409
    message = Text(
        id="Waktu menahan tempat sudah habis. Silakan pesan lagi.",
        en="The time to hold your place is over. Please book again.",
    )


class HoldNotOver(PesanError):
    """A hold that still runs, or has a payment open, does not expire."""

    code = "orders.hold_not_over"
    status = 409
    message = Text(id="Waktu menahan tempat belum habis.", en="The hold is not over yet.")


class WrongState(PesanError):
    """The order has moved on, and this is not possible any more; `extra.state` says where it stands."""

    code = "orders.wrong_state"
    status = 409
    message = Text(
        id="Pesanan ini sudah berubah menjadi “{state}”. Muat ulang halaman.",
        en="This booking has changed to “{state}”. Please reload the page.",
    )


class AlreadyDecided(WrongState):
    """Another reviewer was first."""

    code = "orders.already_decided"
    message = Text(
        id="Pesanan ini sudah diputuskan oleh petugas lain ({state}).",
        en="Another reviewer has already decided this booking ({state}).",
    )


class BalanceDue(PesanError):
    """The rest of the order's money has not come, so nothing is handed over."""

    code = "orders.balance_due"
    status = 409
    message = Text(
        id="Pesanan ini belum lunas: masih ada {amount}. Terima pelunasannya dulu.",
        en="This order is not paid in full: {amount} is still due. Take the balance first.",
    )


class BalanceSettled(WrongState):
    """Nothing is left to pay."""

    code = "orders.balance_settled"
    message = Text(id="Pesanan ini sudah lunas.", en="This order is paid in full.")


class BalanceChanged(WrongState):
    """Another balance is due by now than the one that was to be paid."""

    code = "orders.balance_changed"
    message = Text(
        id="Sisa tagihannya sudah berubah. Muat ulang halaman.",
        en="The balance has changed. Please reload the page.",
    )


class BalanceProofWaiting(WrongState):
    """A proof of the balance waits for somebody to look at it already."""

    code = "orders.balance_proof_waiting"
    message = Text(id="Bukti pelunasanmu sedang diperiksa.", en="Your proof of the balance is being checked.")


class ReasonMissing(PesanError):
    """What takes something from a buyer needs a reason that they can understand."""

    code = "orders.reason_missing"
    status = 422
    message = Text(id="Tulis alasannya.", en="Write the reason.")
