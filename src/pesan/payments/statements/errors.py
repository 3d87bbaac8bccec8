"""What bank statements refuse."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class StatementUnreadable(PesanError):
    """A file that is no list of transactions, or none that can be recognised."""

    code = "statements.unreadable"
    status = 422
    message = Text(
        id="Baris {line} tidak terbaca sebagai mutasi. Pilih berkas CSV dari bank, atau sebutkan nama kolomnya.",
        en="Line {line} cannot be read as a transaction. Choose the bank's CSV file, or name its columns.",
    )


class OrderNotNear(PesanError):
    """The line's amount is too far from what the order costs, or the order waits for no money of this account."""

    code = "statements.order_not_near"
    status = 409
    message = Text(
        id="Nominal baris ini bukan untuk pesanan itu. Pilih pesanan yang diusulkan, atau muat ulang halaman ini.",
        en="This line's amount does not fit that booking. Choose one that is suggested, or reload the page.",
    )


class LineNotFound(NotFound):
    """There is no such line, it is not yours to see, or somebody matched it already."""

    code = "statements.line_not_found"
    message = Text(
        id="Baris mutasi ini tidak ada atau sudah dicocokkan. Muat ulang halaman ini.",
        en="This line is not there or was matched already. Reload the page.",
    )
