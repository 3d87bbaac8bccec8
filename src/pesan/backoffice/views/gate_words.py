"""What gates, their scans and their conflicts are called on the organizer's screens, each with its icon and colour."""

from collections.abc import Mapping
from dataclasses import dataclass

from pesan.gates.states import ConflictKind, Direction, Reason, Result
from pesan.kit.i18n import Locale, Text

_RESULTS: Mapping[str, tuple[Text, str, str]] = {
    Result.OK: (Text(id="Masuk", en="Let in"), "circle-check", "good"),
    Result.DUPLICATE: (Text(id="Sudah dipakai", en="Already used"), "copy", "wait"),
    Result.INVALID: (Text(id="Tidak sah", en="Not valid"), "circle-x", "bad"),
    Result.VOID: (Text(id="Tiket batal", en="Void"), "ban", "bad"),
    Result.WRONG_EVENT: (Text(id="Acara lain", en="Another event"), "calendar-x", "bad"),
    Result.NOT_YET: (Text(id="Belum dibuka", en="Not open yet"), "hourglass", "wait"),
    Result.TOO_LATE: (Text(id="Sudah ditutup", en="Closed already"), "lock", "wait"),
}
_OUT = (Text(id="Keluar", en="Let out"), "log-out", "look")
_REASONS: Mapping[str, Text] = {
    Reason.UNREADABLE: Text(id="kodenya tidak terbaca", en="the code cannot be read"),
    Reason.FORGED: Text(id="bukan tanda tanganmu", en="not signed by you"),
    Reason.UNKNOWN: Text(id="tiketnya tidak dikenal", en="no such ticket"),
    Reason.OTHER_EVENT: Text(id="tiket acara lain", en="a ticket of another event"),
    Reason.EVENT_CANCELLED: Text(id="acaranya dibatalkan", en="the event is cancelled"),
    Reason.VOIDED: Text(id="tiketnya dibatalkan", en="the ticket is void"),
    Reason.SUPERSEDED: Text(id="kode lama, sudah diganti", en="an old code that was replaced"),
    Reason.NOT_OPEN: Text(id="gerbang belum dibuka", en="the gates are not open yet"),
    Reason.CLOSED: Text(id="gerbang sudah ditutup", en="the gates are closed"),
    Reason.SLICE_OVER: Text(
        id="kodenya kedaluwarsa, mungkin tangkapan layar", en="code timed out, maybe a picture"
    ),
    Reason.STATIC_REFUSED: Text(id="kode cetak tidak diterima", en="printed codes are not taken"),
    Reason.ALREADY_IN: Text(id="orangnya tercatat di dalam", en="the person is inside already"),
    Reason.ALREADY_USED: Text(id="sudah dipakai masuk", en="it let somebody in already"),
    Reason.NOT_IN: Text(id="tidak tercatat di dalam", en="nobody is inside on it"),
}
_CONFLICTS: Mapping[str, Text] = {
    ConflictKind.DOUBLE_ENTRY: Text(id="Masuk dua kali", en="Let in twice"),
    ConflictKind.REFUSED_ADMITTED: Text(id="Diloloskan keliru", en="Let in wrongly"),
}
REFUSED = Text(id="Semua yang ditolak", en="Everything refused")
ALL_PLACES = Text(id="Semua tempat", en="All places")
GATE_DIRECTIONS: Mapping[str, Text] = {
    Direction.ENTRY: Text(id="Masuk", en="In"),
    Direction.EXIT: Text(id="Keluar", en="Out"),
}

SCAN_EXPORT_HEADER = (
    Text(id="Waktu", en="Time"),
    Text(id="Arah", en="Direction"),
    Text(id="Di layar", en="On the screen"),
    Text(id="Dihitung", en="Counts as"),
    Text(id="Sebab", en="Reason"),
    Text(id="Gerbang", en="Gate"),
    Text(id="Perangkat", en="Device"),
    Text(id="Nama", en="Name"),
    Text(id="Jenis", en="Type"),
    Text(id="Kursi", en="Seat"),
    Text(id="Kode tiket", en="Ticket code"),
    Text(id="Jaringan", en="Network"),
    Text(id="Alasan manual", en="Manual reason"),
    Text(id="Jam perangkat", en="Device clock"),
    Text(id="Diterima", en="Received"),
    Text(id="Dibatalkan", en="Undone"),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with its icon and tone, as `ui.badge` takes them."""

    word: str
    icon: str
    tone: str


def result_mark(result: str, direction: str, locale: Locale) -> Mark:
    """What a screen showed."""
    is_out = result == Result.OK and direction == Direction.EXIT
    word, icon, tone = _OUT if is_out else _RESULTS[result]
    return Mark(word.in_(locale), icon, tone)


def reason_word(reason: str | None, locale: Locale) -> str:
    """Why; empty where there is nothing to explain."""
    return _REASONS[reason].in_(locale) if reason and reason in _REASONS else ""


def result_words(locale: Locale) -> Mapping[str, str]:
    """Every result by name, for a filter."""
    return {result: word.in_(locale) for result, (word, _icon, _tone) in _RESULTS.items()}


def conflict_word(kind: str, locale: Locale) -> str:
    """What happened."""
    return _CONFLICTS[kind].in_(locale)
