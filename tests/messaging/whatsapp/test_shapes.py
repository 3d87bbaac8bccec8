"""What may be sent: the limits, the form on the wire, and shapes that were kept."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.messaging.whatsapp.links import chat_url
from pesan.messaging.whatsapp.shapes import (
    Button,
    Buttons,
    Choices,
    Document,
    Link,
    Picture,
    Row,
    Section,
    ShapeTooLong,
    ShapeWrong,
    TemplateUse,
    Text,
    clean_parameter,
    fit,
    shape_from_json,
)

FAMILY = "👨\u200d👩\u200d👧"
YES = Button("order:1:yes", "Ya")


def rows(count: int, first: int = 0) -> tuple[Row, ...]:
    return tuple(Row(f"row:{number}", f"Pilihan {number}") for number in range(first, first + count))


@pytest.mark.parametrize(
    ("field", "limit", "make"),
    [
        ("body", 4096, Text),
        ("body", 1024, lambda text: Buttons(text, (YES,))),
        ("header", 60, lambda text: Buttons("a", (YES,), header=text)),
        ("footer", 60, lambda text: Buttons("a", (YES,), footer=text)),
        ("button.id", 256, lambda text: Button(text, "a")),
        ("button.title", 20, lambda text: Button("a", text)),
        ("body", 4096, lambda text: Choices(text, "Buka", (Section("", rows(1)),))),
        ("button", 20, lambda text: Choices("a", text, (Section("", rows(1)),))),
        ("row.id", 200, lambda text: Row(text, "a")),
        ("row.title", 24, lambda text: Row("a", text)),
        ("row.description", 72, lambda text: Row("a", "a", text)),
        ("section.title", 24, lambda text: Section(text, rows(1))),
        ("body", 1024, lambda text: Link(text, "Buka", "https://toko.example")),
        ("label", 20, lambda text: Link("a", text, "https://toko.example")),
        ("caption", 1024, lambda text: Picture(media_id="1", caption=text)),
        ("caption", 1024, lambda text: Document(media_id="1", filename="a.pdf", caption=text)),
        ("body", 1024, lambda text: TemplateUse("pesanan_siap", "id", (text,))),
    ],
)
def test_limits_count_characters_and_an_emoji_is_one(field, limit, make):
    make("👍" * limit)
    make("é" * limit)

    with pytest.raises(ShapeTooLong) as raised:
        make("👍" * (limit + 1))

    assert (raised.value.field, raised.value.limit) == (field, limit)


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("buttons", lambda: Buttons("a", tuple(Button(str(n), "x") for n in range(4)))),
        ("rows", lambda: Choices("a", "Buka", (Section("A", rows(6)), Section("B", rows(5, 6))))),
        ("section.rows", lambda: Section("A", rows(11))),
        ("sections", lambda: Choices("a", "Buka", tuple(Section("A", rows(1, n)) for n in range(11)))),
    ],
)
def test_more_than_meta_takes_is_refused_before_it_is_sent(field, make):
    with pytest.raises(ShapeTooLong) as raised:
        make()
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("body", lambda: Text("  \n")),
        ("buttons", lambda: Buttons("a", ())),
        ("button.id", lambda: Buttons("a", (YES, YES))),
        ("row.id", lambda: Choices("a", "Buka", (Section("A", rows(1)), Section("B", rows(1))))),
        ("section.title", lambda: Choices("a", "Buka", (Section("A", rows(1)), Section("", rows(1, 1))))),
        ("url", lambda: Link("a", "Buka", "javascript:alert(1)")),
        ("link", Picture),
        ("link", lambda: Picture("https://toko.example/a.png", "1")),
        ("filename", lambda: Document(media_id="1")),
        ("name", lambda: TemplateUse("Pesanan Siap", "id")),
        ("language", lambda: TemplateUse("pesanan_siap", "indonesia")),
        ("button", lambda: TemplateUse("pesanan_siap", "id", button="a b")),
    ],
)
def test_what_meta_would_refuse_is_not_made(field, make):
    with pytest.raises(ShapeWrong) as raised:
        make()
    assert (raised.value.field, isinstance(raised.value, ShapeTooLong)) == (field, False)


@pytest.mark.parametrize(
    ("shape", "wire"),
    [
        (Text("Halo"), ("text", {"body": "Halo", "preview_url": False})),
        (
            Buttons("Data sudah benar?", (YES,), footer="Toko"),
            (
                "interactive",
                {
                    "type": "button",
                    "body": {"text": "Data sudah benar?"},
                    "footer": {"text": "Toko"},
                    "action": {"buttons": [{"type": "reply", "reply": {"id": "order:1:yes", "title": "Ya"}}]},
                },
            ),
        ),
        (
            Choices(
                "Pilih jam", "Lihat jam", (Section("Sabtu", (Row("slot:1", "14.00", "Studio A"),)),), "Jadwal"
            ),
            (
                "interactive",
                {
                    "type": "list",
                    "header": {"type": "text", "text": "Jadwal"},
                    "body": {"text": "Pilih jam"},
                    "action": {
                        "button": "Lihat jam",
                        "sections": [
                            {
                                "title": "Sabtu",
                                "rows": [{"id": "slot:1", "title": "14.00", "description": "Studio A"}],
                            }
                        ],
                    },
                },
            ),
        ),
        (
            Link("Bayar sekarang", "Bayar", "https://toko.example/p/abc"),
            (
                "interactive",
                {
                    "type": "cta_url",
                    "body": {"text": "Bayar sekarang"},
                    "action": {
                        "name": "cta_url",
                        "parameters": {"display_text": "Bayar", "url": "https://toko.example/p/abc"},
                    },
                },
            ),
        ),
        (
            Picture("https://toko.example/qr/1.png", caption="QRIS"),
            ("image", {"link": "https://toko.example/qr/1.png", "caption": "QRIS"}),
        ),
        (
            Document(media_id="2", filename="invoice.pdf"),
            ("document", {"id": "2", "filename": "invoice.pdf"}),
        ),
        (TemplateUse("halo", "id"), ("template", {"name": "halo", "language": {"code": "id"}})),
        (
            TemplateUse("pesanan_siap", "id", ("Sari", "ORD-1"), "ORD-1"),
            (
                "template",
                {
                    "name": "pesanan_siap",
                    "language": {"code": "id"},
                    "components": [
                        {
                            "type": "body",
                            "parameters": [
                                {"type": "text", "text": "Sari"},
                                {"type": "text", "text": "ORD-1"},
                            ],
                        },
                        {
                            "type": "button",
                            "sub_type": "url",
                            "index": "0",
                            "parameters": [{"type": "text", "text": "ORD-1"}],
                        },
                    ],
                },
            ),
        ),
    ],
)
def test_wire_form_is_the_documented_one(shape, wire):
    assert shape.to_wire() == wire


def _words(limit: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(codec="utf-8"), min_size=1, max_size=limit).filter(str.strip)


FRAME = {"header": st.text(max_size=60), "footer": st.text(max_size=60)}
BUTTON = st.builds(Button, _words(30), _words(20))
ROW = st.builds(Row, _words(30), _words(24), st.text(max_size=72))
SECTION = st.builds(
    Section, _words(24), st.lists(ROW, min_size=1, max_size=3, unique_by=lambda row: row.id).map(tuple)
)
SOURCE = st.one_of(
    st.fixed_dictionaries({"link": st.just("https://toko.example/a")}),
    st.fixed_dictionaries({"media_id": st.just("1")}),
)
SHAPES = st.one_of(
    st.builds(Text, _words(200), st.booleans()),
    st.builds(
        Buttons,
        _words(100),
        st.lists(BUTTON, min_size=1, max_size=3, unique_by=lambda one: one.id).map(tuple),
        **FRAME,
    ),
    st.builds(Choices, _words(100), _words(20), SECTION.map(lambda one: (one,)), **FRAME),
    st.builds(Link, _words(100), _words(20), st.just("https://toko.example/p?a=1"), **FRAME),
    SOURCE.map(lambda source: Picture(**source, caption="x")),
    SOURCE.map(lambda source: Document(**source, filename="a.pdf")),
    st.builds(
        TemplateUse, st.just("halo_1"), st.sampled_from(["id", "en_US"]), st.lists(_words(50)).map(tuple)
    ),
)


@given(SHAPES)
def test_kept_shape_comes_back_the_same(shape):
    assert shape_from_json(json.loads(json.dumps(shape.as_json()))) == shape


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"kind": "fax"},
        {"kind": "text"},
        {"kind": "text", "body": "a", "color": 1},
        {"kind": "buttons", "body": "a", "buttons": [1]},
    ],
)
def test_something_else_is_no_shape(stored):
    with pytest.raises(ValueError, match="not a shape"):
        shape_from_json(stored)


@pytest.mark.parametrize(
    ("text", "limit", "fitted"),
    [
        ("Halo", 4, "Halo"),
        ("Halo semua", 5, "Halo…"),
        ("Halo semua", 6, "Halo…"),
        (FAMILY * 3, 11, FAMILY * 2 + "…"),
        (FAMILY * 3, 10, FAMILY + "…"),
        ("a🇮🇩🇯🇵", 4, "a🇮🇩…"),
        ("👍🏽👍🏽", 3, "👍🏽…"),
        ("cafe\u0301s", 5, "caf…"),
        ("Halo", 1, "…"),
        ("Halo", 0, ""),
    ],
)
def test_long_text_is_cut_between_what_people_see_as_characters(text, limit, fitted):
    assert fit(text, limit) == fitted


@given(st.text(), st.integers(0, 40))
def test_fitted_text_fits_and_begins_as_it_did(text, limit):
    fitted = fit(text, limit)

    assert len(fitted) <= limit
    assert fitted == text or text.startswith(fitted.removesuffix("…"))


@given(st.text())
def test_blank_of_a_template_holds_no_break_and_no_run_of_spaces(text):
    cleaned = clean_parameter(text)

    assert cleaned
    assert "  " not in cleaned
    assert all(unicodedata.category(char) not in {"Zl", "Zp"} for char in cleaned)
    assert not {"\n", "\r", "\t"} & set(cleaned)


def test_link_opens_a_chat_that_already_says_something():
    assert chat_url("+6281100000001") == "https://wa.me/6281100000001"
    assert chat_url("+6281100000001", "Gabung #OSAKA & ya 🙏\n?") == (
        "https://wa.me/6281100000001?text=Gabung%20%23OSAKA%20%26%20ya%20%F0%9F%99%8F%0A%3F"
    )
    with pytest.raises(ValueError, match=r"E\.164"):
        chat_url("081100000001")
