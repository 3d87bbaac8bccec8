"""As whom the screen of a booth acts: it sees its outlet's rows, as staff who are limited to that outlet do."""

from uuid import UUID

from pesan.booths.models.devices import BoothDevice
from pesan.booths.screens.errors import ScreenOver
from pesan.booths.screens.queries import require_live
from pesan.db import Actor, ActorKind, Database
from pesan.identity.queries import list_working
from pesan.web.devices import BoothClaims


def actor_of(claims: BoothClaims) -> Actor:
    """The actor of a screen's transactions and moves; what it may move is decided for its booth alone."""
    return Actor(
        ActorKind.DEVICE,
        limited_ids=frozenset({claims.merchant_id}),
        event_ids=frozenset({claims.event_id}),
    )


async def require_tenure(database: Database, claims: BoothClaims) -> None:
    """Let a screen have its next token while whoever showed its code works for the outlet.

    Raises ScreenRevoked, ScreenOver. What it reports meanwhile is taken: nobody asks here for that.
    """
    async with database.read(actor_of(claims)) as session:
        await require_live(session, claims)
        device = await session.get_one(BoothDevice, claims.device_id)
    if not await is_working(database, device.registered_by, claims.merchant_id, claims.event_id):
        raise ScreenOver


async def is_working(database: Database, user_id: UUID, merchant_id: UUID, event_id: UUID) -> bool:
    """Whether somebody has a part in the outlet; in a transaction of its own, because only that one sees teams."""
    async with database.identity() as session:
        return bool(await list_working(session, [user_id], merchant_id=merchant_id, event_id=event_id))
