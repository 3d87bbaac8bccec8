"""Tables as CSV or XLSX that no spreadsheet can be tricked into calculating.

A cell that a guest typed may begin with `=`, `+`, `-` or `@`, and quoting does not stop a spreadsheet from running
it (ASVS 5.0.0 V1.2.10). Both writers put an apostrophe before such text.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

Cell = str | int | datetime | None

_STARTS_FORMULA = frozenset("=+-@\u2212")
# XML 1.0 has no place for these, and no spreadsheet shows them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


class ExportFormat(StrEnum):
    """The kinds of file a table can leave as."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def mime(self) -> str:
        """The media type to serve the file with."""
        if self is ExportFormat.CSV:
            return "text/csv; charset=utf-8"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TableWriter(Protocol):
    """Takes rows in any number of portions; the file is complete after `finish`."""

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Append rows in order."""

    def finish(self) -> None:
        """Write what is still buffered."""


def open_table(kind: ExportFormat, out: BinaryIO, *, title: str, header: Sequence[str]) -> TableWriter:
    """Begin a table on a binary file; `title` names the sheet where the format has sheets."""
    if kind is ExportFormat.CSV:
        return _CsvTable(out, header)
    from pesan.kit.sheets import XlsxTable  # a tenth of what starting takes, for what few processes ever do

    return XlsxTable(out, title, header)


def disarm(text: str) -> str:
    """Return text that a spreadsheet reads as text, whatever a stranger typed.

    Full-width and superscript forms count (`＝`, `﹢`), as do blanks and control characters before the sign: an
    import may trim or fold them.
    """
    clean = _UNPRINTABLE.sub("", text)
    return f"'{clean}" if _looks_like_formula(clean) else clean


def _looks_like_formula(text: str) -> bool:
    if text[:1] in {"\t", "\r", "\n"}:
        return True
    seen = next((char for char in text if not _is_ignorable(char)), "")
    return unicodedata.normalize("NFKC", seen)[:1] in _STARTS_FORMULA if seen else False


def _is_ignorable(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Zs", "Mn"}


class _CsvTable:
    def __init__(self, out: BinaryIO, header: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(out, encoding="utf-8", newline="")
        self._text.write("\ufeff")  # Without the mark Excel reads UTF-8 as Windows-1252.
        self._csv = csv.writer(self._text, quoting=csv.QUOTE_MINIMAL)
        self.add([header])

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._csv.writerows([_csv_value(cell) for cell in row] for row in rows)

    def finish(self) -> None:
        self._text.flush()
        self._text.detach()  # The file stays open: it is the caller's to send and close.


def _csv_value(cell: Cell) -> str | int:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, str):
        return disarm(cell)
    return "" if cell is None else cell
