"""The record of processing: why data is kept, which, for how long, and who else handles it (UU 27/2022)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from pesan.audit.service import record
from pesan.db import Actor, ReadSession, WriteSession
from pesan.kit.i18n import Text
from pesan.privacy.holdings import WORDS, DataClass
from pesan.privacy.models import ProcessorNote
from pesan.privacy.papers import Moment, Paper, Section, Table, Words
from pesan.privacy.processors import Processor
from pesan.privacy.retention import hours_of
from pesan.privacy.states import Purpose
from pesan.settings import Settings
from pesan.tenancy.models import Merchant

TITLE = Text(id="Catatan pemrosesan data pribadi", en="Record of processing of personal data")
_CONTRACT = Text(id="perjanjian dengan pemesan", en="contract with the buyer")
_CONSENT = Text(id="persetujuan", en="consent")
_DUTY = Text(id="kewajiban hukum", en="legal duty")
_INTEREST = Text(id="kepentingan yang sah", en="legitimate interest")
_AS_THE_LAW_SAYS = Text(
    id="selama hukum mewajibkan, tanpa nama", en="as long as the law demands, without names"
)


@dataclass(frozen=True, slots=True)
class Activity:
    """One purpose; `kinds` are the rules of `privacy.retention` that end it, so that its time is said only there."""

    purpose: Text
    basis: Text
    data: tuple[DataClass, ...] = ()
    also: Text | None = None
    kinds: tuple[str, ...] = ()
    consent: Purpose | None = None


ACTIVITIES: Sequence[Activity] = (
    Activity(
        Text(id="menerima pesanan dan menerbitkan tiket", en="taking bookings and issuing tickets"),
        _CONTRACT,
        (
            DataClass.NAME,
            DataClass.EMAIL,
            DataClass.WHATSAPP,
            DataClass.NOTES,
            DataClass.HOLDER,
            DataClass.ACCOUNT,
        ),
        kinds=("contacts",),
    ),
    Activity(
        Text(id="memeriksa pembayaran", en="checking payments"),
        _CONTRACT,
        (DataClass.PROOF,),
        kinds=("proofs",),
    ),
    Activity(
        Text(id="pembayaran lewat penyedia", en="payments by providers"),
        _CONTRACT,
        also=Text(id="laporan penyedia pembayaran", en="what payment providers report"),
        kinds=("webhooks",),
    ),
    Activity(
        Text(id="surat tentang pesanan", en="letters about the booking"),
        _CONTRACT,
        also=Text(id="catatan surat yang dikirim", en="record of letters sent"),
        kinds=("notifications",),
    ),
    Activity(
        Text(id="percakapan lewat WhatsApp", en="conversations over WhatsApp"),
        _CONTRACT,
        (DataClass.WHATSAPP,),
        also=Text(id="pesan yang ditulis dan diterima", en="messages written and received"),
        kinds=("chat_texts", "chat_updates"),
    ),
    Activity(
        Text(id="kabar acara lain", en="news of other events"),
        _CONSENT,
        (DataClass.EMAIL, DataClass.WHATSAPP),
        kinds=("contacts",),
        consent=Purpose.MARKETING,
    ),
    Activity(
        Text(id="acara untuk anak di bawah 18 tahun", en="events for people under 18"),
        _CONSENT,
        (DataClass.GUARDIAN,),
        kinds=("contacts",),
        consent=Purpose.GUARDIAN,
    ),
    Activity(
        Text(id="mencegah penyalahgunaan", en="preventing abuse"),
        _INTEREST,
        (DataClass.NETWORK, DataClass.DEVICE),
        kinds=("contacts",),
    ),
    Activity(
        Text(id="mengenali pesanan berulang", en="recognising repeated bookings"),
        _INTEREST,
        also=Text(
            id="sidik kontak, alamat jaringan dan peramban",
            en="digests of contacts, network addresses and browsers",
        ),
        kinds=("risk_traces",),
    ),
    Activity(
        Text(id="daftar yang dipercaya dan diblokir", en="lists of whom to trust and to check"),
        _INTEREST,
        also=Text(id="kontak dan jaringan dalam daftar", en="contacts and networks on the lists"),
        kinds=("risk_lists",),
    ),
    Activity(
        Text(id="permintaan tanpa pengulangan", en="requests without repetition"),
        _INTEREST,
        also=Text(id="jawaban yang disimpan", en="stored answers"),
        kinds=("idempotency",),
    ),
    Activity(
        Text(id="masuk ke akun", en="signing in"),
        _CONTRACT,
        also=Text(id="sesi pembeli dan petugas", en="sessions of buyers and staff"),
        kinds=("sessions",),
    ),
    Activity(
        Text(id="menjawab permintaan data pribadi", en="answering requests about data"),
        _DUTY,
        also=Text(id="tautan ke data sendiri", en="links to one's own data"),
        kinds=("visits",),
    ),
    Activity(
        Text(id="pembukuan", en="accounting"),
        _DUTY,
        also=Text(id="jumlah uang dan riwayat tanpa nama", en="amounts, and history without names"),
    ),
)


async def list_notes(session: ReadSession, merchant_id: UUID) -> Mapping[str, ProcessorNote]:
    """What a merchant wrote about processors, by their keys."""
    query = select(ProcessorNote).where(ProcessorNote.merchant_id == merchant_id)
    return {note.processor: note for note in await session.scalars(query.order_by(ProcessorNote.processor))}


async def list_named(session: ReadSession, merchant_id: UUID) -> Sequence[ProcessorNote]:
    """The processors that a merchant names to its buyers."""
    return [note for note in (await list_notes(session, merchant_id)).values() if note.is_named]


async def set_notes(
    session: WriteSession, merchant: Merchant, notes: Sequence[ProcessorNote], *, actor: Actor
) -> None:
    """Keep what a merchant wrote, and forget what it wrote before. The caller has locked the merchant."""
    names = ("merchant_id", "processor", "title", "country", "safeguard", "is_named")
    rows = [{name: getattr(note, name) for name in names} for note in notes]
    await session.execute(delete(ProcessorNote).where(ProcessorNote.merchant_id == merchant.id))
    if rows:
        await session.execute(insert(ProcessorNote), rows)
    data = {
        "processors": sorted(note.processor for note in notes),
        "named": sorted(note.processor for note in notes if note.is_named),
    }
    action = "merchant:processors:described"
    await record(session, merchant, action=action, actor=actor, merchant_id=merchant.id, data=data)
    await session.flush()


def kept_for(activity: Activity, settings: Settings) -> Text:
    """How long the data of an activity is kept, by the rules that let go of it."""
    hours = [hours_of(settings)[kind] for kind in activity.kinds]
    return say_hours(max(hours)) if hours else _AS_THE_LAW_SAYS


def say_hours(hours: int) -> Text:
    """`90 hari`, `24 jam`: days where they are whole and several."""
    if hours % 24 or hours < 48:
        return Text(id=f"{hours} jam", en=f"{hours} hours")
    return Text(id=f"{hours // 24} hari", en=f"{hours // 24} days")


def say_data(activity: Activity) -> Text:
    """What an activity keeps, in words."""
    kinds = [WORDS[kind] for kind in activity.data] + ([activity.also] if activity.also else [])
    return Text(id=", ".join(kind.id for kind in kinds), en=", ".join(kind.en for kind in kinds))


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for the data: a merchant, or whoever runs the instance."""

    name: str
    contact: str
    zone: str

    @classmethod
    def of(cls, merchant: Merchant) -> "Controller":
        """The merchant as controller."""
        return cls(merchant.name, merchant.contact_email or merchant.contact_wa or "", merchant.zone)


def compose_register(
    controller: Controller,
    settings: Settings,
    processors: Sequence[Processor],
    notes: Mapping[str, ProcessorNote],
    *,
    now: datetime,
) -> Paper:
    """The record as a paper in both languages."""
    facts: list[tuple[Words, Words]] = [
        (Text(id="Pengendali data", en="Controller"), controller.name),
        (Text(id="Kontak", en="Contact"), controller.contact or "—"),
        (Text(id="Dibuat", en="Made"), Moment(now, controller.zone)),
    ]
    sections = [
        Section(Text(id="Pengendali", en="Controller"), facts),
        Section(Text(id="Pemrosesan", en="Processing"), table=_activities(settings)),
        Section(
            Text(id="Prosesor dan transfer", en="Processors and transfers"),
            table=_processors(processors, notes) if processors else None,
            paragraphs=() if processors else [Text(id="Tidak ada.", en="None.")],
        ),
    ]
    return Paper(TITLE, controller.name, now, sections)


def _activities(settings: Settings) -> Table:
    header = [
        Text(id="Tujuan", en="Purpose"),
        Text(id="Dasar", en="Basis"),
        Text(id="Data", en="Data"),
        Text(id="Disimpan", en="Kept for"),
    ]
    rows = [[each.purpose, each.basis, say_data(each), kept_for(each, settings)] for each in ACTIVITIES]
    return Table(header, rows)


def _processors(processors: Sequence[Processor], notes: Mapping[str, ProcessorNote]) -> Table:
    header = [
        Text(id="Prosesor", en="Processor"),
        Text(id="Untuk", en="For"),
        Text(id="Negara", en="Country"),
        Text(id="Pengaman transfer", en="Transfer safeguard"),
    ]
    rows: list[list[Words]] = []
    for each in processors:
        note = notes.get(each.key)
        said = (note.country, note.safeguard) if note else ("", "")
        rows.append([each.title, each.does, *(text or "—" for text in said)])
    return Table(header, rows)
