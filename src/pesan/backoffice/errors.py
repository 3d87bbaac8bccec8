"""What the back office refuses by itself."""

from pesan.errors import PesanError
from pesan.kit.i18n import Locale, Text


class SeatFileInvalid(PesanError):
    """A file of seats with a line that is not a seat; nothing of it was taken."""

    code = "seats.file_invalid"
    status = 422
    message = Text(
        id="Baris {line}: {why}. Tidak ada kursi yang ditambahkan.",
        en="Line {line}: {why}. No seats were added.",
    )

    def __init__(self, *, line: int, why: Text) -> None:
        super().__init__(line=line)
        self.why = why

    def text(self, locale: Locale) -> str:
        """The sentence, with the reason in the same language."""
        return self.message.in_(locale, line=str(self.params["line"]), why=self.why.in_(locale))


class OrderMoved(PesanError):
    """What somebody decided about is not what the order is any more, such as when a proof came meanwhile."""

    code = "jastip.order_moved"
    status = 409
    message = Text(
        id="Pesanan ini baru saja berubah. Lihat lagi sebelum memutuskan.",
        en="This order has just changed. Look at it again before you decide.",
    )


class CourierMissing(PesanError):
    """A parcel goes by somebody."""

    code = "jastip.courier_missing"
    status = 422
    message = Text(id="Tulis kurirnya, misalnya JNE.", en="Write the courier, such as JNE.")
