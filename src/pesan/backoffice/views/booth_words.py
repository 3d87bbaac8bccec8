"""What states of sessions, what may be done to them and days of the week are called on the screens."""

from pesan.backoffice.words import ACTIONS
from pesan.booths.errors import WrongState
from pesan.booths.states import SessionState
from pesan.errors import PesanError
from pesan.kit.i18n import Locale, Text

_S = SessionState

SESSION_STATES: dict[str, Text] = {
    _S.PENDING_PAYMENT.value: Text(id="Menunggu pembayaran", en="Awaiting payment"),
    _S.AWAITING_CUSTOMER.value: Text(id="Menunggu pelanggan", en="Awaiting the customer"),
    _S.ARRIVED.value: Text(id="Sudah datang", en="Arrived"),
    _S.ONGOING.value: Text(id="Sedang berjalan", en="Running"),
    _S.DONE.value: Text(id="Selesai", en="Done"),
    _S.EXPIRED.value: Text(id="Hangus", en="Expired"),
    _S.OVERRIDDEN.value: Text(id="Dibatalkan petugas", en="Called off by staff"),
}

# Icon and colour of each state, the same on every screen.
SESSION_MARKS: dict[str, tuple[str, str]] = {
    _S.PENDING_PAYMENT.value: ("wallet", "wait"),
    _S.AWAITING_CUSTOMER.value: ("clock", "wait"),
    _S.ARRIVED.value: ("user", "look"),
    _S.ONGOING.value: ("timer", "good"),
    _S.DONE.value: ("badge-check", "gone"),
    _S.EXPIRED.value: ("hourglass", "gone"),
    _S.OVERRIDDEN.value: ("ban", "bad"),
}

SESSION_ACTIONS = {
    **ACTIONS,
    "order:fulfilment:completed": Text(id="Sesi dibuat", en="Session made"),
}

WEEKDAYS = (
    Text(id="Senin", en="Monday"),
    Text(id="Selasa", en="Tuesday"),
    Text(id="Rabu", en="Wednesday"),
    Text(id="Kamis", en="Thursday"),
    Text(id="Jumat", en="Friday"),
    Text(id="Sabtu", en="Saturday"),
    Text(id="Minggu", en="Sunday"),
)


def said(refusal: PesanError, locale: Locale) -> str:
    """A refusal as people read it: states by their words."""
    if not isinstance(refusal, WrongState):
        return refusal.text(locale)
    params = {name: _word(value, locale) for name, value in refusal.params.items()}
    return refusal.message.in_(locale, **params)


def _word(value: str | int, locale: Locale) -> str | int:
    return SESSION_STATES[value].in_(locale) if value in SESSION_STATES else value
