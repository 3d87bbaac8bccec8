"""The words for a session's states, as its customer reads them."""

from collections.abc import Mapping

from pesan.booths.states import SessionState
from pesan.kit.i18n import Text

SESSION_WORDS: Mapping[SessionState, Text] = {
    SessionState.PENDING_PAYMENT: Text(id="Menunggu pembayaran", en="Waiting for payment"),
    SessionState.AWAITING_CUSTOMER: Text(id="Menunggu kedatangan", en="Waiting for arrival"),
    SessionState.ARRIVED: Text(id="Sudah datang", en="Arrived"),
    SessionState.ONGOING: Text(id="Sedang berjalan", en="Running"),
    SessionState.DONE: Text(id="Selesai", en="Done"),
    SessionState.EXPIRED: Text(id="Hangus", en="Expired"),
    SessionState.OVERRIDDEN: Text(id="Dibatalkan petugas", en="Called off by staff"),
}
