"""What people type into the chat, and what is understood of it."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pesan.jastip.parsing import NO_NAME, Info, Join, Start, Status, Stop, Unknown, name_of, read_command

SITI = Join("jpn25", "Siti")


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("JOIN jpn25 | Nama: Siti", SITI),
        ("join jpn25 | nama: Siti", SITI),
        ("  JOIN   jpn25  |  Nama :   Siti  ", SITI),
        ("JOIN jpn25 Nama: Siti", SITI),
        ("JOIN jpn25 Siti", SITI),
        ("join jpn25, Siti", SITI),
        ("Join JPN25|Siti", SITI),
        ("JOIN jpn25\nNama: Siti", SITI),
        ("🙏 JOIN jpn25 | Nama: Siti", SITI),
        ("*JOIN jpn25 | Nama: Siti", SITI),
        ("\u200eJOIN jpn25 | Nama: Siti\u200f", SITI),
        ("ＪＯＩＮ jpn25 | Nama: Siti", SITI),
        ("gabung jpn25 nama saya Siti", SITI),
        ("ikut jpn25 - Siti", SITI),
        ("JOIN jpn25", Join("jpn25")),
        ("JOIN jpn25 |", Join("jpn25")),
        ("JOIN jpn25 | Nama: ", Join("jpn25")),
        ("JOIN jpn25 | Nama: Siti Nurhaliza bt. Ahmad", Join("jpn25", "Siti Nurhaliza bt. Ahmad")),
        ("JOIN jpn25 | Nama: Siti 🌸", Join("jpn25", "Siti 🌸")),
        ("JOIN jpn25 | Nama: Siti | Kode: 7KQ2M9XA", Join("jpn25", "Siti", "7KQ2M9XA")),
        ("join jpn25 siti kode 7kq2m9xa", Join("jpn25", "siti", "7KQ2M9XA")),
        ("JOIN jpn25 | Kode: 7KQ2M9XA", Join("jpn25", "", "7KQ2M9XA")),
        ("JOIN trip_a-1 | Nama: Budi", Join("trip_a-1", "Budi")),
        ("JOIN", Unknown()),
        ("JOIN ab | Nama: Siti", Unknown()),
        ("JOIN sebelashuruf | Nama: Siti", Unknown()),
        ("saya mau join jpn25", Unknown()),
        ("INFO jpn25", Info("jpn25")),
        ("info  JPN25!", Info("jpn25")),
        ("katalog", Info()),
        ("info dong kak yang lama", Unknown()),
        ("STOP jpn25", Stop("jpn25")),
        ("stop", Stop()),
        ("Stop.", Stop()),
        ("BERHENTI", Stop()),
        ("stop ya kak, terima kasih", Stop()),
        ("stop dong", Stop("dong")),
        ("unsubscribe jpn25", Stop("jpn25")),
        ("stopwatch", Unknown()),
        ("START", Start()),
        ("mulai jpn25", Start("jpn25")),
        ("status", Status()),
        ("Pesanan saya?", Status()),
        ("cek pesananku", Status()),
        ("status pesanan", Status()),
        ("mana titipan saya??", Status()),
        ("", Unknown()),
        ("Halo kak, ada yang warna merah?", Unknown()),
        ("terima kasih 🙏", Unknown()),
    ],
)
def test_what_is_typed_is_understood(typed, command):
    assert read_command(typed) == command


_DOCUMENTED = re.compile(r"^JOIN\s+([a-zA-Z0-9_-]{3,10})\s*\|\s*Nama:\s*(.+)$", re.IGNORECASE)


@given(
    st.from_regex(r"[a-zA-Z0-9_-]{3,10}", fullmatch=True),
    st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), min_size=3, max_size=30),
)
@example("jpn25", "Nama Saya")
def test_the_documents_own_form_is_understood_as_it_says(slug, name):
    typed = f"JOIN {slug} | Nama: {name}"

    command = read_command(typed)

    assert _DOCUMENTED.match(typed)
    assert isinstance(command, Join)
    assert command.slug == slug.lower()
    plain = unicodedata.normalize("NFKC", name)
    assert name_of(command.name) == name_of(plain) or plain.lower().startswith(("nama", "name"))


@given(st.text(max_size=700))
def test_nothing_that_is_typed_breaks_it(typed):
    command = read_command(typed)

    assert isinstance(command, (Join, Info, Stop, Start, Status, Unknown))
    assert len(name_of(typed)) >= 3


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (["Siti 🌸"], "Siti"),
        (["", "Ibu Sari 🙏"], "Ibu Sari"),
        (["12", None, "Budi"], "Budi"),
        (["🙏", "😀"], NO_NAME),
        (["--- Ani Yulia"], "Ani Yulia"),
    ],
)
def test_a_name_is_taken_from_where_there_is_one(said, name):
    assert name_of(*said) == name
