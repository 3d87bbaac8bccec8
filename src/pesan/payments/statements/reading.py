"""A bank's list of transactions as CSV, as its site gives it: pure, and the only place that knows how banks write.

Banks agree on nothing: the separator, the header's place and words, whether a year is written, which comma is decimal.
What can be recognised is; what cannot, the organizer names once, and it is remembered for the account.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from pesan.payments.statements.errors import StatementUnreadable

MAX_BYTES = 4 * 1024 * 1024
MAX_LINES = 20_000
DESCRIPTION_LENGTH = 300
ROLES = ("date", "description", "amount", "side")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "date": ("tanggal", "tgl", "date"),
    "description": ("keterangan", "uraian", "description", "deskripsi", "remark", "berita"),
    "amount": ("kredit", "credit", "masuk", "jumlah", "nominal", "amount", "mutasi"),
    "side": ("tipe", "type", "db/cr", "d/k", "jenis"),
}
# Pending entries have no day yet; they come again with one.
_PENDING = frozenset({"pend", "pending"})
_CREDIT = frozenset({"cr", "c", "k", "kr", "kredit", "credit"})
_DEBIT = frozenset({"db", "d", "dr", "debet", "debit"})
_NAMES_CREDIT = re.compile(r"kredit|credit|masuk")
_NAMES_DEBIT = re.compile(r"deb[ei]t|keluar|\bd[br]\b")
_DATE = re.compile(r"(\d{1,4})[/\-. ](\d{1,2})(?:[/\-. ](\d{2,4}))?")
_SIDE_BEHIND = re.compile(r"\s*(cr|db|dr|k|d)$", re.IGNORECASE)
_AMOUNT = re.compile(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?")
_LONGEST_AMOUNT = 20
_PREAMBLE_LINES = 20
_FEWEST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """Money that came to an account: `number` tells lines of one day apart that read the same.

    `reference` is the bank's own name for it, which files do not have, so that it is no part of the fingerprint.
    """

    posted_on: date
    amount: int
    description: str
    number: int = 1
    reference: str | None = None

    @property
    def fingerprint(self) -> bytes:
        """By which the same line is known when it is uploaded again, with whatever stands around it."""
        text = "\x1f".join((self.posted_on.isoformat(), str(self.amount), self.description, str(self.number)))
        return sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class Statement:
    """The credits of a file, which columns they were read from, and how many entries have no day yet."""

    lines: Sequence[Line]
    columns: Mapping[str, str]
    pending: int = 0


def read_statement(content: bytes, today: date, columns: Mapping[str, str] | None = None) -> Statement:
    """The credits in a CSV file; `columns` names the header of each role, where an organizer said so.

    Dates without a year are the latest ones that are not after `today`. Raises StatementUnreadable, naming the line.
    """
    rows = list(_rows(content))
    head, names = _find_head(rows, columns or {})
    header, entries = rows[head][1], rows[head + 1 :]
    if "side" not in names and (beside := _find_nameless_side(header, entries, names)) is not None:
        names["side"] = beside
    is_credit = _is_of_credits(header[names["amount"]])
    found: list[tuple[date, int, str]] = []
    pending = 0
    for number, cells in entries:
        row = {role: cells[place] if place < len(cells) else "" for role, place in names.items()}
        if row["date"].casefold().strip("' ") in _PENDING:
            pending += 1
        elif (line := _credit(number, row, today, is_credit=is_credit)) is not None:
            found.append(line)
    named = {role: header[place] for role, place in names.items() if place < len(header) and header[place]}
    return Statement(_numbered(found), named, pending)


def tidy(description: str) -> str:
    """A description as it is kept, and as it counts for knowing a line again."""
    return " ".join(description.split())[:DESCRIPTION_LENGTH]


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    if len(content) > MAX_BYTES:
        raise StatementUnreadable(line=1)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        raise StatementUnreadable(line=1)
    delimiter = max(",;\t|", key=text[:4_000].count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        for cells in reader:
            if reader.line_num > MAX_LINES:
                raise StatementUnreadable(line=reader.line_num)
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise StatementUnreadable(line=reader.line_num) from error


def _find_head(
    rows: Sequence[tuple[int, list[str]]], columns: Mapping[str, str]
) -> tuple[int, dict[str, int]]:
    """Where the header is, and each role's place in it; above it banks write whose account this is."""
    for index, (number, cells) in enumerate(rows[:_PREAMBLE_LINES]):
        if len([cell for cell in cells if cell]) < _FEWEST_COLUMNS:
            continue
        names = {role: place for role in ROLES if (place := _place(role, cells, columns)) is not None}
        if {"date", "description", "amount"} <= names.keys():
            if columns.get("side", "").strip() and "side" not in names:
                raise StatementUnreadable(line=number)  # without it, money out would read as money in
            return index, names
    raise StatementUnreadable(line=1)


def _place(role: str, cells: Sequence[str], columns: Mapping[str, str]) -> int | None:
    folded = [cell.casefold() for cell in cells]
    if said := columns.get(role, "").strip().casefold():
        return folded.index(said) if said in folded else None
    for word in _WORDS[role]:
        for place, cell in enumerate(folded):
            if word in cell:
                return place
    return None


def _find_nameless_side(
    header: Sequence[str], entries: Sequence[tuple[int, list[str]]], names: Mapping[str, int]
) -> int | None:
    """Where CR and DB stand in a column without a name right of the amount, as BCA writes them."""
    dated = [cells for _, cells in entries if _is_dated(cells, names["date"])]
    for place in range(names["amount"] + 1, max((len(cells) for cells in dated), default=0)):
        if place < len(header) and header[place]:
            continue
        sides = {cells[place].casefold() for cells in dated if place < len(cells)} - {""}
        if sides and sides <= _CREDIT | _DEBIT:
            return place
    return None


def _is_dated(cells: Sequence[str], place: int) -> bool:
    """Whether a row is a transaction, and no footer."""
    written = cells[place].casefold().strip("' ") if place < len(cells) else ""
    return written in _PENDING or written[:1].isdigit()


def _is_of_credits(name: str) -> bool:
    """Whether a column has money in alone, so that its amounts need no side."""
    folded = name.casefold()
    return _NAMES_CREDIT.search(folded) is not None and _NAMES_DEBIT.search(folded) is None


def _credit(
    number: int, row: Mapping[str, str], today: date, *, is_credit: bool
) -> tuple[date, int, str] | None:
    """A row's money in; None for money out, for a balance, and for what is no transaction at all.

    Raises StatementUnreadable where nothing says whether money came or went.
    """
    written = row["amount"].lstrip("+").removeprefix("Rp").strip()
    behind = _SIDE_BEHIND.search(written)
    side = (row.get("side", "") or (behind[1] if behind else "")).casefold().strip()
    amount = _amount(_SIDE_BEHIND.sub("", written))
    day = _day(row["date"].strip("' "), today)
    if side in _DEBIT or amount is None or amount == 0 or day is None:
        return None
    if side not in _CREDIT and (side or not is_credit):
        raise StatementUnreadable(line=number)
    return day, amount, tidy(row["description"])


def _amount(text: str) -> int | None:
    """Whole rupiah, whichever comma is decimal; None for what is no amount or has sen, which no transfer here has."""
    if len(text) > _LONGEST_AMOUNT or not _AMOUNT.fullmatch(text):
        return None
    whole, _, sen = text.replace(",", ".").rpartition(".")
    if not whole:
        return int(sen)
    is_fraction = len(sen) <= 2
    digits = whole if is_fraction else whole + sen
    return None if is_fraction and int(sen) else int(digits.replace(".", ""))


def _day(text: str, today: date) -> date | None:
    match = _DATE.match(text)
    if match is None:
        return None
    first, second, last = match.groups()
    if len(first) == 4:
        return _date(int(first), int(second), int(last or 0))
    if last:
        year = int(last) + (2000 if len(last) == 2 else 0)
        return _date(year, int(second), int(first))
    this_year = _date(today.year, int(second), int(first))
    if this_year is not None and this_year <= today + timedelta(days=1):
        return this_year
    return _date(today.year - 1, int(second), int(first))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _numbered(found: Sequence[tuple[date, int, str]]) -> list[Line]:
    seen: Counter[tuple[date, int, str]] = Counter()
    lines = []
    for entry in found:
        seen[entry] += 1
        lines.append(Line(*entry, number=seen[entry]))
    return lines
