"""What this module refuses."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class CertificateNotReady(PesanError):
    """A certificate says that somebody was there, so there is none before the event is over."""

    code = "checkout.certificate_not_ready"
    status = 409
    message = Text(
        id="Sertifikatnya bisa diambil setelah acara selesai.",
        en="The certificate can be fetched once the event is over.",
    )
