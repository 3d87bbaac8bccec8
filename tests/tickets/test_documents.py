import asyncio
import io
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pypdf
import pytest
import zxingcpp
from PIL import Image

from pesan.tickets.render import documents
from pesan.tickets.render.sheets import (
    Brand,
    CertificateSheet,
    EventFacts,
    SummaryLine,
    SummarySheet,
    TicketSheet,
)
from tests.tickets.makers import make_key, make_qr

STARTS = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
BRAND = Brand("Ruang Senja", "#6d4aff")
EVENT = EventFacts(
    "Senja di Braga: Konser Akustik & Kopi",
    STARTS,
    STARTS + timedelta(hours=3),
    "Asia/Jakarta",
    "Gedung Merdeka",
    "Jl. Asia Afrika No. 65",
    "Bandung",
)
TICKET = TicketSheet(
    BRAND,
    EVENT,
    holder_name="Asep Budiawan",
    number=1,
    count=2,
    code="7H3K9Q2MZX4VB8NCT5RWPY6DA1",
    order_code="K7Q2M9XZ4VBNC",
    qr_text=make_qr(make_key()[0]),
    issued_at=STARTS - timedelta(days=9),
)
SUMMARY = SummarySheet(
    BRAND,
    EVENT,
    order_code="K7Q2M9XZ4VBNC",
    buyer_name="Asep Budiawan",
    status="Lunas",
    placed_at=STARTS - timedelta(days=9),
    lines=(SummaryLine("Senja di Braga", 2, 150_000),),
    total_amount=300_000,
    paid_amount=300_123,
    status_url="https://tiket.example/b/K7Q2M9XZ4VBNC",
)
CERTIFICATE = CertificateSheet(BRAND, EVENT, "Asep Budiawan", TICKET.code, STARTS + timedelta(hours=4))
# Texts that would break out of a layout if they were ever read as typst.
HOSTILE = [
    "#panic(1)",
    "*tebal* _miring_ $x^2$ @ref <label>",
    '"] #read("/etc/passwd") [',
    "\\u{41} // /* ~ --- `",
    "{{7*7}}",
]


def _picture() -> bytes:
    picture = Image.new("RGB", (800, 500), "#113355")
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


def _text(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


async def test_ticket_pdf_has_one_page_a_ticket_and_says_what_matters():
    pdf = await documents.to_pdf([TICKET, replace(TICKET, number=2)])
    reader = pypdf.PdfReader(io.BytesIO(pdf))

    assert len(reader.pages) == 2
    assert reader.metadata.title == "Tiket masuk · Senja di Braga: Konser Akustik & Kopi"
    text = _text(pdf)
    for fact in (
        "Asep Budiawan",
        "Sabtu, 5 Desember 2026",
        "19.00–22.00 WIB",
        "1 dari 2",
        "2 dari 2",
        "K7Q2M9XZ4VBNC",
    ):
        assert fact in text


@pytest.mark.parametrize("ppi", [72, 110, 220])
def test_qr_on_the_ticket_page_is_read_by_an_independent_decoder(ppi):
    page = Image.open(io.BytesIO(documents.compile_sheets([TICKET], "png", ppi=ppi)))
    sent = io.BytesIO()
    page.convert("RGB").save(sent, "JPEG", quality=40)

    assert [code.text for code in zxingcpp.read_barcodes(Image.open(sent))] == [TICKET.qr_text]


def test_same_ticket_is_the_same_file():
    assert documents.compile_sheets([TICKET]) == documents.compile_sheets([TICKET])


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_person_typed_is_shown_as_it_was_typed(text):
    event = replace(EVENT, title=text, venue=text, address=text)
    brand = replace(BRAND, name=text)
    sheets = (
        replace(TICKET, event=event, brand=brand, holder_name=text),
        replace(SUMMARY, event=event, brand=brand, buyer_name=text, lines=(SummaryLine(text, 1, 1),)),
        replace(CERTIFICATE, event=event, brand=brand, holder_name=text),
    )
    for sheet in sheets:
        shown = re.sub(r"\W+", "", _text(documents.compile_sheets([sheet])))
        assert shown.count(re.sub(r"\W+", "", text)) >= 3


@pytest.mark.parametrize("title", ["Pameran " * 15, "x" * 120, "王小明 " * 20])
def test_long_texts_shrink_and_leave_the_code_whole(title):
    event = replace(EVENT, title=title, venue=title, address=title, cover=_picture())
    sheet = replace(TICKET, event=event, holder_name=title[:100], line_title=title[:60])
    page = documents.compile_sheets([sheet], "png")

    assert [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))] == [TICKET.qr_text]


def test_summary_shows_the_unique_code_only_where_there_is_one():
    asked = _text(documents.compile_sheets([SUMMARY])).replace("\xa0", " ")
    plain = _text(documents.compile_sheets([replace(SUMMARY, paid_amount=None)])).replace("\xa0", " ")

    assert "Kode unik Rp 123" in asked
    assert "Jumlah yang dibayar Rp 300.123" in asked
    assert "Kode unik" not in plain
    assert "Total Rp 300.000" in plain


def test_documents_speak_english_completely():
    english = [replace(sheet, locale="en") for sheet in (TICKET, SUMMARY, CERTIFICATE)]
    texts = [_text(documents.compile_sheets([sheet])) for sheet in english]

    assert "19:00–22:00 WIB" in texts[0]
    assert "Show this code at the entrance" in texts[0]
    assert "Booking summary" in texts[1]
    assert "Certificate of attendance" in texts[2]
    for text in texts:
        assert not re.search(r"\b(Waktu|Tempat|Kode|Atas nama|Pemesan|Sertifikat|Diberikan)\b", text)


async def test_rendering_leaves_the_event_loop_free():
    """Not a matter of speed: the loop must turn while typst works, or one PDF would stop every page."""
    sheets = [replace(TICKET, number=n) for n in range(1, 120)]
    rendering = asyncio.create_task(documents.to_pdf(sheets))
    turns = 0
    while not rendering.done():
        await asyncio.sleep(0)
        time.sleep(0.001)  # noqa: ASYNC251  a busy loop that gives the thread its share
        turns += 1

    assert (await rendering).startswith(b"%PDF")
    assert turns > 10


def test_no_sheets_and_too_many_are_refused():
    for sheets in ([], [TICKET] * 201):
        with pytest.raises(ValueError, match="sheet"):
            documents.compile_sheets(sheets)


@pytest.mark.parametrize(
    ("accent", "ink"),
    [("#ffffff", "#1b1712"), ("#f4c430", "#1b1712"), ("#6d4aff", "#ffffff"), ("#000000", "#ffffff")],
)
def test_ink_on_an_accent_can_be_read(accent, ink):
    assert documents.ink_on(accent) == ink


def test_hours_of_an_event_over_several_days_name_the_last_day():
    sheet = replace(TICKET, event=replace(EVENT, ends_at=STARTS + timedelta(days=2)))

    assert "19.00 WIB – Sen, 7 Des 2026 · 19.00 WIB" in _text(documents.compile_sheets([sheet]))


def test_every_document_can_be_followed_by_a_screen_reader():
    for sheet in (TICKET, SUMMARY, CERTIFICATE):
        root = pypdf.PdfReader(io.BytesIO(documents.compile_sheets([sheet]))).root_object
        assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("id", True)
        assert b"pdfuaid" in root["/Metadata"].get_object().get_data()


def test_name_that_no_font_draws_still_gets_its_ticket():
    pdf = documents.compile_sheets([replace(TICKET, holder_name="\U0001f9ff王")])

    assert "K7Q2M9XZ4VBNC" in _text(pdf)
