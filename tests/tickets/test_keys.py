import json
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.tickets import base45, keys, qr
from pesan.tickets.keys import Algorithm, VerifyingKey
from tests.tickets.makers import b64, make_key, unb64

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "jose.json").read_text())


@pytest.mark.parametrize("name", ["rfc8037_a", "eddsa_own"])
def test_eddsa_on_the_published_vectors(name):
    vector = VECTORS[name]
    message, _, signature = vector["jws"].rpartition(".")
    public = unb64(vector["x"])
    key = VerifyingKey(uuid4(), vector["thumbprint"], bytes(4), Algorithm.EDDSA, public)

    assert b64(keys.thumbprint(public)) == vector["thumbprint"]
    assert message == vector["signing_input"]
    assert b64(keys.sign(Algorithm.EDDSA, unb64(vector["d"]), message.encode())) == signature
    assert key.verifies(message.encode(), unb64(signature))


def test_hs256_on_the_published_vector():
    vector = VECTORS["hs256"]
    message, _, signature = vector["jws"].rpartition(".")
    secret = vector["key_utf8"].encode()

    assert b64(keys.sign(Algorithm.HS256, secret, message.encode())) == signature
    assert VerifyingKey(uuid4(), "k", bytes(4), Algorithm.HS256, secret).verifies(
        message.encode(), unb64(signature)
    )


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_verifies_is_false_for_another_message_or_key(algorithm):
    key, verifying = make_key(algorithm)
    _, other = make_key(algorithm)
    signature = keys.sign(algorithm, key.private, b"one")

    assert verifying.verifies(b"one", signature)
    assert not verifying.verifies(b"two", signature)
    assert not other.verifies(b"one", signature)
    assert not verifying.verifies(b"one", signature[:-1])


def test_public_jwk_of_an_ed25519_key_shows_only_its_public_half():
    key, verifying = make_key()

    assert verifying.public_jwk() == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": b64(key.public),
        "kid": key.kid,
        "alg": "EdDSA",
        "use": "sig",
    }


def test_public_jwk_of_an_hmac_key_does_not_exist():
    assert make_key(Algorithm.HS256)[1].public_jwk() is None


@given(st.binary(min_size=32, max_size=32))
def test_qr_kid_never_makes_a_code_that_trimming_would_break(digest):
    kid = keys.qr_kid(digest)

    assert kid in digest
    assert not base45.encode(bytes([keys.QR_VERSION]) + kid).startswith(" ")


def test_version_in_the_code_is_the_version_of_the_keys():
    assert qr.body_of(qr.QrTicket(uuid4(), 0, 0), bytes(4))[0] == keys.QR_VERSION
