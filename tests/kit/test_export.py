"""Exports must reach a spreadsheet as text, and phone numbers must still be dialled from them."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from pesan.kit.export import Cell, ExportFormat, disarm, open_table

ARMED = [
    "=1+1",
    '=HYPERLINK("http://evil.example","klik")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "﹦1",
    "⁺1",
    "−1",
    " =1+1",
    "\u00a0=1",
    "\u200b=1",
    "\x00=1",
]


@pytest.mark.parametrize("text", ARMED)
def test_disarm_text_that_starts_a_formula(text: str) -> None:
    assert disarm(text)[0] == "'"


@pytest.mark.parametrize("text", ["", "Budi", "a=b", "12-3", "'=1", "Rp 150.000", "Ñ + 1", " "])
def test_disarm_plain_text(text: str) -> None:
    assert disarm(text) == text


@given(st.text())
def test_disarm_is_stable(text: str) -> None:
    assert disarm(disarm(text)) == disarm(text)


def export(kind: ExportFormat, *rows: list[Cell]) -> bytes:
    out = io.BytesIO()
    table = open_table(kind, out, title="Pesanan [1/2]", header=["Nama", "Nomor", "Jumlah"])
    table.add(rows)
    table.finish()
    return out.getvalue()


def test_csv_reads_back_with_disarmed_cells() -> None:
    content = export(
        ExportFormat.CSV, ["=cmd|' /C calc'!A0", "+628123456789", 150000], ['Sri, "Rara"', None, -5]
    )

    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))

    assert rows == [
        ["Nama", "Nomor", "Jumlah"],
        ["'=cmd|' /C calc'!A0", "'+628123456789", "150000"],
        ['Sri, "Rara"', "", "-5"],
    ]


def test_xlsx_holds_text_cells_and_bare_phones() -> None:
    content = export(ExportFormat.XLSX, ["=1+1", "+628123456789", 150000], ["Sri\x0b", None, -5])

    sheet = load_workbook(io.BytesIO(content)).active

    assert sheet is not None
    assert [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        [("'=1+1", "s"), ("+628123456789", "s"), (150000, "n")],
        [("Sri", "s"), (None, "n"), (-5, "n")],
    ]


def test_xlsx_phone_with_a_formula_behind_it_is_disarmed() -> None:
    content = export(ExportFormat.XLSX, ["x", "+62812+cmd|'/C calc'!A0", 1])

    sheet = load_workbook(io.BytesIO(content)).active

    assert sheet is not None
    assert sheet["B2"].value == "'+62812+cmd|'/C calc'!A0"


def test_times_are_written_as_given() -> None:
    at = datetime(2026, 12, 5, 19, 0, tzinfo=UTC)

    text = export(ExportFormat.CSV, ["a", at, 1]).decode("utf-8-sig")
    sheet = load_workbook(io.BytesIO(export(ExportFormat.XLSX, ["a", at, 1]))).active

    assert text.splitlines()[1] == "a,2026-12-05 19:00:00+00:00,1"
    assert sheet is not None
    assert sheet["B2"].value == at.replace(tzinfo=None)
