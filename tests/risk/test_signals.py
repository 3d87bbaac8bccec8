"""What speaks against an order: at its threshold and not below, and never for whoever is trusted."""

import pytest

from pesan.risk.queries import Rules
from pesan.risk.signals import Facts, find_signals
from pesan.risk.states import ListName, Mark, Signal

RULES = Rules(hours=24, contact_limit=3, device_limit=4, address_limit=20)
PER_MARK = {
    Mark.EMAIL: (Signal.CONTACT, 3),
    Mark.PHONE: (Signal.CONTACT, 3),
    Mark.DEVICE: (Signal.DEVICE, 4),
    Mark.ADDRESS: (Signal.ADDRESS, 20),
}


@pytest.mark.parametrize("mark", PER_MARK)
def test_velocity_fires_at_its_threshold_and_not_below(mark: Mark):
    signal, limit = PER_MARK[mark]

    below = find_signals(Facts(RULES, {mark: limit - 1}))
    reached = find_signals(Facts(RULES, {mark: limit}))

    assert below == {}
    assert reached == {signal: {"count": limit, "limit": limit, "hours": 24}}


def test_a_limit_of_zero_never_fires():
    rules = Rules(contact_limit=0, device_limit=0, address_limit=0)

    assert find_signals(Facts(rules, dict.fromkeys(PER_MARK, 1_000))) == {}


def test_two_contacts_of_one_order_are_one_signal_with_the_larger_count():
    found = find_signals(Facts(RULES, {Mark.EMAIL: 5, Mark.PHONE: 7}))

    assert found == {Signal.CONTACT: {"count": 7, "limit": 3, "hours": 24}}


def test_a_card_of_another_country_fires_where_both_are_known():
    def found(ip: str | None, *cards: str | None) -> dict:
        return find_signals(Facts(RULES, ip_country=ip, payments=[(card, "paid") for card in cards]))

    assert found("ID", "US") == {Signal.CARD_COUNTRY: {"card": "US", "ip": "ID"}}
    assert [found("ID", "ID"), found("ID", None), found(None, "US"), found("ID")] == [{}, {}, {}, {}]
    off = Rules(compares_countries=False)
    assert find_signals(Facts(off, ip_country="ID", payments=[("US", "paid")])) == {}


def test_the_block_list_fires_and_the_allow_list_silences_all_but_the_provider():
    loud = {"ip_country": "ID", "payments": [("US", "review")]}
    blocked = [(ListName.BLOCK, Mark.DOMAIN), (ListName.BLOCK, Mark.DEVICE)]

    found = find_signals(Facts(RULES, {Mark.EMAIL: 9}, blocked, **loud))
    silenced = find_signals(Facts(RULES, {Mark.EMAIL: 9}, [*blocked, (ListName.ALLOW, Mark.EMAIL)], **loud))

    assert set(found) == {Signal.CONTACT, Signal.BLOCKED, Signal.CARD_COUNTRY, Signal.PROVIDER}
    assert found[Signal.BLOCKED] == {"marks": ["device", "domain"]}
    assert silenced == {Signal.PROVIDER: {}}
