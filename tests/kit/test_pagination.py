"""Cursors of lists that page by key."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from pesan.kit.pagination import BadCursor, decode_moment, encode_cursor, encode_moment

AT = datetime(2026, 12, 1, 12, 0, 0, 123_456, tzinfo=UTC)
ID = UUID(int=7)


def test_moment_comes_back_to_the_microsecond():
    assert decode_moment(encode_moment(AT, ID)) == (AT, ID)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "é",
        "not a cursor",
        encode_cursor(AT.isoformat()),
        encode_cursor(AT.isoformat(), str(ID), "more"),
        encode_cursor("tomorrow", str(ID)),
        encode_cursor(AT.isoformat(), "7"),
    ],
)
def test_what_is_no_moment_is_a_bad_cursor(cursor: str):
    with pytest.raises(BadCursor):
        decode_moment(cursor)
