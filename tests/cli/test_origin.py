"""Where links lead of an instance that has no public address."""

import os

import pytest
from pydantic import SecretStr

from pesan.cli.instance import settle_origin
from pesan.settings import Settings

ORIGIN = "http://127.0.0.1:8000"
ACCOUNT = {"wa_phone_id": "106540352242922", "wa_access_token": SecretStr("x")}


@pytest.mark.parametrize(
    ("about", "begins"),
    [
        ({}, ""),
        (ACCOUNT, ORIGIN),
        ({**ACCOUNT, "base_url": "https://tiket.example"}, "https://tiket.example"),
    ],
)
def test_links_in_chats_begin_where_the_instance_is_served_unless_it_has_an_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, about: dict[str, object], begins: str
):
    given = settings.model_copy(update={"base_url": "", **about})
    monkeypatch.setenv("PESAN_BASE_URL", given.base_url)  # so that it is as before afterwards

    settled = settle_origin(given, ORIGIN)

    assert settled.base_url == begins
    assert os.environ["PESAN_BASE_URL"] == begins, "the children's"
