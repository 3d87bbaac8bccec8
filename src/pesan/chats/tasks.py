"""Messages on their way out, and what WhatsApp tells of them."""

from datetime import timedelta

from pesan.chats.sending import Sender
from pesan.chats.statuses import MOST_AT_ONCE, apply_some
from pesan.chats.taking_back import queue_again, take_back
from pesan.chats.topics import topic_of
from pesan.db import Actor, Database
from pesan.jobs import task
from pesan.kit.registry import Registry
from pesan.logging import get_logger
from pesan.realtime import Hub

log = get_logger(__name__)

_ACTOR = Actor.system("chats")


# A loop and not jobs: a message waits for its slot, and jobs wait for nobody (ADR 0021).
@task("chats.send_due", every=timedelta(milliseconds=200))
async def send_due(deps: Registry) -> None:
    """Begin to hand over what is due."""
    await deps[Sender].turn()


@task("chats.take_back", every=timedelta(seconds=5))
async def take_back_lost(deps: Registry) -> None:
    """Take messages from senders that died, and send once more what may be."""
    async with deps[Database].write(_ACTOR) as session:
        lost = await take_back(session)
        again = await queue_again(session)
    if lost or again:
        log.warning("chats.taken_back", lost=lost, again=again)


# Whoever stores an update enqueues nothing for it: what a thousand statuses tell is one turn of this loop.
@task("chats.apply_updates", every=timedelta(seconds=1))
async def apply_updates(deps: Registry) -> None:
    """Act on what WhatsApp told of messages, wishes and the account."""
    applied = MOST_AT_ONCE
    while applied == MOST_AT_ONCE:
        async with deps[Database].write(_ACTOR) as session:
            some = await apply_some(session)
        applied = some.count
        for event_id in some.event_ids:
            deps[Hub].hint(topic_of(event_id))
