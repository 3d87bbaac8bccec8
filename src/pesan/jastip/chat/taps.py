"""What was tapped: the ids that our lists and buttons carry, and that come back with an answer."""

import re
from dataclasses import dataclass
from uuid import UUID

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PRODUCT = re.compile(rf"p:({_UUID})")
_AMOUNT = re.compile(rf"([qo]):({_UUID}):([1-9]\d{{0,2}})(?::(\d[\d.]{{0,40}}))?")
_PROOF = re.compile(rf"b:({_UUID}):({_UUID})")


@dataclass(frozen=True, slots=True)
class Look:
    """A product of a list."""

    product_id: UUID


@dataclass(frozen=True, slots=True)
class Choose:
    """So many pieces of it."""

    product_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    """Yes, so many pieces of it, by the terms that `stamp` names; empty on a button from before they were shown."""

    product_id: UUID
    quantity: int
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """No."""


@dataclass(frozen=True, slots=True)
class ProofFor:
    """The picture of an earlier message is the proof of this order."""

    order_id: UUID
    update_id: UUID


Tap = Look | Choose | Order | Drop | ProofFor


def read_tap(reply_id: str | None) -> Tap | None:
    """What an id of ours means; None for anything else, also for one that somebody made up badly."""
    said = reply_id or ""
    if said == "x":
        return Drop()
    if found := _PRODUCT.fullmatch(said):
        return Look(UUID(found[1]))
    if found := _AMOUNT.fullmatch(said):
        product_id, quantity = UUID(found[2]), int(found[3])
        return (
            Choose(product_id, quantity) if found[1] == "q" else Order(product_id, quantity, found[4] or "")
        )
    if found := _PROOF.fullmatch(said):
        return ProofFor(UUID(found[1]), UUID(found[2]))
    return None
