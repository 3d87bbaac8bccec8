"""What speaks against an order: pure, from what was read about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pesan.payments.gateways.base import RemoteState
from pesan.risk.queries import Rules
from pesan.risk.states import COUNTED, ListName, Mark, Signal

Signals = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one order when it is looked at.

    `counts` are orders with the same mark within the rules' time, itself included; `listed` are the lists that have
    one of its marks; `payments` are the card's country and the provider's word of each attempt.
    """

    rules: Rules
    counts: Mapping[Mark, int] = field(default_factory=dict)
    listed: Sequence[tuple[ListName, Mark]] = ()
    ip_country: str | None = None
    payments: Sequence[tuple[str | None, str | None]] = ()


def find_signals(facts: Facts) -> Signals:
    """Each signal with the numbers that explain it.

    Whoever is on the allow list raises none of our own, also when they are on the block list; what a provider wants to
    have looked at is its question, and stays.
    """
    found: Signals = {}
    if not any(name is ListName.ALLOW for name, _ in facts.listed):
        found = _velocity(facts) | _blocked(facts) | _countries(facts)
    if any(state == RemoteState.REVIEW for _, state in facts.payments):
        found[Signal.PROVIDER.value] = {}
    return found


def _velocity(facts: Facts) -> Signals:
    found: Signals = {}
    for mark, signal in COUNTED.items():
        limit, count = facts.rules.limit_of(mark), facts.counts.get(mark, 0)
        known = found.get(signal.value, {"count": 0})
        if limit and count >= limit and count > known["count"]:
            found[signal.value] = {"count": count, "limit": limit, "hours": facts.rules.hours}
    return found


def _blocked(facts: Facts) -> Signals:
    marks = sorted(mark.value for name, mark in facts.listed if name is ListName.BLOCK)
    return {Signal.BLOCKED.value: {"marks": marks}} if marks else {}


def _countries(facts: Facts) -> Signals:
    if not (facts.rules.compares_countries and facts.ip_country):
        return {}
    cards = sorted({card for card, _ in facts.payments if card and card != facts.ip_country})
    return {Signal.CARD_COUNTRY.value: {"card": cards[0], "ip": facts.ip_country}} if cards else {}
