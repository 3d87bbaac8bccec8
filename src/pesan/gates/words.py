"""What a scan's answer is in words."""

from collections.abc import Mapping

from pesan.gates.states import Reason
from pesan.kit.i18n import Text

WORDS: Mapping[Reason, Text] = {
    Reason.GOOD: Text(id="Silakan masuk.", en="Welcome in."),
    Reason.UNREADABLE: Text(id="Ini bukan kode tiket.", en="This is not a ticket code."),
    Reason.FORGED: Text(id="Kode ini tidak dibuat oleh kami.", en="This code was not made by us."),
    Reason.UNKNOWN: Text(id="Tiket ini tidak dikenal.", en="This ticket is not known."),
    Reason.OTHER_EVENT: Text(id="Tiket ini untuk acara lain.", en="This ticket is for another event."),
    Reason.EVENT_CANCELLED: Text(id="Acara ini dibatalkan.", en="This event was cancelled."),
    Reason.VOIDED: Text(id="Tiket ini sudah dibatalkan.", en="This ticket was cancelled."),
    Reason.SUPERSEDED: Text(
        id="Kode ini sudah diganti. Minta pemiliknya membuka tiket terbaru.",
        en="This code was replaced. Ask its owner to open the latest ticket.",
    ),
    Reason.NOT_OPEN: Text(id="Gerbang belum dibuka.", en="The gates are not open yet."),
    Reason.CLOSED: Text(id="Gerbang sudah ditutup.", en="The gates have closed."),
    Reason.SLICE_OVER: Text(
        id="Kode di layar ini sudah berganti. Minta pemiliknya memuat ulang tiketnya.",
        en="The code on this screen has moved on. Ask its owner to reload their ticket.",
    ),
    Reason.STATIC_REFUSED: Text(
        id="Acara ini hanya menerima kode yang berganti di layar. Minta pemiliknya membuka tiketnya.",
        en="This event takes only codes that turn on a screen. Ask the owner to open their ticket.",
    ),
    Reason.ALREADY_IN: Text(id="Tiket ini sudah masuk.", en="This ticket is inside already."),
    Reason.ALREADY_USED: Text(id="Tiket ini sudah dipakai.", en="This ticket was used already."),
    Reason.NOT_IN: Text(id="Tiket ini belum tercatat masuk.", en="This ticket is not recorded as inside."),
}
GOODBYE = Text(id="Sampai jumpa.", en="See you.")


def words_of(reason: Reason, *, is_exit: bool) -> Text:
    """The sentence for a reason; whoever leaves is not welcomed."""
    return GOODBYE if is_exit and reason is Reason.GOOD else WORDS[reason]
