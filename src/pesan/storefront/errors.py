"""What this module refuses."""

from pesan.kit.i18n import Text
from pesan.web.errors import UnsupportedMedia


class NotMultipart(UnsupportedMedia):
    """A file comes as multipart/form-data."""

    message = Text(
        id="Kirim berkasnya sebagai multipart/form-data, di isian “file”.",
        en="Send the file as multipart/form-data, in the field “file”.",
    )
