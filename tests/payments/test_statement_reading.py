"""Bank statements as banks write them."""

from datetime import date

import pytest

from pesan.payments.statements.errors import StatementUnreadable
from pesan.payments.statements.reading import Line, read_statement

TODAY = date(2026, 12, 5)
# Preamble, apostrophes, no year, English thousands, side behind the amount, a pending entry, money out.
KLIKBCA = """Informasi Rekening - Mutasi Rekening
No. rekening : 8123456789
Periode : 01/12/2026 - 05/12/2026
Tanggal Transaksi,Keterangan,Cabang,Jumlah,Saldo
'01/12,"TRSF E-BANKING CR 0112/FTSCY/WS95051  150123.00SARI DEWI",'0000,"150,123.00 CR","1,150,123.00"
'02/12,BIAYA ADM,'0000,"17,000.00 DB","1,133,123.00"
PEND,"TRSF E-BANKING CR BUDI",'0000,"150,456.00 CR",
'31/12,KR OTOMATIS,'0000,"200,789.00 CR","1,333,912.00"
Saldo Awal,:,1000000.00
Mutasi Kredit,:,,"350,912.00"
Saldo Akhir,,,"1,333,912.00"
"""
# The side in a column without a name, in either language of the bank's site.
MYBCA = """Tanggal Transaksi,Keterangan,Cabang,Jumlah,,Saldo
'01/12,TRSF E-BANKING CR SARI,'0000,"150,123.00",CR,"1,150,123.00"
'02/12,TRSF E-BANKING DB SEWA,'0000,"150,456.00",DB,"999,667.00"
PEND,TRSF E-BANKING CR BUDI,'0000,"150,789.00",,
Saldo Awal,:,1000000.00
"""
# Separate columns for money in and out, semicolons, Indonesian thousands, full dates.
MANDIRI = """Tanggal;Uraian Transaksi;Debet;Kredit;Saldo
01/12/2026;Transfer dari BUDI SANTOSO;0,00;147.356,00;1.147.356,00
02/12/2026;Biaya transfer;2.500,00;0,00;1.144.856,00
"""
# ISO dates, a side of its own.
JAGO = """Date,Description,Type,Amount
2026-12-01,Incoming from SARI,CR,150123
2026-12-01,Incoming from SARI,CR,150123
2026-12-02,Coffee,DB,20000
"""


def test_a_statement_of_klikbca_gives_its_credits_of_days_that_are_known():
    statement = read_statement(KLIKBCA.encode(), TODAY)
    assert statement.lines == [
        Line(date(2026, 12, 1), 150_123, "TRSF E-BANKING CR 0112/FTSCY/WS95051 150123.00SARI DEWI"),
        Line(date(2025, 12, 31), 200_789, "KR OTOMATIS"),
    ]
    assert (statement.pending, statement.columns["amount"]) == (1, "Jumlah")


@pytest.mark.parametrize(
    "header", ["Tanggal Transaksi,Keterangan,Cabang,Jumlah,,Saldo", "Date,Description,Branch,Amount,,Balance"]
)
def test_a_side_in_a_column_without_a_name_tells_money_in_from_money_out(header: str):
    statement = read_statement(MYBCA.replace(MYBCA.partition("\n")[0], header).encode(), TODAY)
    assert statement.lines == [Line(date(2026, 12, 1), 150_123, "TRSF E-BANKING CR SARI")]
    assert (statement.pending, statement.columns.keys()) == (1, {"date", "description", "amount"})


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("Tanggal,Keterangan,Jumlah\n01/12/2026,SARI,150123 CR\n02/12/2026,SEWA,150456\n", 3),
        ("Tanggal,Keterangan,Tipe,Jumlah\n01/12/2026,SARI,,150123\n", 2),
        ("Tanggal,Keterangan,Masuk/Keluar\n01/12/2026,SARI,150123\n", 2),
        # Neither sides nor blanks, so that the column is no side.
        ("Tanggal,Keterangan,Jumlah,\n01/12/2026,SARI,150123,CR\n02/12/2026,SEWA,150456,0998\n", 2),
    ],
)
def test_an_amount_without_a_side_is_refused_by_its_line(content: str, line: int):
    with pytest.raises(StatementUnreadable) as refused:
        read_statement(content.encode(), TODAY)
    assert refused.value.params == {"line": line}


def test_a_remembered_side_that_a_newer_export_lacks_is_refused():
    known = read_statement(JAGO.encode(), TODAY).columns
    newer = "Date,Description,Kind,Amount\n2026-12-02,Coffee,DB,20000\n"
    with pytest.raises(StatementUnreadable) as refused:
        read_statement(newer.encode(), TODAY, known)
    assert (known["side"], refused.value.params) == ("Type", {"line": 1})


def test_a_statement_with_a_column_for_each_side_gives_money_in():
    assert read_statement(MANDIRI.encode(), TODAY).lines == [
        Line(date(2026, 12, 1), 147_356, "Transfer dari BUDI SANTOSO")
    ]


def test_equal_lines_of_one_day_are_told_apart():
    first, second = read_statement(JAGO.encode(), TODAY).lines
    assert (first.number, second.number, first.fingerprint != second.fingerprint) == (1, 2, True)


def test_a_longer_statement_knows_the_lines_of_a_shorter_one():
    longer = read_statement((JAGO + "2026-12-03,Incoming from ANI,CR,90000\n").encode(), TODAY).lines
    known = {line.fingerprint for line in read_statement(JAGO.encode(), TODAY).lines}
    assert [line.description for line in longer if line.fingerprint not in known] == ["Incoming from ANI"]


def test_columns_may_be_named():
    odd = "Kapan,Apa,Masuk\n01/12/2026,SARI,150.123\n"
    with pytest.raises(StatementUnreadable):
        read_statement(odd.encode(), TODAY)
    named = {"date": "kapan", "description": "Apa", "amount": "MASUK"}
    assert [line.amount for line in read_statement(odd.encode(), TODAY, named).lines] == [150_123]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("150,123.00", 150_123), ("150.123,00", 150_123), ("150123", 150_123), ("Rp 1.150.123", 1_150_123),
        ("1,150,123", 1_150_123), ("+90.000", 90_000), ("90.000,5", None), ("90.000,50", None), ("", None),
        ("0,00", None), ("-90.000", None), ("90.000,00-", None), ("Rp -", None),
        ("IDR 150,123.00", 150_123), ("Rp. 150.123,00", 150_123), ("150,123.00+", 150_123), ("+ Rp90.000", 90_000),
    ],
)  # fmt: skip
def test_amounts_are_whole_rupiah_or_nothing(written: str, amount: int | None):
    content = f"Tanggal;Keterangan;Kredit\n01/12/2026;SARI;{written}\n".encode()
    assert [line.amount for line in read_statement(content, TODAY).lines] == ([amount] if amount else [])


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89PNG\r\n", b"a,b\n1,2\n", b"Tanggal,Keterangan,Jumlah\0\n", b"x" * (4 * 1024 * 1024 + 1)],
)
def test_what_is_no_statement_is_refused(content: bytes):
    with pytest.raises(StatementUnreadable):
        read_statement(content, TODAY)


@pytest.mark.parametrize(
    "written", ["satu", "1.2.3", "9" * 400, "150,123.00 XX", "USD 150", "(90.000)", "CR"]
)
def test_an_amount_that_cannot_be_read_is_refused_by_its_line(written: str):
    content = f'Tanggal,Keterangan,Kredit\n01/12/2026,ANI,1 CR\n01/12/2026,SARI,"{written}"\n'.encode()
    with pytest.raises(StatementUnreadable) as refused:
        read_statement(content, TODAY)
    assert refused.value.params == {"line": 3}


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("02 Dec 2026", date(2026, 12, 2)), ("2 Desember 2026", date(2026, 12, 2)), ("02-Okt-26", date(2026, 10, 2)),
        ("17Agustus2026", date(2026, 8, 17)), ("31 Des", date(2025, 12, 31)), ("2026-Mei-02", date(2026, 5, 2)),
        ("02/12/2026 10:15", date(2026, 12, 2)), ("02/12 10:15", date(2026, 12, 2)),
        ("2026-12-02T10:15:00", date(2026, 12, 2)),
    ],
)  # fmt: skip
def test_days_are_read_with_names_of_months_and_with_hours(written: str, day: date):
    content = f"Tanggal;Keterangan;Kredit\n{written};SARI;150.123\n".encode()
    assert read_statement(content, TODAY).lines == [Line(day, 150_123, "SARI")]


@pytest.mark.parametrize(
    "written", ["12/25/2026", "02 Foo 2026", "45993", "Rabu, 2 Des 2026", "", "02/12/202"]
)
def test_a_day_that_cannot_be_read_is_refused_by_its_line(written: str):
    with pytest.raises(StatementUnreadable) as refused:
        read_statement(f"Tanggal;Keterangan;Kredit\n{written};SARI;150.123\n".encode(), TODAY)
    assert refused.value.params == {"line": 2}


@pytest.mark.parametrize(
    "content",
    [
        "TGL_TRAN,DESK_TRAN,MUTASI_DEBET,MUTASI_KREDIT\n2026-12-01,SARI,0.00,150123.00\n",
        "Tanggal,Keterangan,Debit / Kredit,Jumlah\n01/12/2026,SARI,Kredit,150123\n02/12/2026,SEWA,Debit,9\n",
        "Tanggal,Kode Kredit,Keterangan,Kredit\n01/12/2026,77,SARI,150123\n",
    ],
)
def test_columns_are_known_by_their_whole_names_before_parts_of_them(content: str):
    assert read_statement(content.encode(), TODAY).lines == [Line(date(2026, 12, 1), 150_123, "SARI")]


def test_an_unknown_side_is_refused_by_its_line():
    content = b"Tanggal,Keterangan,Tipe,Jumlah\n01/12/2026,SARI,XX,150123\n"
    with pytest.raises(StatementUnreadable) as refused:
        read_statement(content, TODAY)
    assert refused.value.params == {"line": 2}
