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
from itertools import product

from pesan.payments.statements.errors import StatementUnreadable

MAX_BYTES = 4 * 1024 * 1024
MAX_LINES = 20_000
DESCRIPTION_LENGTH = 300
ROLES = ("date", "description", "amount", "side")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "date": ("tanggal", "tgl", "date", "waktu"),
    "description": (
        "keterangan",
        "uraian",
        "desc",
        "desk",
        "remark",
        "berita",
        "rincian",
        "detail",
        "narasi",
    ),
    # Before the amount, because a side may be called by both words of it.
    "side": (
        "debit/kredit", "debet/kredit", "kredit/debit", "kredit/debet", "debit/credit", "credit/debit",
        "tipe", "type", "db/cr", "cr/db", "d/k", "k/d", "d/c", "jenis",
    ),
    "amount": ("kredit", "credit", "masuk", "jumlah", "nominal", "amount", "mutasi"),
}  # fmt: skip
# Pending entries have no day yet; they come again with one.
_PENDING = frozenset({"pend", "pending"})
_CREDIT = frozenset({"+", "cr", "c", "k", "kr", "kredit", "credit", "masuk", "in"})
_DEBIT = frozenset({"-", "db", "d", "dr", "debet", "debit", "keluar", "out"})
# What sums begin with that banks write below the transactions, where those have their day.
_FOOT = re.compile(
    r"(sub|grand)?\s*(saldo|total|jumlah|mutasi|starting|opening|beginning|ending|closing|kredit|credit|deb[ei]t)"
)
_NAMES_CREDIT = re.compile(r"kredit|credit|masuk")
_NAMES_DEBIT = re.compile(r"deb[ei]t|keluar|\bd[br]\b")
# Behind a day without a year there may be the hour.
_DATE = re.compile(
    r"(\d{1,4})(?:[/\-. ]{1,2}|(?=[a-z]))(\d{1,2}|[a-z]{3,9})"
    r"(?:(?:[/\-. ]{1,2}|(?<=[a-z]))(\d{4}|\d{2}))?(?=$|[\s,t])"
)
_MONTHS = (
    ("jan",), ("feb", "peb"), ("mar",), ("apr",), ("mei", "may"), ("jun",), ("jul",), ("agu", "ags", "agt", "aug"),
    ("sep",), ("okt", "oct"), ("nov", "nop"), ("des", "dec"),
)  # fmt: skip
_WRITTEN = re.compile(
    r"(?P<before>[+-]?)\s*(?:rp\.?|idr)?\s*(?P<inside>[+-]?)\s*(?P<amount>[\d.,]*)\s*"
    r"(?P<behind>(?:cr|db|dr|kr|c|d|k|[+-])?)"
)
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
        written = row["date"].casefold().strip("' ")
        day = _day(written, today)
        if written in _PENDING:
            pending += 1
        elif day is None and _is_foot(cells, header):
            continue
        elif (line := _credit(number, row, day, is_credit=is_credit)) is not None:
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
        names = _find_places([_fold(cell) for cell in cells], columns)
        if {"date", "description", "amount"} <= names.keys():
            if columns.get("side", "").strip() and "side" not in names:
                raise StatementUnreadable(line=number)  # without it, money out would read as money in
            return index, names
    raise StatementUnreadable(line=1)


def _find_places(names: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Each role's column: as somebody said, else by its words; no column has two roles."""
    said = {role: _fold(columns[role]) for role in _WORDS if columns.get(role, "").strip()}
    places = {role: names.index(name) for role, name in said.items() if name in names}
    for role in (role for role in _WORDS if role not in said):
        free = {place: name for place, name in enumerate(names) if place not in places.values()}
        if (place := _place(role, free)) is not None:
            places[role] = place
    return places


def _place(role: str, names: Mapping[int, str]) -> int | None:
    """A column whose whole name is one of the words goes before those that only have it in theirs."""
    ways = (str.__eq__, str.__contains__)
    found = (
        place
        for fits, word in product(ways, _WORDS[role])
        for place, name in names.items()
        if fits(name, word)
    )
    return next(found, None)


def _fold(name: str) -> str:
    return re.sub(r"\s*/\s*", "/", name.casefold().strip())


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


def _is_foot(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a row without a day is a sum below the transactions, or the header of another page."""
    first = next((cell.casefold() for cell in cells if cell), "")
    return _FOOT.match(first) is not None or list(cells) == list(header)


def _is_of_credits(name: str) -> bool:
    """Whether a column has money in alone, so that its amounts need no side."""
    folded = name.casefold()
    return _NAMES_CREDIT.search(folded) is not None and _NAMES_DEBIT.search(folded) is None


def _credit(
    number: int, row: Mapping[str, str], day: date | None, *, is_credit: bool
) -> tuple[date, int, str] | None:
    """A row's money in; None for money out, and for what moves nothing.

    Raises StatementUnreadable for every other row, also where nothing says whether money came or went.
    """
    written = _WRITTEN.fullmatch(row["amount"].casefold())
    signs = {row.get("side", "").casefold()}
    signs |= set(written.group("before", "inside", "behind")) if written else set()
    signs.discard("")
    amount = _amount(written["amount"]) if written else None
    if not row["amount"] or signs & _DEBIT or amount == 0:
        return None
    if amount is None or day is None or signs - _CREDIT or not (signs or is_credit):
        raise StatementUnreadable(line=number)
    return day, amount, tidy(row["description"])


def _amount(text: str) -> int | None:
    """Whole rupiah, whichever comma is decimal; zero for what has sen, as interest has and no transfer here."""
    if len(text) > _LONGEST_AMOUNT or not _AMOUNT.fullmatch(text):
        return None
    whole, _, sen = text.replace(",", ".").rpartition(".")
    if not whole:
        return int(sen)
    is_fraction = len(sen) <= 2
    digits = whole if is_fraction else whole + sen
    return 0 if is_fraction and int(sen) else int(digits.replace(".", ""))


def _day(text: str, today: date) -> date | None:
    match = _DATE.match(text)
    month = _month(match[2]) if match else None
    if match is None or month is None:
        return None
    first, _, last = match.groups()
    if len(first) == 4:
        return _date(int(first), month, int(last or 0))
    if last:
        year = int(last) + (2000 if len(last) == 2 else 0)
        return _date(year, month, int(first))
    this_year = _date(today.year, month, int(first))
    if this_year is not None and this_year <= today + timedelta(days=1):
        return this_year
    return _date(today.year - 1, month, int(first))


def _month(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    return next((number for number, names in enumerate(_MONTHS, 1) if text.startswith(names)), None)


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
