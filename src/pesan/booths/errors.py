"""What the booth desk refuses."""

from pesan.errors import Forbidden, NotFound, PesanError
from pesan.kit.i18n import Text


class OutletNotFound(NotFound):
    """There is no such outlet, or it is not yours to see."""

    code = "booths.outlet_not_found"
    message = Text(id="Outlet ini tidak ditemukan.", en="This outlet was not found.")


class BoothNotFound(NotFound):
    """The outlet has no such booth."""

    code = "booths.booth_not_found"
    message = Text(id="Booth ini tidak ditemukan.", en="This booth was not found.")


class SessionNotFound(NotFound):
    """There is no such session, or it is not yours to see; the answer is the same."""

    code = "booths.session_not_found"
    message = Text(
        id="Sesi ini tidak ditemukan. Periksa lagi kodenya.",
        en="This session was not found. Please check the code.",
    )


class NotYourSession(Forbidden):
    """A booth's screen lets people arrive, starts and finishes; whatever else happens to a session, staff do."""

    code = "booths.session_not_yours"
    message = Text(id="Minta petugas melakukan ini.", en="Ask the staff to do this.")


class WrongBooth(PesanError):
    """The session was booked at another booth of the outlet."""

    code = "booths.wrong_booth"
    status = 409
    message = Text(
        id="Sesi ini di booth {booth}. Silakan ke sana.",
        en="This session is at booth {booth}. Please go there.",
    )


class NotPaidYet(PesanError):
    """The booking is not paid, or its session is about to be made."""

    code = "booths.not_paid_yet"
    status = 409
    message = Text(
        id="Pembayaran sesi ini belum selesai. Coba lagi setelah lunas.",
        en="This session is not paid yet. Please try again once it is.",
    )


class WrongState(PesanError):
    """The session has moved on, and this is not possible any more; `extra.state` says where it stands."""

    code = "booths.wrong_state"
    status = 409
    message = Text(
        id="Sesi ini sudah berstatus “{state}”. Muat ulang halaman.",
        en="This session is “{state}” already. Please reload the page.",
    )


class SessionExpired(WrongState):
    """The customer came later than the tolerance allows."""

    code = "booths.session_expired"
    message = Text(
        id="Sesi ini hangus karena lewat batas waktu datang. Hubungi petugas.",
        en="This session has expired, because its time to arrive is over. Please ask the staff.",
    )


class SessionRefunded(WrongState):
    """The booking's money went back, so its session does not come alive again."""

    code = "booths.session_refunded"
    message = Text(
        id="Dana pesanan ini sudah dikembalikan, jadi sesinya tidak bisa dijalankan.",
        en="The money of this booking was returned, so its session cannot go on.",
    )


class BoothBusy(PesanError):
    """Another session is running at the booth."""

    code = "booths.booth_busy"
    status = 409
    message = Text(
        id="Masih ada sesi lain yang berjalan di booth ini. Selesaikan dulu.",
        en="Another session is still running at this booth. Finish it first.",
    )


class TooEarly(PesanError):
    """Its own time has not come, and the booth is promised to somebody else until then; `extra.starts_at` says when."""

    code = "booths.too_early"
    status = 409
    message = Text(
        id="Belum waktunya: booth ini sudah dipesan pelanggan lain. Mulai lagi saat jam sesi ini tiba.",
        en="It is too early: somebody else has booked this booth. Start again when this session's time comes.",
    )


class NotDueYet(PesanError):
    """Nothing ends by itself before its time."""

    code = "booths.not_due_yet"
    status = 409
    message = Text(id="Waktu sesi ini belum habis.", en="The time of this session is not over yet.")


class OverrideNotAllowed(WrongState):
    """From where the session stands, nobody puts it there by hand."""

    code = "booths.override_not_allowed"
    message = Text(
        id="Sesi berstatus “{state}” tidak bisa diubah menjadi “{target}”.",
        en="A session that is “{state}” cannot be made “{target}”.",
    )


class NothingToUndo(WrongState):
    """The session was not overridden, or something followed since."""

    code = "booths.nothing_to_undo"
    message = Text(
        id="Tidak ada perubahan yang bisa dibatalkan, karena sesi ini sudah berlanjut ({state}).",
        en="There is no override to undo, because the session has moved on ({state}).",
    )


class NotReschedulable(PesanError):
    """Only a session whose customer is still expected gets another time."""

    code = "booths.not_reschedulable"
    status = 409
    message = Text(
        id="Waktu sesi ini tidak bisa diganti lagi.",
        en="The time of this session cannot be changed any more.",
    )


class NoFreeTime(PesanError):
    """Every booth that is asked for is taken for the next hours."""

    code = "booths.no_free_time"
    status = 409
    message = Text(
        id="Tidak ada waktu yang kosong dalam 24 jam ke depan. Coba outlet atau hari lain.",
        en="No time is free within the next 24 hours. Try another outlet or another day.",
    )


class BoothNameTaken(PesanError):
    """The outlet has a booth of this name."""

    code = "booths.name_taken"
    status = 409
    message = Text(
        id="Sudah ada booth dengan nama ini di outlet ini. Pakai nama lain.",
        en="This outlet has a booth of this name already. Use another one.",
    )


class TooManyBooths(PesanError):
    """An outlet has at most so many booths."""

    code = "booths.too_many"
    status = 409
    message = Text(id="Satu outlet paling banyak {most} booth.", en="An outlet has at most {most} booths.")


class OutletBusy(PesanError):
    """Bookings of the outlet are not over; it can be closed meanwhile."""

    code = "booths.outlet_busy"
    status = 409
    message = Text(
        id="Outlet ini masih punya {count} pesanan yang belum selesai. Tutup dulu, lalu arsipkan setelah selesai.",
        en="This outlet still has {count} bookings that are not over. Close it now, and archive it when they are.",
    )
