"""Times of booths inside a group: whether one is free, and who has taken it: pure, after the locks."""

from collections.abc import Iterable
from uuid import UUID

from pesan.capacity.errors import SlotHeld, SlotTaken
from pesan.capacity.states import Bucket
from pesan.catalog.errors import SlotNotFound
from pesan.catalog.terms import SlotTerms
from pesan.orders.moves import SlotWish
from pesan.orders.situation import Situation, Taken


def find_slot(wish: SlotWish, event_id: UUID, situation: Situation) -> SlotTerms:
    """The time that is wished for; raises SlotNotFound when the event has no such one."""
    slot = situation.slots.get(wish.pool_id)
    if slot is None or (slot.id, slot.event_id) != (wish.slot_id, event_id):
        raise SlotNotFound
    return slot


def require_free(slot: SlotTerms, order_id: UUID, situation: Situation) -> None:
    """Raises SlotTaken or SlotHeld when another order has the booth at some moment of `slot`."""
    others = _list_others(slot, order_id, situation)
    if any(not taken.is_held for taken in others):
        raise SlotTaken
    if others:
        raise SlotHeld


def is_free(slot: SlotTerms, order_id: UUID, situation: Situation) -> bool:
    """Whether no other order has the booth at any moment of `slot`."""
    return not _list_others(slot, order_id, situation)


def take(slots: Iterable[SlotTerms], order_id: UUID, bucket: Bucket, situation: Situation) -> None:
    """Have later moves of the group see that `order_id` has these times."""
    is_held = bucket is Bucket.HELD
    situation.taken += [
        Taken(order_id, slot.resource, slot.starts_at, slot.ends_at, is_held) for slot in slots
    ]


def _list_others(slot: SlotTerms, order_id: UUID, situation: Situation) -> list[Taken]:
    return [
        taken
        for taken in situation.taken
        if taken.order_id != order_id and slot.overlaps(taken.resource, taken.starts_at, taken.ends_at)
    ]
