"""Spreadsheets: tables as XLSX, with what people typed kept from being calculated."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Font

from pesan.kit.export import Cell, disarm

_PHONE = re.compile(r"\+[0-9][0-9 ()-]{5,20}")
_CELL_LIMIT = 32_767


class XlsxTable:
    """A `TableWriter` of one sheet, written row by row."""

    def __init__(self, out: BinaryIO, title: str, header: Sequence[str]) -> None:
        self._out = out
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31])
        self._sheet.freeze_panes = "A2"
        self._sheet.append([self._text_cell(name, bold=True) for name in header])

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Append rows in order."""
        for row in rows:
            self._sheet.append([self._value(cell) for cell in row])

    def finish(self) -> None:
        """Write the file; until then nothing is in it."""
        self._book.save(self._out)

    def _value(self, cell: Cell) -> int | datetime | SheetCell | None:
        if isinstance(cell, str):
            return self._text_cell(cell)
        # A sheet's times carry no zone: the caller has converted them to the merchant's.
        return cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell

    def _text_cell(self, text: str, *, bold: bool = False) -> SheetCell:
        # A phone number stays bare, so that it can be dialled: the cell's type already says "text".
        safe = text if _PHONE.fullmatch(text) else disarm(text)
        cell = WriteOnlyCell(self._sheet, value="")
        cell.value = safe[:_CELL_LIMIT]
        cell.data_type = "s"
        cell.number_format = "@"
        if bold:
            cell.font = Font(bold=True)
        return cell
