"""Every provider that merchants can choose is one that can be spoken to, in a window that its pages fit."""

import pytest

from pesan.payments.gateways.base import Account
from pesan.payments.gateways.registry import PROVIDERS, make_gateway
from tests.payments.gateways.support import UNUSED, refusal, wanted

REMOTE = {name: provider for name, provider in PROVIDERS.items() if provider.make is not None}


def test_providers_are_those_of_the_protocol():
    assert sorted(REMOTE) == ["midtrans", "stripe", "xendit", "xendit_invoice"]


@pytest.mark.parametrize("name", REMOTE)
async def test_adapter_answers_to_its_providers_name_and_fits_its_window(name: str):
    gateway = make_gateway(Account(name, is_live=False, secrets={}), UNUSED)
    shortest = type(gateway).__dict__["shortest_window"]

    assert (gateway.name, 2 * shortest <= PROVIDERS[name].window) == (name, True)
    assert await refusal(gateway.open(wanted())) == "not_configured"
