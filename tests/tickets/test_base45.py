import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.tickets import base45


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
        (b"", ""),
    ],
)
def test_codec_on_the_examples_of_the_rfc(data, text):
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@given(st.binary(max_size=200))
def test_decode_gives_back_what_was_encoded(data):
    assert base45.decode(base45.encode(data)) == data


@given(st.text(alphabet=base45.ALPHABET, max_size=30))
def test_each_byte_string_has_one_spelling(text):
    try:
        data = base45.decode(text)
    except ValueError:
        return
    assert base45.encode(data) == text


@pytest.mark.parametrize("text", ["A", "AAAA", ":::", "GGW", "::", "bb8", "BB\x00", "BB😀", "ÄB8"])
def test_decode_of_what_no_encoder_makes_is_refused(text):
    with pytest.raises(ValueError, match="Base45"):
        base45.decode(text)
