"""What this module refuses."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class TicketNotFound(NotFound):
    """No ticket has this id or code, or it is not yours; the answer is the same."""

    code = "tickets.not_found"
    message = Text(
        id="Tiket tidak ditemukan. Kalau sudah diserahkan, pemegang barunya punya tautan yang baru.",
        en="Ticket not found. If it was handed on, its new holder has a new link.",
    )


class HandingOnOff(PesanError):
    """The organizer wants the tickets of this event to stay with whoever they were made out to."""

    code = "tickets.handing_on_off"
    status = 409
    message = Text(
        id="Penyelenggara tidak mengizinkan tiket acara ini diserahkan kepada orang lain.",
        en="The organizer does not let tickets of this event be handed on.",
    )


class HandingOnOver(PesanError):
    """The ticket was used or is void, or its event began or was cancelled."""

    code = "tickets.handing_on_over"
    status = 409
    message = Text(
        id="Tiket ini sudah tidak bisa diserahkan: sudah dipakai, batal, atau acaranya sudah mulai.",
        en="This ticket can no longer be handed on: it was used or is void, or its event has begun.",
    )


class TicketChanged(PesanError):
    """The ticket is not the version that the wish was about: somebody handed it on first, or its event moved."""

    code = "tickets.changed"
    status = 409
    message = Text(
        id="Tiket ini baru saja berubah. Lihat keadaannya sekarang sebelum menyerahkannya.",
        en="This ticket has just changed. Look at how it stands now before handing it on.",
    )


class TicketHandedOn(PesanError):
    """The ticket is not its buyer's any more; from now on the merchant's staff hand it on."""

    code = "tickets.handed_on"
    status = 409
    message = Text(
        id="Tiket ini sudah menjadi milik pemegang barunya. Hanya penyelenggara yang bisa memindahkannya lagi.",
        en="This ticket is its new holder's now. Only the organizer can hand it on again.",
    )


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
