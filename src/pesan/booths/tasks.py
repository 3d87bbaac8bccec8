"""Jobs of the booth desk."""

from uuid import UUID

from pesan.booths import feed
from pesan.booths.desk import BoothDesk
from pesan.booths.ending import end
from pesan.booths.reminding import remind_next
from pesan.booths.screens.service import forget_pairings
from pesan.booths.states import SessionEvent
from pesan.db import Actor, Database
from pesan.jobs import GiveUp, task
from pesan.kit.registry import Registry
from pesan.notifications.channels import Channels

_ACTOR = Actor.system("booths")


@task("booths.fulfil_order", lock="fulfil:{order_id}", priority=10)
async def fulfil_order(deps: Registry, order_id: UUID) -> None:
    """Make the session of a paid order, unless a desk did while its customer stood there."""
    if not await deps[BoothDesk].fulfil(order_id, seen_by=_ACTOR):
        raise GiveUp("booths.order_missing")


@task("booths.end_session", lock="end_session:{order_id}")
async def end_session(deps: Registry, order_id: UUID) -> None:
    """What an order's end means at the booth desk: its session is not waited for, or its booking never got one."""
    ended = await end(deps[Database], order_id)
    if ended is not None:
        deps[BoothDesk].hint([ended])


@task("booths.end_refunded", every="*/10 * * * *")
async def end_refunded(deps: Registry) -> None:
    """Tidy up: take refunded sessions off the day whose own job did not come through."""
    await deps[BoothDesk].sweep_refunded()


@task("booths.expire_late", every="* * * * *")
async def expire_late(deps: Registry) -> None:
    """Tidy up: expire the sessions whose customer did not come in time. Whoever asks before is told so already."""
    await deps[BoothDesk].sweep(SessionEvent.EXPIRE)


@task("booths.finish_due", every="* * * * *")
async def finish_due(deps: Registry) -> None:
    """Tidy up: finish the sessions whose time is over. Whoever asks before is told so already."""
    await deps[BoothDesk].sweep(SessionEvent.FINISH)


@task("booths.remind", every="*/10 * * * *")
async def remind(deps: Registry) -> None:
    """Remind customers of the sessions that are near, a chunk at a time; run twice, it writes once."""
    after: UUID | None = None
    while True:
        async with deps[Database].write(_ACTOR) as session:
            after = await remind_next(session, deps[Channels], after=after)
        if after is None:
            return


@task("booths.purge_feeds", every="33 3 * * *")
async def purge_feeds(deps: Registry) -> None:
    """Forget what outlets' feeds told a week ago, in chunks."""
    forgotten = feed.PURGE_CHUNK
    while forgotten == feed.PURGE_CHUNK:
        async with deps[Database].write(_ACTOR) as session:
            forgotten = await feed.purge(session)


@task("booths.purge_pairings", every="29 3 * * *")
async def purge_pairings(deps: Registry) -> None:
    """Forget the codes by which screens join whose ten minutes are over, used or not."""
    async with deps[Database].write(_ACTOR) as session:
        await forget_pairings(session)
