"""What outgoing webhooks refuse."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class EndpointInvalid(PesanError):
    """An address that cannot be told anything, or nothing chosen to tell it."""

    code = "hooks.endpoint_invalid"
    status = 422
    message = Text(
        id="Tulis alamat https yang bisa dibuka dari internet, tanpa nama pengguna, dan pilih sedikitnya satu kabar.",
        en="Write an https address that is reachable from the internet, without a user name, and choose some news.",
    )


class TooManyEndpoints(PesanError):
    """A merchant has all the endpoints that it may have."""

    code = "hooks.too_many"
    status = 409
    message = Text(
        id="Paling banyak {most} alamat. Hapus centang atau matikan yang tidak dipakai.",
        en="At most {most} addresses. Change or turn off one that you do not use.",
    )


class EndpointNotFound(NotFound):
    """There is no such endpoint, or it is another merchant's."""

    code = "hooks.endpoint_not_found"
    message = Text(id="Alamat webhook ini tidak ada.", en="There is no such webhook address.")


class HookNotFound(NotFound):
    """There is no such delivery, or it is another merchant's."""

    code = "hooks.delivery_not_found"
    message = Text(
        id="Pengiriman ini tidak ada atau sudah terlalu lama.", en="This delivery is not there, or too old."
    )


class SecretSealed(PesanError):
    """The instance's secret does not open what signs a webhook."""

    code = "hooks.secret_sealed"
    status = 500
    message = Text(
        id="Kunci webhook tidak terbuka dengan PESAN_SECRET_KEY sekarang. Jalankan `pesan keys reseal`.",
        en="PESAN_SECRET_KEY does not open a webhook's secret. Run `pesan keys reseal`.",
    )


class Undelivered(Exception):
    """A message did not arrive; `problem` says why, in a word for the log of deliveries."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
