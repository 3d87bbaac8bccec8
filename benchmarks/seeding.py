"""Many orders quickly, through the gate like all others."""

from uuid import UUID

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from benchmarks.instance import Bench
from pesan.catalog.models import Event
from pesan.db import Actor
from pesan.orders import Move, Placement
from pesan.orders.gate import transition_many

CHUNK = 500


async def seed_orders(bench: Bench, event: Event, *, count: int) -> list[UUID]:
    """Held orders of which every second one's time is over."""
    ids: list[UUID] = []
    while len(ids) < count:
        wishes = [Placement(event_id=event.id, buyer_name="Siti Rahma") for _ in range(CHUNK)]
        async with bench.database.sale() as session:
            await transition_many(session, [Move.place(wish, Actor.guest()) for wish in wishes])
        ids += [wish.order_id for wish in wishes]
    _let_expire(bench, ids[1::2])
    return ids[:count]


def _let_expire(bench: Bench, ids: list[UUID]) -> None:
    engine = create_engine(bench.instance.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE orders SET hold_expires_at = now() - interval '1 s' WHERE id = ANY (:ids)"),
            {"ids": ids},
        )
        connection.execute(text("ANALYZE"))
    engine.dispose()
