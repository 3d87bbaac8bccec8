"""What the screens of booths are refused."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class ScreenRevoked(PesanError):
    """The booth's screen was revoked."""

    code = "booths.screen_revoked"
    status = 401
    message = Text(
        id="Izin layar ini sudah dicabut. Minta petugas memasangkannya lagi.",
        en="This screen's permission was withdrawn. Ask the staff to pair it again.",
    )


class ScreenOver(PesanError):
    """Whoever showed the code that it was paired by works for the outlet no more."""

    code = "booths.screen_over"
    status = 403
    message = Text(
        id="Yang memasangkan layar ini bukan tim outlet lagi. Minta petugas memasangkannya lagi.",
        en="Whoever paired this screen is no longer on the outlet's team. Ask the staff to pair it again.",
    )


class PairingOver(NotFound):
    """The pairing code is wrong, used, or too old."""

    code = "booths.pairing_over"
    message = Text(
        id="Kode pemasangan ini tidak berlaku: salah, sudah dipakai, atau lewat waktunya. Minta kode baru.",
        en="This pairing code does not work: wrong, used already, or too old. Ask for a new one.",
    )


class ScreenKeyInvalid(PesanError):
    """The public key is not one of its kind."""

    code = "booths.screen_key_invalid"
    status = 422
    message = Text(
        id="Kunci layar ini tidak terbaca. Muat ulang halaman booth lalu pasangkan lagi.",
        en="This screen's key cannot be read. Reload the booth's page and pair again.",
    )


class RenewalRefused(PesanError):
    """The proof does not hold: another key, a time that is off, or one that was used before."""

    code = "booths.renewal_refused"
    status = 401
    message = Text(
        id="Layar ini tidak dapat membuktikan dirinya. Periksa jamnya, atau pasangkan lagi.",
        en="This screen could not prove itself. Check its clock, or pair it again.",
    )


class ScreenNotFound(NotFound):
    """There is no such screen, or it is another outlet's."""

    code = "booths.screen_not_found"
    message = Text(id="Layar ini tidak ada.", en="There is no such screen.")
