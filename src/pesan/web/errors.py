"""What the edge refuses before any feature has seen the request."""

from pesan.errors import PesanError
from pesan.kit.i18n import Locale, Text

_QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
_LONG_WAIT = 100


class BadRequest(PesanError):
    """The request cannot be read: a broken header, path, encoding or JSON."""

    code = "http.bad_request"
    status = 400
    message = Text(
        id="Permintaan ini tidak terbaca. Muat ulang halaman lalu coba lagi.",
        en="This request cannot be read. Reload the page and try again.",
    )


class UnknownHost(PesanError):
    """The Host header names a site that this instance does not serve."""

    code = "http.unknown_host"
    status = 421
    message = Text(id="Alamat situs ini tidak dilayani di sini.", en="This site is not served here.")


class SignInNeeded(PesanError):
    """The session is missing, over or revoked."""

    code = "auth.required"
    status = 401
    message = Text(id="Masuk dulu untuk melanjutkan.", en="Sign in to continue.")


class FactorNeeded(PesanError):
    """The merchant admits whoever signed in with a second factor."""

    code = "auth.second_factor_required"
    status = 403
    message = Text(
        id="Penyelenggara ini mewajibkan langkah kedua saat masuk. Aktifkan di akunmu, lalu masuk lagi.",
        en="This organizer asks for a second step at sign-in. Turn it on in your account, then sign in again.",
    )


class DeviceTokenInvalid(PesanError):
    """The token of a device at a gate is missing, forged or over."""

    code = "gate.token_invalid"
    status = 401
    message = Text(
        id="Perangkat ini perlu memperbarui izinnya. Sambungkan ke internet, atau pasangkan lagi.",
        en="This device must renew its permission. Connect it to the internet, or pair it again.",
    )


class BoothTokenInvalid(PesanError):
    """The token of a booth's screen is missing, forged or over."""

    code = "booths.token_invalid"
    status = 401
    message = Text(
        id="Layar booth ini perlu memperbarui izinnya. Sambungkan ke internet, atau pasangkan lagi.",
        en="This booth's screen must renew its permission. Connect it to the internet, or pair it again.",
    )


class CrossSite(PesanError):
    """A browser sent this on behalf of another site."""

    code = "http.cross_site"
    status = 403
    message = Text(
        id="Permintaan ini datang dari situs lain dan ditolak. Buka halamannya di sini lalu coba lagi.",
        en="This request came from another site and was refused. Open the page here and try again.",
    )


class StaleForm(PesanError):
    """The form's token is missing, forged, or belongs to another visitor."""

    code = "http.stale_form"
    status = 403
    message = Text(
        id="Formulir ini sudah kedaluwarsa. Muat ulang halaman lalu kirim lagi.",
        en="This form is out of date. Reload the page and send it again.",
    )


class MethodNotAllowed(PesanError):
    """This address exists, but not for this method."""

    code = "http.method_not_allowed"
    status = 405
    message = Text(id="Cara akses ini tidak tersedia di sini.", en="This method is not available here.")


class BodyTooSlow(PesanError):
    """The body did not arrive in time."""

    code = "http.body_too_slow"
    status = 408
    message = Text(
        id="Kiriman terlalu lama sampai. Periksa sambunganmu lalu coba lagi.",
        en="The upload took too long. Check your connection and try again.",
    )


class BodyTooLarge(PesanError):
    """The body is larger than this instance takes."""

    code = "http.body_too_large"
    status = 413
    message = Text(
        id="Kiriman terlalu besar. Kirim yang lebih kecil.", en="That is too large. Send something smaller."
    )


class UnsupportedMedia(PesanError):
    """The body's Content-Type is not one that this address takes."""

    code = "http.unsupported_media_type"
    status = 415
    message = Text(
        id="Jenis isi kiriman ini tidak diterima di sini. Kirim sebagai JSON.",
        en="This kind of body is not accepted here. Send JSON.",
    )


class UnusableText(PesanError):
    """A text holds characters that cannot be stored, such as NUL."""

    code = "http.unusable_text"
    status = 422
    message = Text(
        id="Ada karakter yang tidak bisa disimpan. Hapus lalu coba lagi.",
        en="Some characters cannot be stored. Remove them and try again.",
    )


class ValidationFailed(PesanError):
    """Fields break their rules; `errors` name them."""

    code = "validation"
    status = 422
    message = Text(id="Ada isian yang perlu diperbaiki.", en="Some fields need mending.")


class TooManyRequests(PesanError):
    """A quota is used up; `retry_after` is in seconds."""

    code = "http.too_many_requests"
    status = 429
    message = Text(id="Terlalu sering. Coba lagi {wait} lagi.", en="That was too often. Try again in {wait}.")

    def __init__(self, policy: str, retry_after: int) -> None:
        super().__init__(
            extra={"type": _QUOTA_EXCEEDED, "violated-policies": [policy]}, retry_after=retry_after
        )
        self._wait = retry_after

    def text(self, locale: Locale) -> str:
        """How long to wait, in words."""
        return self.message.in_(locale, wait=_in_words(self._wait, locale))


def _in_words(seconds: int, locale: Locale) -> str:
    is_short = seconds < _LONG_WAIT
    amount = seconds if is_short else -(-seconds // 60)
    if locale == "id":
        return f"{amount} {'detik' if is_short else 'menit'}"
    unit = "second" if is_short else "minute"
    return f"{amount} {unit}{'' if amount == 1 else 's'}"
