"""What a process is built of depends on its settings alone."""

import pytest
from pydantic import SecretStr

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry
from pesan.notifications.channels import Channels
from pesan.notifications.states import ChannelName

CONTACTS = {ChannelName.EMAIL: "siti@contoh.id"}


@pytest.mark.parametrize(
    ("environment", "smtp_url", "reached"),
    [
        ("production", "", []),
        ("production", "smtp://127.0.0.1:2525", [ChannelName.EMAIL]),
        ("development", "", [ChannelName.EMAIL]),
    ],
)
async def test_instance_without_a_way_to_send_promises_no_mail(
    settings, database_url, environment, smtp_url, reached
):
    told = settings.model_copy(update={"environment": environment, "smtp_url": SecretStr(smtp_url)})

    registry = build_registry(Instance(told, database_url, None), "worker")

    assert registry[Channels].reaching(CONTACTS) == reached
