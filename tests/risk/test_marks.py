"""What is one contact however it is written, and what can be put on a list."""

import pytest

from pesan.risk.errors import EntryUnreadable
from pesan.risk.marks import Marks, normalise_mailbox, read_entry
from pesan.risk.states import Mark


def test_one_mailbox_is_one_mark_however_it_is_written():
    marks = Marks(b"secret")
    ways = ["budi.santoso@gmail.com", "BudiSantoso+konser@googlemail.com", " budisantoso@gmail.com"]

    assert len({marks.digest(Mark.EMAIL, way) for way in ways}) == 1
    assert normalise_mailbox("budi.santoso+1@contoh.id") == "budi.santoso@contoh.id"
    assert normalise_mailbox("+62@contoh.id") == "+62@contoh.id"


def test_digests_depend_on_the_key_and_the_kind():
    made = {
        Marks(secret).digest(mark, "contoh.id")
        for secret in (b"one", b"two")
        for mark in (Mark.DOMAIN, Mark.PHONE)
    }

    assert len(made) == 4


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (" Budi@Contoh.ID ", (Mark.EMAIL, "budi@contoh.id")),
        ("@Contoh.id", (Mark.DOMAIN, "contoh.id")),
        ("contoh.id", (Mark.DOMAIN, "contoh.id")),
        ("4you.co.id", (Mark.DOMAIN, "4you.co.id")),
        ("0812-3456-7890", (Mark.PHONE, "+6281234567890")),
        ("203.0.113.7", (Mark.ADDRESS, "203.0.113.7")),
        ("203.0.113.7/24", (Mark.NETWORK, "203.0.113.0/24")),
        ("2001:db8:1:2::9", (Mark.ADDRESS, "2001:db8:1:2::/64")),
        ("2001:db8:1:2::/64", (Mark.ADDRESS, "2001:db8:1:2::/64")),
        ("2001:db8:1::/48", (Mark.NETWORK, "2001:db8:1::/48")),
    ],
)
def test_what_somebody_types_is_recognised(typed: str, found: tuple[Mark, str]):
    assert read_entry(typed) == found


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "budi",
        "a b@contoh.id",
        "a@b@contoh.id",
        "@",
        "contoh..id",
        "203.0.113.0/16",
        "12345",
        "x" * 300,
    ],
)
def test_what_recognises_no_order_is_refused(typed: str):
    with pytest.raises(EntryUnreadable):
        read_entry(typed)
