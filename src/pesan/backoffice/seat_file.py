"""A file of seats, as organizers keep them in a spreadsheet: section, row, number, and where they know it, x and y."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pesan.backoffice.errors import SeatFileInvalid
from pesan.catalog.service import SeatDraft
from pesan.kit.i18n import Text

MAX_BYTES = 4 * 1024 * 1024
MAX_SEATS = 50_000
COLUMNS = ("section", "row", "number")
# The widths of the columns in the table; x and y fit a smallint.
_LONGEST = {"section": 40, "row": 10, "number": 10}
_FARTHEST = 5_000
_YES = frozenset({"1", "ya", "yes", "true", "y"})


def read_seats(content: bytes) -> list[SeatDraft]:
    """The seats of a CSV file with a header, comma or semicolon; raises SeatFileInvalid, naming the line.

    Seats without x and y are laid out as the file lists them: one line per row, sections below each other.
    """
    rows = _rows(content)
    seats = [_seat(number, row) for number, row in rows]
    if not seats:
        raise SeatFileInvalid(line=1, why=Text(id="tidak ada kursi", en="there are no seats"))
    _require_unique(seats, [number for number, _ in rows])
    return _laid_out(seats) if any("x" not in row or "y" not in row for _, row in rows) else seats


def _rows(content: bytes) -> list[tuple[int, Mapping[str, str]]]:
    if len(content) > MAX_BYTES:
        raise SeatFileInvalid(line=1, why=Text(id="berkas lebih dari 4 MB", en="the file is over 4 MB"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SeatFileInvalid(line=1, why=Text(id="bukan teks UTF-8", en="it is not UTF-8 text")) from error
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    if not set(COLUMNS) <= set(names):
        missing = Text(
            id="kolomnya harus section, row, number", en="its columns must be section, row, number"
        )
        raise SeatFileInvalid(line=1, why=missing)
    reader.fieldnames = names
    return list(_cells(reader))


def _cells(reader: "csv.DictReader[str]") -> Iterable[tuple[int, Mapping[str, str]]]:
    count = 0
    try:
        for row in reader:
            cells = {
                name: (value or "").strip() for name, value in row.items() if name and isinstance(value, str)
            }
            if not any(cells.values()):
                continue
            count += 1
            if count > MAX_SEATS:
                raise SeatFileInvalid(
                    line=reader.line_num, why=Text(id="lebih dari 50.000 kursi", en="over 50,000 seats")
                )
            yield reader.line_num, {name: value for name, value in cells.items() if value}
    except csv.Error as error:
        broken = Text(id="baris ini rusak", en="this line is broken")
        raise SeatFileInvalid(line=reader.line_num, why=broken) from error


def _seat(line: int, row: Mapping[str, str]) -> SeatDraft:
    for name, longest in _LONGEST.items():
        if not 0 < len(row.get(name, "")) <= longest:
            why = Text(
                id=f"{name} harus 1 sampai {longest} karakter",
                en=f"{name} must have 1 to {longest} characters",
            )
            raise SeatFileInvalid(line=line, why=why)
    is_accessible = row.get("accessible", "").casefold() in _YES
    x, y = (_place(line, row.get(axis, "0")) for axis in ("x", "y"))
    return SeatDraft(row["section"], row["row"], row["number"], x, y, is_accessible)


def _place(line: int, value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) <= _FARTHEST):
        raise SeatFileInvalid(
            line=line, why=Text(id="x dan y harus 0 sampai 5000", en="x and y must be 0 to 5000")
        )
    return int(value)


def _require_unique(seats: Sequence[SeatDraft], lines: Sequence[int]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for seat, line in zip(seats, lines, strict=True):
        name = (seat.section, seat.row, seat.number)
        if name in seen:
            why = Text(id="kursi ini sudah ada di atas", en="this seat is in a line above")
            raise SeatFileInvalid(line=line, why=why)
        seen.add(name)


def _laid_out(seats: Sequence[SeatDraft]) -> list[SeatDraft]:
    lines: dict[tuple[str, str], list[SeatDraft]] = defaultdict(list)
    for seat in seats:
        lines[seat.section, seat.row].append(seat)
    return [
        SeatDraft(seat.section, seat.row, seat.number, x, y, seat.is_accessible)
        for y, row in enumerate(lines.values())
        for x, seat in enumerate(row)
    ]
