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


class LineNotFound(NotFound):
    """There is no such line, it is not yours to see, or somebody matched it already."""

    code = "statements.line_not_found"
    message = Text(
        id="Baris mutasi ini tidak ada atau sudah dicocokkan. Muat ulang halaman ini.",
        en="This line is not there or was matched already. Reload the page.",
    )
