"""Tokens of devices: ours are read, for a day; what another key, header or purpose made opens nothing."""

import base64
import hmac
import json
import time
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from pesan.gates.device_tokens import DeviceTokens
from pesan.identity.access_tokens import AccessTokens
from pesan.identity.policies import SignedIn
from pesan.kit.signing import derive_key
from pesan.web.devices import DeviceClaims

SECRET = b"an instance's secret of some length"
DEVICE = DeviceClaims(*(UUID(int=number) for number in range(1, 5)))
HEADER = {"alg": "HS256", "typ": "gate+jwt"}
DAY = 24 * 3600


def encode(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    named = {name: str(UUID(int=number)) for number, name in enumerate(("sub", "eid", "gid", "mid"), 1)}
    usual = {"aud": "pesan-gate", **named, "iat": now, "nbf": now, "exp": now + 60}
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def sign(payload: Any, header: Any = HEADER, *, key: bytes | None = None) -> str:
    """A token signed by hand, so that no library's care stands in the way of a trick."""
    message = f"{encode(header)}.{encode(payload)}"
    mac = hmac.new(key or derive_key(SECRET, "gate-device-token"), message.encode(), sha256).digest()
    return f"{message}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def test_a_token_names_its_device_for_a_day():
    tokens = DeviceTokens(SECRET)
    made = tokens.make(DEVICE)
    payload = json.loads(base64.urlsafe_b64decode(made.text.split(".")[1] + "=="))

    assert tokens.read(made.text) == DEVICE == tokens.read(sign(claims()))
    assert payload["exp"] - payload["iat"] == DAY
    assert made.expires_at.timestamp() == payload["exp"]


def test_a_token_that_is_over_can_be_renewed_for_seven_days():
    tokens = DeviceTokens(SECRET)
    ages = (DAY - 30, DAY + 1, 8 * DAY - 30, 8 * DAY + 1)
    made = [tokens.make(DEVICE, now=time.time() - age).text for age in ages]

    assert [tokens.read(token) for token in made] == [DEVICE, None, None, None]
    assert [tokens.read_for_renewal(token) for token in made] == [DEVICE, DEVICE, DEVICE, None]


@pytest.mark.parametrize(
    "header",
    [
        {**HEADER, "alg": "none"},
        {**HEADER, "alg": "HS512"},
        {**HEADER, "alg": "EdDSA"},
        {"alg": "HS256", "typ": "at+jwt"},
        {"alg": "HS256"},
        {**HEADER, "kid": "../../dev/null"},
        {**HEADER, "jwk": {"kty": "oct", "k": "AAAA"}},
        {**HEADER, "crit": ["exp"]},
        [],
    ],
)
def test_a_header_that_is_not_ours_is_refused(header: Any):
    assert DeviceTokens(SECRET).read(sign(claims(), header)) is None
    assert DeviceTokens(SECRET).read_for_renewal(sign(claims(), header)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": "9999999999"},
        {"nbf": int(time.time()) + 3600},
        {"nbf": None},
        {"aud": "pesan-api"},
        {"aud": None},
        {"sub": "admin"},
        {"eid": None},
        {"gid": "*"},
        {"mid": None},
    ],
)
def test_claims_that_are_not_ours_are_refused(changes: dict[str, Any]):
    assert DeviceTokens(SECRET).read_for_renewal(sign(claims(**changes))) is None


def test_a_program_and_a_device_cannot_take_each_others_token():
    person = SignedIn(UUID(int=1), UUID(int=2), "Rani", "rani@contoh.id", None, {}, is_due_for_touch=False)
    of_program = AccessTokens(SECRET).make(person, None)

    assert DeviceTokens(SECRET).read_for_renewal(of_program) is None
    assert AccessTokens(SECRET).read(DeviceTokens(SECRET).make(DEVICE).text) is None


def test_what_other_keys_signed_is_refused():
    head, body, mac = sign(claims()).split(".")
    bad = [
        sign(claims(), key=SECRET),
        sign(claims(), key=derive_key(SECRET, "access-token")),
        DeviceTokens(b"another instance's secret, as long").make(DEVICE).text,
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{encode(claims(eid=str(UUID(int=9))))}.{mac}",
        f"{head}.{body}.{mac}.{mac}",
        "",
        "..",
        "é.é.é",
        "x" * 10_000,
    ]

    assert [token for token in bad if DeviceTokens(SECRET).read_for_renewal(token) is not None] == []
