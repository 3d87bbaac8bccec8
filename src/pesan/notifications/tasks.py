"""Jobs of notifications."""

from uuid import UUID

from pesan.db import Actor, Database
from pesan.jobs import GiveUp, task
from pesan.kit.registry import Registry
from pesan.messaging import MessageDelayed, MessageRejected
from pesan.notifications import service
from pesan.notifications.channels import Channels
from pesan.notifications.letters import Composers

_ACTOR = Actor.system("notifications")


@task(service.DELIVER_TASK, queue="mail", lock="delivery:{delivery_id}")
async def deliver(deps: Registry, delivery_id: UUID) -> None:
    """Send one delivery: note the try, compose, send outside any transaction, note the outcome.

    When this process dies between sending and noting, the next try sends a copy with the same message id. A network
    that is away makes the job try again with backoff; a refusal parks it.
    """
    async with deps[Database].write(_ACTOR) as session:
        attempt = await service.begin_attempt(session, delivery_id, deps[Channels])
    if attempt is None:
        return
    try:
        await _send(deps, attempt)
    except (MessageDelayed, MessageRejected) as problem:
        is_final = isinstance(problem, MessageRejected)
        async with deps[Database].write(_ACTOR) as session:
            await service.record_problem(session, delivery_id, problem.code, is_final=is_final)
        if is_final:
            raise GiveUp(problem.code) from problem
        raise
    async with deps[Database].write(_ACTOR) as session:
        await service.record_sent(session, delivery_id)


async def _send(deps: Registry, attempt: service.Attempt) -> None:
    letter = await deps[Composers].of(attempt.kind).compose(attempt.order_id, attempt.kind)
    address = letter.addresses.get(attempt.channel) if letter else None
    if letter is None or not address:
        # The buyer asked to be forgotten, or the order moved on: nobody to tell, nothing to say.
        raise MessageRejected("notifications.nobody_to_tell")
    await deps[Channels].of(attempt.channel).send(letter, address, message_id=attempt.message_id)
