import hmac
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.tickets import keys, qr, tokens
from pesan.tickets.keys import Algorithm, VerifyingKey
from tests.tickets.makers import CLAIMS, TICKET, b64, make_key, make_token, unb64

KEY, VERIFYING = make_key()
SECONDS = st.integers(0, 2**40)
ANY_CLAIMS = st.builds(
    tokens.TicketClaims,
    ticket_id=st.uuids(),
    event_id=st.uuids(),
    issued_at=SECONDS,
    expires_at=SECONDS,
    epoch=st.integers(0, 2**16 - 1),
)


def _signed(header: dict, payload: dict) -> str:
    message = f"{b64(header)}.{b64(payload)}".encode()
    return tokens.assemble(message, keys.sign(KEY.algorithm, KEY.private, message))


def _parts(text: str) -> tuple[dict, dict]:
    header, payload, _ = text.split(".")
    return json.loads(unb64(header)), json.loads(unb64(payload))


@pytest.mark.parametrize("algorithm", list(Algorithm))
@given(claims=ANY_CLAIMS)
def test_check_gives_back_the_claims(algorithm, claims):
    key, verifying = make_key(algorithm)

    assert tokens.check(make_token(key, claims), verifying) == claims


def test_token_says_nothing_about_a_person():
    header, payload = _parts(make_token(KEY))

    assert header == {"alg": "EdDSA", "kid": KEY.kid, "typ": "JWT"}
    assert payload == {
        "tid": str(CLAIMS.ticket_id),
        "eid": str(CLAIMS.event_id),
        "iat": CLAIMS.issued_at,
        "exp": CLAIMS.expires_at,
        "jti": f"{CLAIMS.ticket_id.hex}.3",
    }


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_every_single_changed_character_is_refused(algorithm):
    key, verifying = make_key(algorithm)
    text = make_token(key)
    for position, original in enumerate(text):
        changed = "A" if original != "A" else "B"
        with pytest.raises(tokens.BadToken):
            tokens.check(text[:position] + changed + text[position + 1 :], verifying)


def test_token_without_a_signature_is_refused():
    message = tokens.signing_input(CLAIMS, KEY.kid, KEY.algorithm).decode()
    _, payload = _parts(make_token(KEY))
    unsigned = f"{b64({'alg': 'none', 'kid': KEY.kid, 'typ': 'JWT'})}.{b64(payload)}."

    for text in (unsigned, f"{message}."):
        with pytest.raises(tokens.BadToken):
            tokens.check(text, VERIFYING)


@pytest.mark.parametrize("algorithm", ["HS256", "Ed448", "Ed25519", "ES256", "RS256", "none", "EDDSA", ""])
def test_token_that_names_another_algorithm_is_refused(algorithm):
    _, payload = _parts(make_token(KEY))

    with pytest.raises(tokens.BadToken):
        tokens.check(_signed({"alg": algorithm, "kid": KEY.kid, "typ": "JWT"}, payload), VERIFYING)


def test_hmac_with_the_public_key_as_its_secret_is_refused():
    _, payload = _parts(make_token(KEY))
    message = f"{b64({'alg': 'HS256', 'kid': KEY.kid, 'typ': 'JWT'})}.{b64(payload)}".encode()
    for secret in (KEY.public, b64(KEY.public).encode(), json.dumps(VERIFYING.public_jwk()).encode()):
        forged = tokens.assemble(message, hmac.new(secret, message, sha256).digest())
        with pytest.raises(tokens.BadToken):
            tokens.check(forged, VERIFYING)


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"jku": "https://elsewhere.example/keys"},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public)}},
        {"x5c": []},
        {"typ": "at+jwt"},
        {"kid": 7},
        {"kid": "../../etc/passwd"},
        {"kid": "' OR 1=1 --"},
    ],
)
def test_token_with_a_header_that_is_not_ours_is_refused(extra):
    _, payload = _parts(make_token(KEY))
    header = {"alg": "EdDSA", "kid": KEY.kid, "typ": "JWT"} | extra

    with pytest.raises(tokens.BadToken):
        tokens.check(_signed(header, payload), VERIFYING)


@pytest.mark.parametrize(
    "change",
    [
        {"iat": "1"},
        {"exp": 1.5},
        {"exp": True},
        {"tid": "x"},
        {"tid": 5},
        {"jti": "other.0"},
        {"jti": None},
        {"jti": f"{CLAIMS.ticket_id.hex}.03"},
        {"nbf": 0},
        {"name": "Asep"},
    ],
)
def test_token_with_claims_that_are_not_ours_is_refused(change):
    header, payload = _parts(make_token(KEY))

    with pytest.raises(tokens.BadToken):
        tokens.check(_signed(header, payload | change), VERIFYING)


def test_token_of_another_key_with_the_same_name_is_refused():
    _, other = make_key()
    named_alike = VerifyingKey(other.merchant_id, KEY.kid, KEY.qr_kid, other.algorithm, other.material)

    with pytest.raises(tokens.BadToken, match="forged"):
        tokens.check(make_token(KEY), named_alike)


def test_signature_made_for_a_code_is_refused_in_a_token():
    message = tokens.signing_input(CLAIMS, KEY.kid, KEY.algorithm)
    body = qr.body_of(TICKET, KEY.qr_kid)
    moved = tokens.assemble(message, keys.sign(KEY.algorithm, KEY.private, qr.message_of(body)))

    with pytest.raises(tokens.BadToken, match="forged"):
        tokens.check(moved, VERIFYING)


@given(st.text(max_size=300))
def test_read_kid_of_any_text_ends_in_bad_token(text):
    with pytest.raises(tokens.BadToken):
        tokens.read_kid(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a.b.c",
        "\x00" * 20,
        "🎫.🎫.🎫",
        "\ud800.a.b",
        "A" * 10_000,
        b64(b"[" * 400) + ".e.e",
        b64(b"[]") + ".e.e",
        b64(b'{"alg":"EdDSA","kid":"k","typ":"JWT"') + ".e.e",
        b64(b"\xff\xfe") + ".e.e",
        "'; DROP TABLE tickets; --",
    ],
)
def test_read_kid_of_garbage_is_refused(text):
    with pytest.raises(tokens.BadToken):
        tokens.read_kid(text)
