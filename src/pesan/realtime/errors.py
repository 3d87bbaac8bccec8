"""What streaming may refuse."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class StreamsBusy(PesanError):
    """This process, or this visitor, has as many open streams as it may; asking now and then works as well."""

    code = "realtime.busy"
    status = 503
    message = Text(
        id="Pembaruan langsung sedang penuh. Halaman ini akan menyegarkan diri secara berkala.",
        en="Live updates are full right now. This page will refresh itself from time to time.",
    )
