"""Many orders quickly, through the gate like all others; and many tickets that nobody brings."""

from uuid import UUID

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from benchmarks.instance import Bench
from pesan.catalog.models import Event
from pesan.db import Actor
from pesan.orders import Move, Placement
from pesan.orders.gate import transition_many

CHUNK = 500
# Copies of a signed ticket with ids, codes and holders of their own, as random as real ones are.
_TICKETS = text("""
INSERT INTO tickets (id, merchant_id, order_id, order_line_id, event_id, code, number, holder_name, kid, qr_text,
    live_text, token, issued_at, expires_at)
SELECT gen_random_uuid(), merchant_id, order_id, order_line_id, event_id, made.code, 1000 + n,
    (ARRAY['Siti', 'Budi', 'Dewi', 'Agus', 'Ni Made', 'I Wayan', 'Rizky', 'Putri', 'Muhammad', 'Yosina'])
        [ceil(random() * 10)] || ' ' ||
    (ARRAY['Rahmawati', 'Santoso', 'Lestari', 'Wijaya', 'Kusumawardani', 'Putra', 'Hutapea', 'Simanjuntak',
        'Nur Aisyah', 'Pratama'])[ceil(random() * 10)] || ' ' || chr(65 + n % 26),
    kid, qr_text, live_text, token, issued_at, expires_at
FROM (SELECT * FROM tickets WHERE event_id = :event_id LIMIT 1) signed, generate_series(1, :count) n, LATERAL (
    SELECT string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + floor(random() * 32)::int, 1), '') AS code
    FROM generate_series(1, 26) WHERE n > 0) made
""")


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


def seed_tickets(bench: Bench, event: Event, *, count: int) -> None:
    """More tickets for an event that has some; nobody can show one, but every gate must know them."""
    engine = create_engine(bench.instance.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(_TICKETS, {"event_id": event.id, "count": count})
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE tickets"))
    engine.dispose()


def _let_expire(bench: Bench, ids: list[UUID]) -> None:
    engine = create_engine(bench.instance.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE orders SET hold_expires_at = now() - interval '1 s' WHERE id = ANY (:ids)"),
            {"ids": ids},
        )
        connection.execute(text("ANALYZE"))
    engine.dispose()
