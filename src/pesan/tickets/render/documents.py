"""PDF documents by typst: layouts are files beside this one, everything a person typed travels as data.

Typst reads the facts from one JSON string (`sys.inputs`), so a name that looks like markup or code is shown as it was
typed. Compiling is CPU work outside the interpreter's lock: `to_pdf` runs it in a thread.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import typst

from pesan.kit.i18n import Locale, Text
from pesan.kit.money import format_rupiah
from pesan.kit.times import format_clock, format_datetime, format_long_day, in_zone
from pesan.tickets.render import pictures
from pesan.tickets.render.sheets import Brand, CertificateSheet, EventFacts, SummarySheet, TicketSheet

Sheet = TicketSheet | SummarySheet | CertificateSheet

_HERE = Path(__file__).parent
_LAYOUTS = _HERE / "layouts"
_COVER = {"width": 1300, "height": 400}
_LOGO = {"width": 480, "height": 160}
_PAGES = 200

_LABELS: Mapping[str, Text] = {
    "ticket": Text(id="Tiket masuk", en="Admission ticket"),
    "holder": Text(id="Atas nama", en="Name"),
    "number": Text(id="Tiket", en="Ticket"),
    "of": Text(id="dari", en="of"),
    "booking": Text(id="Kode pesanan", en="Booking code"),
    "code": Text(id="Kode tiket", en="Ticket code"),
    "when": Text(id="Waktu", en="When"),
    "where": Text(id="Tempat", en="Where"),
    "show": Text(
        id="Tunjukkan kode ini di pintu masuk, dari layar atau hasil cetak. Satu kode untuk satu orang, sekali masuk.",
        en="Show this code at the entrance, on a screen or on paper. One code admits one person, once.",
    ),
    "keep": Text(
        id="Kode cetak ini tidak berganti, jadi lebih lemah daripada yang di halaman tiketmu. Jangan bagikan fotonya:"
        " siapa pun yang membawanya lebih dulu bisa masuk.",
        en="This printed code does not turn, so it is weaker than the one on your ticket's page. Do not share a picture"
        " of it: whoever brings it first gets in.",
    ),
    "qr_alt": Text(id="Kode QR tiket", en="Ticket QR code"),
    "cover_alt": Text(id="Gambar acara", en="Event picture"),
    "summary": Text(id="Ringkasan pesanan", en="Booking summary"),
    "invoice": Text(id="Faktur", en="Invoice"),
    "courier": Text(id="Kurir dan resi", en="Courier and tracking number"),
    "buyer": Text(id="Pemesan", en="Booked by"),
    "placed": Text(id="Dipesan", en="Booked"),
    "status": Text(id="Status", en="Status"),
    "contact": Text(id="Kontak", en="Contact"),
    "item": Text(id="Pesanan", en="Item"),
    "quantity": Text(id="Jumlah", en="Quantity"),
    "price": Text(id="Harga", en="Price"),
    "amount": Text(id="Subtotal", en="Subtotal"),
    "total": Text(id="Total", en="Total"),
    "unique": Text(id="Kode unik", en="Unique code"),
    "transfer": Text(id="Jumlah yang dibayar", en="Amount to pay"),
    "method": Text(id="Cara bayar", en="Payment method"),
    "follow": Text(id="Lihat status terbaru di", en="See the latest status at"),
    "certificate": Text(id="Sertifikat", en="Certificate"),
    "certificate_of": Text(id="Kehadiran", en="of attendance"),
    "given": Text(id="Diberikan kepada", en="Presented to"),
    "attended": Text(id="yang telah mengikuti", en="for taking part in"),
    "organizer": Text(id="Penyelenggara", en="Organizer"),
    "verify": Text(id="Nomor sertifikat", en="Certificate number"),
}


async def to_pdf(sheets: Sequence[Sheet]) -> bytes:
    """One document of the given sheets, all of one kind; the event loop stays free meanwhile."""
    return await asyncio.to_thread(compile_sheets, sheets, "pdf")


def compile_sheets(sheets: Sequence[Sheet], kind: str = "pdf", *, ppi: float = 144) -> bytes:
    """The document as `pdf`, or its only page as `png` at `ppi`. Blocks: call it from a thread.

    Raises ValueError for no sheet at all, or more pages than anybody prints.
    """
    if not 0 < len(sheets) <= _PAGES:
        raise ValueError("a document has at least one sheet and at most 200")
    layout = _layout(sheets[0])
    facts = json.dumps({"sheets": [_facts(sheet) for sheet in sheets], "text": _labels(sheets[0].locale)})
    compiler = typst.Compiler(
        _LAYOUTS / layout,
        root=_LAYOUTS,
        font_paths=fonts(),
        sys_inputs={"facts": facts, "lang": sheets[0].locale},
    )
    made_at = _made_at(sheets[0])
    output = (
        compiler.compile(format="png", ppi=ppi)
        if kind == "png"
        else accessible_pdf(compiler, made_at=made_at)
    )
    if not isinstance(output, bytes):
        raise ValueError("a picture shows one page")  # noqa: TRY004  the number of sheets is the mistake
    return output


def accessible_pdf(compiler: typst.Compiler, *, made_at: int) -> Any:
    """PDF/UA-1, which screen readers can follow.

    It demands that every letter can be drawn. A name in a script that no font here draws must not keep a ticket from
    its owner, so that one document is a plain PDF.
    """
    try:
        return compiler.compile(format="pdf", pdf_standards="ua-1", timestamp=made_at)
    except typst.TypstError:
        return compiler.compile(format="pdf", timestamp=made_at)


@cache
def fonts() -> typst.Fonts:
    """The fonts of every document."""
    # System fonts are the fallback for names in scripts that ours does not draw.
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=[_HERE / "fonts"])


def _layout(sheet: Sheet) -> str:
    return {TicketSheet: "ticket.typ", SummarySheet: "summary.typ", CertificateSheet: "certificate.typ"}[
        type(sheet)
    ]


def _made_at(sheet: Sheet) -> int:
    moment = sheet.placed_at if isinstance(sheet, SummarySheet) else sheet.issued_at
    return int(moment.timestamp())


def _labels(locale: Locale) -> dict[str, str]:
    return {name: text.in_(locale) for name, text in _LABELS.items()}


def _facts(sheet: Sheet) -> dict[str, Any]:
    common = {"brand": _brand(sheet.brand), "event": _event(sheet.event, sheet.locale)}
    if isinstance(sheet, TicketSheet):
        return common | _ticket(sheet)
    if isinstance(sheet, SummarySheet):
        return common | _summary(sheet)
    return common | _certificate(sheet)


def _brand(brand: Brand) -> dict[str, Any]:
    logo = pictures.inline_svg(brand.logo, **_LOGO, crop=False)
    return {"name": brand.name, "accent": brand.accent, "on_accent": ink_on(brand.accent), "logo": logo}


def _event(event: EventFacts, locale: Locale) -> dict[str, Any]:
    return {
        "title": event.title,
        "day": format_long_day(event.starts_at, event.zone, locale),
        "hours": _hours(event, locale),
        "venue": event.venue,
        "address": ", ".join(part for part in (event.address, event.city) if part),
        "cover": pictures.inline_svg(event.cover, **_COVER, crop=True),
    }


def _hours(event: EventFacts, locale: Locale) -> str:
    """`19.00–22.00 WIB`; an event over several days names its last moment in full."""
    start, end = in_zone(event.starts_at, event.zone), in_zone(event.ends_at, event.zone)
    first = format_clock(event.starts_at, event.zone, locale)
    if start.date() != end.date() and (end - start).total_seconds() >= 86_400 / 2:
        return f"{first} – {format_datetime(event.ends_at, event.zone, locale)}"
    return f"{first.split()[0]}–{format_clock(event.ends_at, event.zone, locale)}"


def _ticket(sheet: TicketSheet) -> dict[str, Any]:
    return {
        "holder": sheet.holder_name,
        # A line is named like its event where an event sells one kind of place; once on the page is enough.
        "line": "" if sheet.line_title == sheet.event.title else sheet.line_title,
        "number": sheet.number,
        "count": sheet.count,
        "code": in_groups(sheet.code),
        "order_code": sheet.order_code,
        "qr": pictures.qr_svg(sheet.qr_text),
    }


def _summary(sheet: SummarySheet) -> dict[str, Any]:
    rows = [
        {
            "title": line.title,
            "quantity": str(line.quantity),
            "price": format_rupiah(line.unit_amount),
            "amount": format_rupiah(line.quantity * line.unit_amount),
        }
        for line in sheet.lines
    ]
    return {
        "order_code": sheet.order_code,
        "buyer": sheet.buyer_name,
        "status": sheet.status,
        "placed": format_datetime(sheet.placed_at, sheet.event.zone, sheet.locale),
        "rows": rows,
        "total": format_rupiah(sheet.total_amount),
        "method": sheet.method_name,
        "contact": sheet.contact,
        "url": sheet.status_url,
        "takes_place": sheet.takes_place,
        "is_invoice": sheet.is_invoice,
        "courier": sheet.courier,
    } | _payment(sheet)


def _payment(sheet: SummarySheet) -> dict[str, Any]:
    if sheet.paid_amount is None or sheet.paid_amount == sheet.total_amount:
        return {"unique": None, "transfer": None}
    return {
        "unique": format_rupiah(sheet.paid_amount - sheet.total_amount),
        "transfer": format_rupiah(sheet.paid_amount),
    }


def _certificate(sheet: CertificateSheet) -> dict[str, Any]:
    return {
        "holder": sheet.holder_name,
        "code": in_groups(sheet.code),
        "issued": format_long_day(sheet.issued_at, sheet.event.zone, sheet.locale),
    }


def in_groups(code: str, size: int = 5) -> str:
    """A long code as people read it aloud: in groups, which `normalise_code` takes back."""
    return "-".join(code[start : start + size] for start in range(0, len(code), size))


def ink_on(accent: str) -> str:
    """Near-black or white, whichever reads better on the merchant's colour (WCAG relative luminance)."""
    channels = [int(accent[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # 0.179 is where the contrast with black and with white is the same.
    return "#1b1712" if luminance > 0.179 else "#ffffff"
