"""What gates and their devices are refused."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class DeviceRevoked(PesanError):
    """The device was revoked."""

    code = "gate.device_revoked"
    status = 401
    message = Text(
        id="Izin perangkat ini sudah dicabut. Minta penyelenggara memasangkannya lagi.",
        en="This device's permission was withdrawn. Ask the organizer to pair it again.",
    )


class GateShut(PesanError):
    """The device's gate is closed; once somebody opens it again, the device works on."""

    code = "gate.shut"
    status = 403
    message = Text(
        id="Gerbang ini sedang ditutup penyelenggara. Perangkat ini jalan lagi begitu gerbangnya dibuka lagi.",
        en="The organizer has closed this gate. This device works on as soon as the gate is opened again.",
    )


class DeviceOver(PesanError):
    """Its event is over for a while, or whoever paired it works for the event no more."""

    code = "gate.device_over"
    status = 403
    message = Text(
        id="Tugas perangkat ini selesai: acaranya sudah lewat, atau yang memasangkannya bukan tim acara ini lagi."
        " Minta penyelenggara memasangkannya lagi.",
        en="This device's work is done: its event is over, or whoever paired it is no longer on the event's team."
        " Ask the organizer to pair it again.",
    )


class PairingOver(NotFound):
    """The pairing code is wrong, used, too old, or another event's."""

    code = "gate.pairing_over"
    message = Text(
        id="Kode pemasangan ini tidak berlaku: salah, sudah dipakai, atau lewat waktunya. Minta kode baru.",
        en="This pairing code does not work: wrong, used already, or too old. Ask for a new one.",
    )


class DeviceKeyInvalid(PesanError):
    """The public key is not one of its kind."""

    code = "gate.device_key_invalid"
    status = 422
    message = Text(
        id="Kunci perangkat ini tidak terbaca. Muat ulang halaman gerbang lalu pasangkan lagi.",
        en="This device's key cannot be read. Reload the gate's page and pair again.",
    )


class RenewalRefused(PesanError):
    """The proof does not hold: another key, a time that is off, or one that was used before."""

    code = "gate.renewal_refused"
    status = 401
    message = Text(
        id="Perangkat ini tidak dapat membuktikan dirinya. Periksa jamnya, atau pasangkan lagi.",
        en="This device could not prove itself. Check its clock, or pair it again.",
    )


class GateNotFound(NotFound):
    """There is no such gate, or it is another event's."""

    code = "gate.not_found"
    message = Text(id="Gerbang ini tidak ada.", en="There is no such gate.")


class DeviceNotFound(NotFound):
    """There is no such device, or it is another event's."""

    code = "gate.device_not_found"
    message = Text(id="Perangkat ini tidak ada.", en="There is no such device.")


class GateNameTaken(PesanError):
    """The event has a gate of this name."""

    code = "gate.name_taken"
    status = 409
    message = Text(
        id="Acara ini sudah punya gerbang bernama itu. Pilih nama lain.",
        en="This event has a gate of that name. Choose another one.",
    )


class GateClosed(PesanError):
    """The gate takes no more devices."""

    code = "gate.closed"
    status = 409
    message = Text(
        id="Gerbang ini sudah ditutup. Buka lagi sebelum memasangkan perangkat.",
        en="This gate is closed. Open it again before you pair a device.",
    )


class TooManyGates(PesanError):
    """An event has all the gates that it may have."""

    code = "gate.too_many"
    status = 409
    message = Text(
        id="Paling banyak {most} gerbang untuk satu acara.", en="At most {most} gates for one event."
    )


class NothingToUndo(PesanError):
    """The scan let nobody in or out, or was undone already."""

    code = "gate.nothing_to_undo"
    status = 409
    message = Text(
        id="Pindaian ini tidak meloloskan siapa pun, atau sudah dibatalkan.",
        en="This scan let nobody through, or it was undone already.",
    )


class ScanReused(PesanError):
    """The nonce names another scan of this device: of another ticket, or the other way."""

    code = "gate.nonce_reused"
    status = 409
    message = Text(
        id="Nonce ini sudah dipakai untuk pindaian lain. Pindai lagi.",
        en="This nonce was used for another scan. Scan again.",
    )


class TicketMismatch(PesanError):
    """The code is another ticket's than the one that came named with it."""

    code = "gate.ticket_mismatch"
    status = 422
    message = Text(
        id="Kode ini milik tiket lain dari yang disebut. Kirim salah satunya saja.",
        en="This code is another ticket's than the one named. Send only one of them.",
    )


class ReasonMissing(PesanError):
    """Somebody was to be let in without a code, and nobody said why."""

    code = "gate.reason_missing"
    status = 422
    message = Text(
        id="Tulis alasannya, karena tiket ini diloloskan tanpa kode yang terbaca.",
        en="Say why: this ticket is let through without a code that was read.",
    )


class ConflictNotFound(NotFound):
    """There is no such conflict, or it is another event's."""

    code = "gate.conflict_not_found"
    message = Text(id="Bentrok ini tidak ada.", en="There is no such conflict.")


class ConflictSettled(PesanError):
    """Somebody else was first."""

    code = "gate.conflict_settled"
    status = 409
    message = Text(
        id="Bentrok ini sudah diselesaikan orang lain. Catatannya ada di bawah.",
        en="Somebody else settled this conflict already. Their note is below.",
    )


class ConflictGrown(PesanError):
    """Its scans are not those that somebody looked at."""

    code = "gate.conflict_grown"
    status = 409
    message = Text(
        id="Pindaian pada bentrok ini baru saja berubah. Lihat lagi, lalu selesaikan.",
        en="The scans of this conflict have just changed. Look again, then settle it.",
    )


class ConflictNoteMissing(PesanError):
    """Whoever reads it later has to understand it."""

    code = "gate.conflict_note_missing"
    status = 422
    message = Text(id="Tulis catatannya dulu.", en="Write the note first.")


class ScanNotFound(NotFound):
    """There is no such scan, or it is another event's."""

    code = "gate.scan_not_found"
    message = Text(id="Pindaian ini tidak ada.", en="There is no such scan.")


class UndoReasonMissing(PesanError):
    """A scan is taken back for a reason."""

    code = "gate.undo_reason_missing"
    status = 422
    message = Text(id="Tulis alasannya dulu.", en="Write the reason first.")
