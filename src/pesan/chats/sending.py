"""The sender of one process: takes what is due, hands it over beside everything else, and writes what became of it.

Its turn is one short transaction. Messages under way outlive it, so that a slow answer holds up nobody but its slot.
"""

import asyncio
import time
from collections.abc import Sequence

from pesan.chats.claiming import Claimed, Claims, claim, is_anything_due, make_slots
from pesan.chats.noting import Outcome, note
from pesan.chats.states import LEASE_SECONDS, MOST_PER_SECOND
from pesan.chats.templates_store import refuse_template
from pesan.chats.topics import topic_of
from pesan.chats.verdicts import judge, not_begun
from pesan.db import Actor, Database
from pesan.db.waits import is_data_error
from pesan.errors import Busy
from pesan.kit.combiner import Combiner
from pesan.logging import get_logger
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.messaging.whatsapp.failures import FailureKind, SendFailed
from pesan.messaging.whatsapp.shapes import TemplateUse
from pesan.realtime import Hub

log = get_logger(__name__)

# Handing over takes ten seconds at most; whoever stood still for longer than this does not begin any more.
LATEST_START_SECONDS = LEASE_SECONDS / 2
_PAUSE_SECONDS = 0.5
_MOST_CLAIMS = 20
_ACTOR = Actor.system("chats")


class Sender:
    """Where this process hands messages over; without a client everything stays queued.

    With a hub, whoever looks at an event's messages is told when they moved.
    """

    def __init__(
        self,
        database: Database,
        client: WhatsAppClient | None,
        *,
        per_second: int = MOST_PER_SECOND,
        hub: Hub | None = None,
    ) -> None:
        self._database = database
        self._client = client
        self._per_second = per_second
        self._hub = hub
        self._under_way: set[asyncio.Task[None]] = set()
        self._has_slots = False
        self._notes: Combiner[Outcome, None] = Combiner(self._note, is_divisible=is_data_error)

    async def turn(self) -> int:
        """Take what is due while there are slots, and begin to hand it over; how many messages that were."""
        if self._client is None:
            return 0
        begun = 0
        for _ in range(_MOST_CLAIMS):
            claims = await self._claim(self._client)
            begun += len(claims.taken)
            # What is refused leaves its slot to the next.
            if not claims.refused:
                break
        return begun

    async def drain(self) -> None:
        """Wait until everything that this process took is handed over and written down."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def aclose(self) -> None:
        """Finish what is under way, then let go of the connections."""
        await self.drain()
        if self._client is not None:
            await self._client.aclose()

    async def _claim(self, client: WhatsAppClient) -> Claims:
        # Before the lease begins by the database's clock, so that ours is never the longer one.
        began = time.monotonic()
        async with self._database.write(_ACTOR) as session:
            if not await is_anything_due(session):
                return Claims()
            if not self._has_slots:
                await make_slots(session, client.phone_number_id, self._per_second)
            claims = await claim(session, client.phone_number_id, self._per_second)
        self._has_slots = True
        for claimed in claims.taken:
            task = asyncio.create_task(self._hand_over(client, claimed, began))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return claims

    async def _hand_over(self, client: WhatsAppClient, claimed: Claimed, began: float) -> None:
        if time.monotonic() - began > LATEST_START_SECONDS:
            log.warning("chats.too_late", message=str(claimed.id))
            outcome = Outcome(claimed, verdict=not_begun(claimed.draft))
        else:
            outcome = await _send(client, claimed)
        await self._write_down(outcome, began)

    async def _write_down(self, outcome: Outcome, began: float) -> None:
        """Try until it is written or the lease is over; then the message is one that nobody heard of."""
        while True:
            try:
                await self._notes.submit(outcome)
            except Busy:
                if time.monotonic() - began > LEASE_SECONDS:
                    log.warning("chats.not_written", message=str(outcome.claimed.id))
                    return
                await asyncio.sleep(_PAUSE_SECONDS)
            except Exception:
                log.exception("chats.not_written", message=str(outcome.claimed.id))
                return
            else:
                return

    async def _note(self, outcomes: Sequence[Outcome]) -> list[None]:
        assert self._client is not None
        await self._refuse_templates(outcomes)
        async with self._database.write(_ACTOR) as session:
            await note(session, self._client.phone_number_id, outcomes)
        for outcome in outcomes:
            if outcome.verdict is not None and outcome.verdict.pauses:
                log.error("chats.number_stopped", reason=outcome.verdict.error_code)
        self._hint(outcomes)
        return [None] * len(outcomes)

    async def _refuse_templates(self, outcomes: Sequence[Outcome]) -> None:
        """Before their slots are free again, and each by itself, so that nobody who writes several is waited for."""
        refused = {
            (shape.name, shape.language): verdict.template_error
            for outcome in outcomes
            if (verdict := outcome.verdict) is not None
            and isinstance(shape := outcome.claimed.shape, TemplateUse)
            and verdict.template_error is not None
        }
        for (name, language), error in refused.items():
            async with self._database.write(_ACTOR) as session:
                await refuse_template(session, name, language, error)
            log.warning("chats.template_refused", name=name, language=language, reason=error)

    def _hint(self, outcomes: Sequence[Outcome]) -> None:
        for event_id in {outcome.claimed.event_id for outcome in outcomes} - {None}:
            if self._hub is not None and event_id is not None:
                self._hub.hint(topic_of(event_id))


async def _send(client: WhatsAppClient, claimed: Claimed) -> Outcome:
    """Hand one message over, with its id, which comes back with its statuses."""
    try:
        accepted = await client.send(
            claimed.to, claimed.shape, opaque=str(claimed.id), reply_to=claimed.reply_to
        )
    except SendFailed as failed:
        verdict = judge(
            failed.kind,
            failed.code,
            claimed.draft,
            as_template=claimed.as_template,
            pause=failed.retry_after,
        )
        log.info("chats.not_accepted", message=str(claimed.id), kind=failed.kind.value, code=failed.code)
        return Outcome(claimed, verdict=verdict)
    except Exception:
        # Nobody knows how far it came; our mistake must not send anything twice.
        log.exception("chats.broke_off", message=str(claimed.id))
        unknown = judge(FailureKind.UNKNOWN, None, claimed.draft, as_template=claimed.as_template)
        return Outcome(claimed, verdict=unknown)
    return Outcome(claimed, wamid=accepted.wamid)
