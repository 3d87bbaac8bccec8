"""Standard Webhooks, by the published vectors."""

import json
from pathlib import Path

import pytest

from pesan.hooks.signing import headers_of
from pesan.kit.standard_webhooks import new_secret, sign

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_signature_is_the_published_one(vector: dict[str, str]):
    made = sign(vector["secret"], vector["id"], int(vector["timestamp"]), vector["body"].encode())

    assert made == vector["signature"]


def test_two_secrets_make_two_signatures():
    first, second = (vector["secret"] for vector in VECTORS)

    told = headers_of([first, second], "msg_1", 1_767_225_600, b"{}")

    assert told["webhook-signature"].split(" ") == [
        sign(first, "msg_1", 1_767_225_600, b"{}"),
        sign(second, "msg_1", 1_767_225_600, b"{}"),
    ]
    assert (told["webhook-id"], told["webhook-timestamp"]) == ("msg_1", "1767225600")


def test_secrets_are_long_and_new_each_time():
    made = {new_secret() for _ in range(100)}

    assert len(made) == 100
    assert {(secret[:6], len(secret)) for secret in made} == {("whsec_", 50)}
