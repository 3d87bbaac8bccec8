"""Access tokens: ours are read, and none of the tricks that other libraries fell for are."""

import base64
import hmac
import json
import time
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from pesan.identity.access_tokens import AccessClaims, AccessTokens
from pesan.identity.policies import SignedIn
from pesan.kit.signing import derive_key

SECRET = b"an instance's secret of some length"
USER, SESSION = UUID(int=1), UUID(int=2)
PERSON = SignedIn(SESSION, USER, "Rani", "rani@contoh.id", None, {}, is_due_for_touch=False)
HEADER = {"alg": "HS256", "typ": "at+jwt"}


def encode(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "iss": "pesan",
        "aud": "pesan-api",
        "sub": str(USER),
        "sid": str(SESSION),
        "nbf": now,
        "exp": now + 60,
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def sign(payload: dict[str, Any], header: dict[str, Any] | None = None, *, key: bytes | None = None) -> str:
    """A token signed by hand, so that no library's care stands in the way of a trick."""
    message = f"{encode(HEADER if header is None else header)}.{encode(payload)}"
    mac = hmac.new(
        derive_key(SECRET, "access-token") if key is None else key, message.encode(), sha256
    ).digest()
    return f"{message}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def test_a_token_speaks_for_its_session_for_twelve_hours() -> None:
    token = AccessTokens(SECRET).make(PERSON, "kopi-senja")
    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))

    assert AccessTokens(SECRET).read(token) == AccessClaims(USER, SESSION)
    assert (payload["sub"], payload["slug"], payload["email"]) == (str(USER), "kopi-senja", "rani@contoh.id")
    assert payload["exp"] - payload["iat"] == 12 * 3600


def test_a_token_made_by_hand_as_ours_is_read() -> None:
    assert AccessTokens(SECRET).read(sign(claims())) == AccessClaims(USER, SESSION)


def test_a_token_is_over_after_twelve_hours() -> None:
    tokens = AccessTokens(SECRET)

    assert tokens.read(tokens.make(PERSON, None, now=time.time() - 12 * 3600 + 30)) is not None
    assert tokens.read(tokens.make(PERSON, None, now=time.time() - 12 * 3600 - 1)) is None


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "at+jwt"},
        {"alg": "None", "typ": "at+jwt"},
        {"alg": "HS512", "typ": "at+jwt"},
        {"alg": "RS256", "typ": "at+jwt"},
        {"alg": "EdDSA", "typ": "at+jwt"},
        {"alg": "HS256"},
        {"alg": "HS256", "typ": "JWT"},
        {**HEADER, "kid": "../../../../dev/null"},
        {**HEADER, "kid": "' UNION SELECT 'x"},
        {**HEADER, "jku": "https://jahat.example/keys"},
        {**HEADER, "jwk": {"kty": "oct", "k": "AAAA"}},
        {**HEADER, "x5u": "https://jahat.example/cert"},
        {**HEADER, "crit": ["exp"]},
        {**HEADER, "b64": False},
        [],
    ],
)
def test_a_header_that_is_not_ours_is_refused(header: Any) -> None:
    assert AccessTokens(SECRET).read(sign(claims(), header)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": float("inf")},
        {"nbf": int(time.time()) + 3600},
        {"nbf": None},
        {"aud": "another-api"},
        {"aud": ["pesan-api", "another"]},
        {"aud": None},
        {"iss": "https://jahat.example"},
        {"sub": "admin"},
        {"sub": None},
        {"sid": None},
        {"sid": "../x"},
    ],
)
def test_claims_that_are_not_ours_are_refused(changes: dict[str, Any]) -> None:
    assert AccessTokens(SECRET).read(sign(claims(**changes))) is None


def test_what_other_keys_signed_is_refused() -> None:
    tokens = AccessTokens(SECRET)
    head, body, mac = sign(claims()).split(".")
    bad = [
        sign(claims(), key=SECRET),
        sign(claims(), key=derive_key(SECRET, "sign:account:reset_password")),
        sign(claims(), key=b""),
        AccessTokens(b"another instance's secret, as long").make(PERSON, None),
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{encode(claims(sub=str(UUID(int=9))))}.{mac}",
        f"{encode({'alg': 'none', 'typ': 'at+jwt'})}.{body}.",
        f"{head}.{body}.{mac}.{mac}.{mac}",
        "",
        "..",
        "é.é.é",
        "x" * 10_000,
    ]

    assert [token for token in bad if tokens.read(token) is not None] == []
