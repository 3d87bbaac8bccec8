"""Reading keys and saying what they stand for."""

from uuid import UUID

import pytest

from pesan.idempotency.errors import KeyInvalid
from pesan.idempotency.keys import OPEN_SCOPE, canonical_json, fingerprint_of, parse_key, scope_for

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (KEY, KEY),
        (f'"{KEY}"', KEY),
        (f'  "{KEY}" ', KEY),
        ('""quoted""', '"quoted"'),
        ('"', '"'),
        ("a", "a"),
        ("~" * 255, "~" * 255),
        ("with space", "with space"),
    ],
)
def test_key_quoted_or_bare_is_one_key(header: str, key: str):
    assert parse_key(header) == key


@pytest.mark.parametrize("header", ["", '""', "   ", "x" * 256, "é", "a\tb", "a\x7fb", "a\u2028b"])
def test_key_of_odd_shape_is_refused(header: str):
    with pytest.raises(KeyInvalid):
        parse_key(header)


@pytest.mark.parametrize("header", [KEY, KEY.upper(), f'"{KEY}"', KEY.replace("-", "")])
def test_key_of_nobody_in_particular_is_one_uuid(header: str):
    assert parse_key(header, must_be_uuid=True) == KEY


@pytest.mark.parametrize("header", ["order-1", "1", KEY[:-1], KEY + "0"])
def test_key_of_nobody_in_particular_that_is_no_uuid_is_refused(header: str):
    with pytest.raises(KeyInvalid):
        parse_key(header, must_be_uuid=True)


def test_scope_is_the_callers_own():
    user = UUID(KEY)
    scopes = [
        scope_for(user_id=user, guest_id="guest-1"),
        scope_for(user_id=None, guest_id="guest-1"),
        scope_for(user_id=None, guest_id="guest-2"),
        scope_for(user_id=None, guest_id=None),
    ]

    assert len({scope for scope, _ in scopes}) == 4
    assert [is_named for _, is_named in scopes] == [True, True, True, False]
    assert scopes[3][0] == OPEN_SCOPE
    assert "guest-1" not in scopes[1][0]


def test_fingerprint_is_of_method_path_and_content():
    base = fingerprint_of("POST", "/api/bookings/hold", b"{}")

    assert base == fingerprint_of("POST", "/api/bookings/hold", b"{}")
    others = [
        ("PUT", "/api/bookings/hold", b"{}"),
        ("POST", "/other", b"{}"),
        ("POST", "/api/bookings/hold", b"[]"),
    ]
    assert base not in [fingerprint_of(*other) for other in others]


def test_json_with_other_spacing_and_order_is_the_same():
    assert canonical_json(b'{"a": 1, "b": [1, 2]}') == canonical_json(b'{"b":[1,2],\n "a":1}')
    assert canonical_json(b'{"a": [2, 1]}') != canonical_json(b'{"a": [1, 2]}')
    assert canonical_json(b"not json") == b"not json"
