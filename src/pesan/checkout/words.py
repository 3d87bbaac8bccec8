"""The words for an order's states, one everywhere: pages, papers, letters, tables."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.orders.dues import Owing, owes_balance
from pesan.orders.states import OrderState

STATE_WORDS: Mapping[OrderState, Text] = {
    OrderState.HOLD: Text(id="Menunggu pembayaran", en="Waiting for payment"),
    OrderState.REVIEW: Text(id="Sedang diperiksa", en="Being checked"),
    OrderState.PAID: Text(id="Lunas", en="Paid"),
    OrderState.COMPLETED: Text(id="Selesai", en="Done"),
    OrderState.EXPIRED: Text(id="Kedaluwarsa", en="Expired"),
    OrderState.REJECTED: Text(id="Ditolak", en="Rejected"),
    OrderState.CANCELLED: Text(id="Dibatalkan", en="Cancelled"),
    OrderState.REFUNDED: Text(id="Pengembalian dana", en="Refund"),
}

_PARTLY_PAID = Text(id="Dibayar sebagian", en="Partly paid")


def word_of(order: Owing, state: OrderState) -> Text:
    """What the state is called for this order: one whose balance is due is not paid in full."""
    return _PARTLY_PAID if state is OrderState.PAID and owes_balance(order) else STATE_WORDS[state]
