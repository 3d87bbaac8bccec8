import json
from pathlib import Path

import pytest

from pesan.messaging.whatsapp.signature import is_signed, verify_challenge

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "whatsapp.json").read_text())
SIGNED, MINIMAL = VECTORS["signed"], VECTORS["minimal"]
SECRET, HEADER = SIGNED["app_secret"], SIGNED["header"]
RAW = SIGNED["body"].encode()


def test_vectors_are_signed():
    assert len(RAW) == SIGNED["body_len"] == 475
    assert is_signed(RAW, HEADER, SECRET)
    assert is_signed(MINIMAL["body"].encode(), MINIMAL["header"], MINIMAL["app_secret"])


def test_hex_may_be_of_either_case():
    assert is_signed(RAW, "sha256=" + HEADER.removeprefix("sha256=").upper(), SECRET)


def test_body_that_was_read_and_written_again_is_another():
    again = json.dumps(json.loads(RAW), ensure_ascii=False, separators=(",", ":")).encode()

    assert not is_signed(again, HEADER, SECRET)
    assert not is_signed(RAW, SIGNED["WRONG_if_reserialised"], SECRET)
    assert is_signed(again, SIGNED["WRONG_if_reserialised"], SECRET)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        HEADER.removeprefix("sha256="),
        HEADER.replace("sha256=", "sha1="),
        HEADER.replace("sha256=", "SHA256="),
        HEADER[:-1],
        HEADER + "0",
        HEADER + "\n",
        " " + HEADER,
        "sha256=" + "é" * 64,
        "sha256=" + "٠" * 64,
    ],
)
def test_other_headers_are_not_a_signature(header):
    assert not is_signed(RAW, header, SECRET)


def test_nothing_is_signed_without_a_secret():
    import hashlib
    import hmac

    unkeyed = "sha256=" + hmac.new(b"", RAW, hashlib.sha256).hexdigest()
    assert not is_signed(RAW, unkeyed, "")


ASKED = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "rahasia"}


def test_challenge_is_answered_to_whoever_knows_the_word():
    assert verify_challenge(ASKED, "rahasia") == "1158201444"


@pytest.mark.parametrize(
    ("changes", "token"),
    [
        ({"hub.mode": "unsubscribe"}, "rahasia"),
        ({"hub.verify_token": "lain"}, "rahasia"),
        ({"hub.verify_token": "ráhasia"}, "rahasia"),
        ({"hub.verify_token": ""}, ""),
        ({"hub.challenge": ""}, "rahasia"),
        ({"hub.challenge": "1" * 257}, "rahasia"),
    ],
)
def test_challenge_of_somebody_else_is_not(changes, token):
    assert verify_challenge(ASKED | changes, token) is None
    assert verify_challenge({}, token) is None
