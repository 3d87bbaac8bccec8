"""The notice of a breach as a paper, as UU 27/2022 asks: what came out, when and how, what is done about it."""

from datetime import datetime

from pesan.kit.i18n import Text
from pesan.privacy.breaches import Affected, Breach
from pesan.privacy.holdings import WORDS
from pesan.privacy.papers import Moment, Paper, Section, Table, Words

TITLE = Text(
    id="Pemberitahuan kegagalan pelindungan data pribadi",
    en="Notice of a failure to protect personal data",
)
_LAW = Text(
    id="Disusun menurut Undang-Undang Nomor 27 Tahun 2022 tentang Pelindungan Data Pribadi, untuk subjek data dan"
    " lembaga, paling lambat 3 × 24 jam sejak diketahui.",
    en="Made under Indonesia's Law 27 of 2022 on Personal Data Protection, for the people concerned and the agency,"
    " within 3 × 24 hours of the discovery.",
)
_LATE = Text(
    id="Dokumen ini dibuat setelah batas waktu lewat.",
    en="This paper was made after the deadline had passed.",
)


def compose_breach(breach: Breach, affected: Affected, *, author: str, zone: str, now: datetime) -> Paper:
    """The paper, with every time on the clocks of `zone`."""
    sections = [
        _when(breach, zone, now),
        Section(
            Text(id="Apa yang terjadi, kapan dan bagaimana", en="What happened, when and how"),
            (),
            [breach.what],
        ),
        _data(affected),
        _people(affected),
        Section(Text(id="Penanganan dan pemulihan", en="Handling and recovery"), (), [breach.handling]),
        Section(Text(id="Kontak", en="Contact"), (), [breach.contact]),
    ]
    return Paper(TITLE, author, now, sections)


def _when(breach: Breach, zone: str, now: datetime) -> Section:
    facts: list[tuple[Words, Words]] = [
        (Text(id="Diketahui", en="Discovered"), Moment(breach.discovered_at, zone)),
        (
            Text(id="Batas pemberitahuan (3 × 24 jam)", en="Notice due (3 × 24 hours)"),
            Moment(breach.due_at, zone),
        ),
        (Text(id="Dokumen dibuat", en="Paper made"), Moment(now, zone)),
    ]
    late = [_LATE] if now > breach.due_at else []
    return Section(Text(id="Waktu", en="Times"), facts, [_LAW, *late])


def _data(affected: Affected) -> Section:
    header = [
        Text(id="Jenis data", en="Kind of data"),
        Text(id="Pesanan yang memuatnya", en="Bookings with it"),
    ]
    rows: list[list[Words]] = [[WORDS[kind], str(count)] for kind, count in affected.by_class.items()]
    return Section(Text(id="Data yang terungkap", en="Data that came out"), table=Table(header, rows))


def _people(affected: Affected) -> Section:
    header = [
        Text(id="Penyelenggara", en="Organizer"),
        Text(id="Acara", en="Event"),
        Text(id="Orang", en="People"),
        Text(id="Pesanan", en="Bookings"),
    ]
    rows = [[each.merchant, each.event, str(each.people), str(each.bookings)] for each in affected.by_event]
    facts: list[tuple[Words, Words]] = [
        (Text(id="Orang", en="People"), str(affected.people)),
        (Text(id="Pesanan", en="Bookings"), str(affected.bookings)),
    ]
    return Section(
        Text(id="Yang terdampak", en="Who is affected"), facts, table=Table(header, rows) if rows else None
    )
