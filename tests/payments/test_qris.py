"""QRIS: the published vectors, what must be refused, and the properties of protocols §4.3."""

import json
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pesan.payments import qris, qris_image, tlv
from pesan.payments.errors import QrisAmountRefused, QrisInvalid

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "qris.json").read_text())
CODES: dict[str, str] = {
    name: text for name, text in VECTORS["qris"].items() if name != "crc_check_123456789"
}
BAD: dict[str, str] = VECTORS["qris_bad"]
STATIC = CODES["A_static"]
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=25)


def make(*, name: str = "KOPI CONTOH JAYA", extra: tuple[tuple[str, str], ...] = ()) -> qris.Qris:
    fields = [(tag, value) for tag, value in qris.parse(STATIC).fields if tag != "59"]
    return qris.Qris((*fields, ("59", name), *extra))


def dynamic(text: str, amount: int, reference: str | None = None) -> str:
    return qris.serialise(qris.to_dynamic(qris.parse(text), amount, reference))


def test_crc_check_value() -> None:
    assert qris.crc("123456789") == VECTORS["qris"]["crc_check_123456789"]


@pytest.mark.parametrize("name", CODES)
def test_valid_code_survives_a_round_trip(name: str) -> None:
    assert qris.serialise(qris.parse(CODES[name])) == CODES[name]


def test_parse_gives_the_fields_in_order() -> None:
    assert [list(field) for field in qris.parse(STATIC).fields] == VECTORS["qris_tlv_of_A"][:-1]


@pytest.mark.parametrize(
    ("source", "amount", "reference", "expected"),
    [
        ("A_static", 150_000, None, "A_dynamic_150000"),
        ("A_static", 147_356, None, "A_dynamic_147356"),
        ("A_dynamic_150000", 147_356, None, "A_dynamic_147356"),
        ("B_static_with_62", 25_000, "ORD-000123", "B_dynamic_25000_ref"),
        ("G_trap_static_name_contains_6304_and_5802ID", 75_000, None, "G_trap_dynamic_75000"),
        ("A_static", 1, None, "I_min_amount_1"),
        ("A_static", 10_000_000, None, "J_max_10m"),
        ("D_dynamic_tip_fixed", 150_000, None, "A_dynamic_150000"),
        ("E_dynamic_tip_percent", 150_000, None, "A_dynamic_150000"),
        ("F_dynamic_tip_prompt", 150_000, None, "A_dynamic_150000"),
        ("C_dynamic_decimal", 150_000, None, "A_dynamic_150000"),
    ],
)
def test_dynamic_code_matches_its_vector(
    source: str, amount: int, reference: str | None, expected: str
) -> None:
    assert dynamic(CODES[source], amount, reference) == CODES[expected]


@pytest.mark.parametrize("name", ["bad_crc", "truncated", "len_overrun"])
def test_damaged_code_is_refused(name: str) -> None:
    with pytest.raises(QrisInvalid):
        qris.parse(BAD[name])


@pytest.mark.parametrize(
    ("name", "same"), [("lower_crc", "B_static_with_62"), ("trailing_space", "A_static")]
)
def test_harmless_difference_is_normalised(name: str, same: str) -> None:
    assert qris.serialise(qris.parse(BAD[name])) == CODES[same]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "6304",
        STATIC + "X",
        STATIC[:-4] + "ZZZZ",
        "\ud800" + STATIC,
        "0" * 513,
        "https://example.com",
    ],
)
def test_text_that_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(QrisInvalid):
        qris.parse(text)


@pytest.mark.parametrize(
    "fields",
    [
        (("00", "02"), ("26", "0004ABCD"), ("53", "360"), ("58", "ID")),
        (("01", "11"), ("00", "01"), ("26", "0004ABCD"), ("53", "360"), ("58", "ID")),
        (("00", "01"), ("26", "0004ABCD"), ("53", "840"), ("58", "ID")),
        (("00", "01"), ("26", "0004ABCD"), ("53", "360"), ("58", "SG")),
        (("00", "01"), ("53", "360"), ("58", "ID")),
        (("00", "01"), ("26", "0004ABCD"), ("53", "360"), ("58", "ID"), ("63", "AAAA")),
    ],
)
def test_code_of_another_scheme_is_refused(fields: tlv.Fields) -> None:
    with pytest.raises(QrisInvalid):
        qris.parse(qris.serialise(qris.Qris(fields)))


def test_repeated_field_is_refused() -> None:
    body = tlv.encode((*qris.parse(STATIC).fields, ("59", "ORANG LAIN"))) + "6304"

    with pytest.raises(QrisInvalid):
        qris.parse(body + qris.crc(body))


def test_name_outside_ascii_is_read_and_never_written() -> None:
    body = tlv.encode(make(name="KOPI É").fields) + "6304"
    read = qris.parse(body + qris.crc(body))

    assert read.get("59") == "KOPI É"
    with pytest.raises(QrisInvalid):
        qris.serialise(qris.to_dynamic(read, 1_000))


def test_unknown_fields_pass_through() -> None:
    code = make(extra=(("64", "0002ID0103ABC"), ("80", "0004TEST")))

    assert qris.to_dynamic(code, 5_000).fields[-2:] == code.fields[-2:]


@pytest.mark.parametrize("amount", [0, -1, 10_000_001])
def test_amount_that_qris_does_not_carry_is_refused(amount: int) -> None:
    with pytest.raises(QrisAmountRefused):
        qris.to_dynamic(qris.parse(STATIC), amount)


@pytest.mark.parametrize("length", [1, 9, 10, 99])
def test_value_lengths_at_their_boundaries(length: int) -> None:
    assert tlv.decode(tlv.encode([("80", "x" * length)])) == (("80", "x" * length),)


@pytest.mark.parametrize("length", [0, 100])
def test_value_length_beyond_the_boundaries_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        tlv.encode([("80", "x" * length)])


def test_code_over_512_characters_is_refused() -> None:
    code = make(extra=tuple((str(tag), "x" * 99) for tag in range(80, 84)))

    with pytest.raises(QrisInvalid):
        qris.serialise(code)


def test_reference_is_left_out_where_it_does_not_fit() -> None:
    crowded = tlv.encode([("08", "y" * 80)])
    code = make(extra=(("62", crowded),))

    assert qris.to_dynamic(code, 5_000, "PESANAN-000000000000001").get("62") == crowded


def test_reference_leaves_foreign_additional_data_alone() -> None:
    code = make(extra=(("62", "***"),))

    assert qris.to_dynamic(code, 5_000, "ORD-1").get("62") == "***"


def test_reference_is_cut_to_what_the_field_takes() -> None:
    assert qris.to_dynamic(make(), 5_000, "R" * 40).get("62") == "0125" + "R" * 25


def test_describe_says_who_is_paid() -> None:
    assert qris.describe(qris.parse(STATIC)) == qris.Description(
        name="KOPI CONTOH JAYA",
        city="JAKARTA SELATAN",
        nmid="ID1099900000001",
        criteria="UMI",
        acquirer="ID.CO.CONTOHBAYAR.WWW",
        pan="936009990012345678",
        is_static=True,
    )


def test_codes_of_one_account_share_its_key() -> None:
    keys = {
        qris.account_key(qris.parse(CODES[name])) for name in ("A_static", "B_static_with_62", "J_max_10m")
    }

    assert keys == {"qris:ID1099900000001"}


def test_account_without_number_is_known_by_its_own_text() -> None:
    fields = (("00", "01"), ("26", "0004ABCD"), ("53", "360"), ("58", "ID"))

    assert qris.account_key(qris.Qris(fields)) == qris.account_key(qris.to_dynamic(qris.Qris(fields), 5))


@given(PRINTABLE, st.dictionaries(st.integers(64, 99), PRINTABLE, max_size=4))
def test_parse_is_the_inverse_of_serialise(name: str, extra: dict[int, str]) -> None:
    code = make(name=name, extra=tuple((str(tag), value) for tag, value in extra.items()))

    # white space at either end is forgiven on input, so it cannot be told apart there
    assert qris.parse(qris.serialise(code)) == code


@given(st.sampled_from(sorted(CODES)), st.integers(1, 10_000_000), st.integers(1, 10_000_000))
def test_the_last_amount_wins(name: str, first: int, last: int) -> None:
    code = qris.parse(CODES[name])

    assert qris.to_dynamic(qris.to_dynamic(code, first), last) == qris.to_dynamic(code, last)


@given(st.sampled_from(sorted(CODES)), st.integers(1, 10_000_000), st.none() | PRINTABLE)
def test_the_account_never_changes(name: str, amount: int, reference: str | None) -> None:
    code = qris.parse(CODES[name])
    made = qris.to_dynamic(code, amount, reference)

    assert [field for field in made.fields if field[0] not in {"01", "54", "62"}] == [
        field for field in code.fields if field[0] not in {"01", "54", "55", "56", "57", "62"}
    ]
    assert (made.get("01"), made.get("54")) == ("12", str(amount))


@given(st.sampled_from(sorted(CODES)), st.data())
def test_any_changed_character_is_noticed(name: str, data: st.DataObject) -> None:
    text = CODES[name]
    at = data.draw(st.integers(0, len(text) - 5))
    other = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(lambda c: c != text[at]))

    with pytest.raises(QrisInvalid):
        qris.parse(text[:at] + other + text[at + 1 :])


@given(st.text(max_size=600))
def test_no_text_breaks_the_reader(text: str) -> None:
    for candidate in (text, "000201" + text, STATIC[:-8] + text):
        try:
            qris.parse(candidate)
        except QrisInvalid:
            continue


def test_png_is_read_by_an_independent_decoder(tmp_path: Path) -> None:
    path = tmp_path / "qris.png"
    path.write_bytes(qris_image.to_png(CODES["A_dynamic_147356"]))

    found = zxingcpp.read_barcodes(Image.open(path))

    assert [barcode.text for barcode in found] == [CODES["A_dynamic_147356"]]
    assert found[0].ec_level == "M"


def test_svg_is_white_with_a_quiet_zone_and_a_name() -> None:
    svg = qris_image.to_svg(STATIC, "QRIS <Kopi>")

    assert svg.startswith("<svg ")
    assert "<title>QRIS &lt;Kopi&gt;</title>" in svg
    assert 'fill="#fff"' in svg
