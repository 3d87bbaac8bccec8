"""Seats from a spreadsheet: what organizers keep is read, and what is wrong is named by its line."""

import pytest

from pesan.backoffice.errors import SeatFileInvalid
from pesan.backoffice.seat_file import MAX_BYTES, MAX_SEATS, read_seats
from pesan.catalog.service import SeatDraft

HEAD = "section,row,number\n"


def test_seats_are_laid_out_as_the_file_lists_them():
    assert read_seats(f"{HEAD}A,1,1\nA,1,2\nA,2,1\nB,1,1\n".encode()) == [
        SeatDraft("A", "1", "1", 0, 0),
        SeatDraft("A", "1", "2", 1, 0),
        SeatDraft("A", "2", "1", 0, 1),
        SeatDraft("B", "1", "1", 0, 2),
    ]


def test_a_file_may_say_where_seats_are_and_which_are_accessible():
    text = "\ufeffSection;Row;Number;X;Y;Accessible\nA;1;1;10;3;ya\n\nA;1;2;12;3;\n"
    assert read_seats(text.encode()) == [
        SeatDraft("A", "1", "1", 10, 3, is_accessible=True),
        SeatDraft("A", "1", "2", 12, 3),
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (HEAD.encode(), 1),
        (b"bagian,baris\nA,1\n", 1),
        (f"{HEAD}A,1,1\nA,,2\n".encode(), 3),
        (f"{HEAD}{'A' * 41},1,1\n".encode(), 2),
        (f"{HEAD}A,1,1\nA,1,1\n".encode(), 3),
        (b"section,row,number,x,y\nA,1,1,-1,0\n", 2),
        (b"section,row,number,x,y\nA,1,1,1e3,0\n", 2),
        ("section,row,number\nA,1,é\n".encode("latin-1"), 1),
        (b"x" * (MAX_BYTES + 1), 1),
        ((HEAD + "".join(f"A,1,{number}\n" for number in range(MAX_SEATS + 1))).encode(), MAX_SEATS + 2),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_its_line(content: bytes, line: int):
    with pytest.raises(SeatFileInvalid) as refused:
        read_seats(content)
    assert refused.value.params["line"] == line


def test_the_reason_is_told_in_the_readers_language():
    with pytest.raises(SeatFileInvalid) as refused:
        read_seats(f"{HEAD}A,1,1\nA,1,1\n".encode())
    assert (
        refused.value.text("id") == "Baris 3: kursi ini sudah ada di atas. Tidak ada kursi yang ditambahkan."
    )
    assert refused.value.text("en") == "Line 3: this seat is in a line above. No seats were added."
