"""What this module refuses (protocols §7.1)."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class KeyInFlight(PesanError):
    """The first request with this key is still running."""

    code = "idempotency.in_flight"
    status = 409
    message = Text(
        id="Permintaan yang sama masih diproses. Tunggu sebentar.",
        en="The same request is still being processed. Please wait a moment.",
    )

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class KeyReused(PesanError):
    """The key was used for a request with another body."""

    code = "idempotency.key_reused"
    status = 422
    message = Text(
        id="Idempotency-Key ini sudah dipakai untuk permintaan lain.",
        en="This Idempotency-Key was used for a different request.",
    )


class KeyInvalid(PesanError):
    """A key is 1 to 255 printable ASCII characters; an anonymous caller's without a guest cookie is a UUID."""

    code = "idempotency.key_invalid"
    status = 400
    message = Text(
        id="Idempotency-Key tidak sah; pakai UUID.", en="The Idempotency-Key is not valid; use a UUID."
    )
