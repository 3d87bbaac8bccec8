"""A link opens one file, for a while, and nothing else opens it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.kit.signing import Signer
from pesan.storage.errors import LinkRefused
from pesan.storage.links import LinkedFile, Links

SECRET = b"rahasia-contoh-untuk-uji-saja-32"
FILE = LinkedFile("proof/2026/11/0123456789abcdef0123456789abcdef/file.jpg", "image/jpeg", "bukti-7K3M.jpg")
NOW = 1_780_000_000.0


def test_link_opens_its_file_until_its_time_is_over() -> None:
    links = Links(SECRET)
    token = links.make(FILE, seconds=600, now=NOW)

    assert links.read(token, now=NOW + 599) == FILE
    with pytest.raises(LinkRefused):
        links.read(token, now=NOW + 600)


@pytest.mark.parametrize("seconds", [0, -1, 601])
def test_link_of_more_than_ten_minutes_is_a_mistake(seconds: int) -> None:
    with pytest.raises(ValueError, match="600"):
        Links(SECRET).make(FILE, seconds=seconds)


@given(st.data())
def test_altered_link_is_refused(data: st.DataObject) -> None:
    token = Links(SECRET).make(FILE, now=NOW)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.=").filter(lambda c: c != token[at]))
    altered = token[:at] + other + token[at + 1 :]

    try:
        found = Links(SECRET).read(altered, now=NOW)
    except LinkRefused:
        return
    assert found == FILE  # only the unused bits of the last character may differ


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(LinkRefused):
        Links(SECRET).read(text, now=NOW)


def test_signature_for_another_purpose_is_refused() -> None:
    value = '["proof/a","image/jpeg","a.jpg"]'
    foreign = Signer(SECRET, "storage.other").sign(value, expires_at=int(NOW) + 60)
    other_instance = Links(b"rahasia-lain-untuk-uji-saja-3232").make(FILE, now=NOW)

    for token in (foreign, other_instance):
        with pytest.raises(LinkRefused):
            Links(SECRET).read(token, now=NOW)
