"""Delivers webhooks: signed, in order for each customer, again after growing pauses, disturbed as the faults say."""

import asyncio
import time
from typing import Any
from zlib import crc32

import httpx

from pesan.app.whatsapp_fake.faults import Chance
from pesan.app.whatsapp_fake.measures import Measures
from pesan.app.whatsapp_fake.terms import Terms
from pesan.app.whatsapp_fake.updates import Update, sign, write_body

LANES = 16
MOST_WAITING = 50_000
GATHER_SECONDS = 0.05
LONGEST_PAUSE, MOST_ATTEMPTS = 60.0, 40
ANSWER_SECONDS = 20.0
_OK = 200


class _Round:
    """What is to be delivered since the beginning, or since everything was forgotten."""

    def __init__(self) -> None:
        self.under_way = 0
        self.lanes: list[asyncio.Queue[Update]] = [asyncio.Queue() for _ in range(LANES)]


class Postman:
    """Takes updates and posts them to the webhook, once there is one; until then they wait."""

    def __init__(self, terms: Terms, chance: Chance, measures: Measures, http: httpx.AsyncClient) -> None:
        self.url = terms.webhook_url
        self._terms = terms
        self._chance = chance
        self._measures = measures
        self.http = http
        self._pointed = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._round = _Round()
        if self.url:
            self._pointed.set()

    @property
    def waiting(self) -> int:
        """Updates that nobody has answered for yet."""
        return self._round.under_way

    def start(self) -> None:
        """Begin to deliver."""
        for lane in self._round.lanes:
            self._spawn(self._work(lane, self._round))

    def forget(self) -> None:
        """Deliver nothing of what waits."""
        for task in self._tasks:
            task.cancel()
        self._round = _Round()
        self.start()

    async def stop(self) -> None:
        """Leave everything where it is."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def point_at(self, url: str, http: httpx.AsyncClient | None = None) -> None:
        """Deliver there from now on; an empty address keeps everything back."""
        self.url = url
        self.http = http or self.http
        (self._pointed.set if url else self._pointed.clear)()

    def tell(self, update: Update, *, after: float = 0.0) -> None:
        """Deliver an update, in a while."""
        if self.waiting >= MOST_WAITING:
            self._measures.dropped += 1
            return
        self._round.under_way += 1
        pause = after + self._chance.seconds(self._chance.faults.webhook_delay_ms)
        lane = self._lane_of(update)
        if pause:
            asyncio.get_running_loop().call_later(pause, lane.put_nowait, update)
        else:
            lane.put_nowait(update)

    async def post(self, body: bytes) -> tuple[int, float]:
        """One POST: the status of its answer, 0 for none, and the seconds until then."""
        started = time.monotonic()
        try:
            answer = await self.http.post(
                self.url, content=body, headers=sign(body, self._terms.app_secret), timeout=ANSWER_SECONDS
            )
            status = answer.status_code
        except httpx.HTTPError:
            status = 0
        seconds = time.monotonic() - started
        self._measures.answered(status, seconds)
        return status, seconds

    def retry(self, body: bytes, count: int) -> None:
        """Post it again until it is answered for; `count` updates are in it."""
        self._round.under_way += count
        self._spawn(self._insist(body, count, self._round))

    async def _work(self, lane: "asyncio.Queue[Update]", of: "_Round") -> None:
        while True:
            updates = [await lane.get()]
            await self._pointed.wait()
            await self._gather(lane, updates)
            await self._deliver(updates, of)

    async def _gather(self, lane: "asyncio.Queue[Update]", updates: list[Update]) -> None:
        """More updates for the same POST, as far as the faults ask for batches or another order."""
        faults = self._chance.faults
        wanted = max(faults.batch, LANES if faults.reorder else 1)
        if wanted > 1:
            await asyncio.sleep(GATHER_SECONDS)
        while len(updates) < wanted and not lane.empty():
            updates.append(lane.get_nowait())

    async def _deliver(self, updates: list[Update], of: "_Round") -> None:
        faults = self._chance.faults
        if faults.reorder:
            self._chance.shuffle(updates)  # type: ignore[arg-type]  # any order of the same objects
        for start in range(0, len(updates), faults.batch):
            part = updates[start : start + faults.batch]
            body = write_body(self._terms, part)
            status, _ = await self.post(body)
            if self._chance.hits(faults.duplicates):
                await self.post(body)
            if status == _OK:
                of.under_way -= len(part)
            else:
                self._spawn(self._insist(body, len(part), of))

    async def _insist(self, body: bytes, count: int, of: "_Round") -> None:
        try:
            for attempt in range(MOST_ATTEMPTS):
                await asyncio.sleep(min(self._terms.retry_seconds * 2**attempt, LONGEST_PAUSE))
                await self._pointed.wait()
                status, _ = await self.post(body)
                if status == _OK:
                    return
            self._measures.dropped += count
        finally:
            of.under_way -= count

    def _lane_of(self, update: Update) -> "asyncio.Queue[Update]":
        """Of a customer always the same one; one for all where updates are mixed."""
        faults = self._chance.faults
        is_mixed = faults.batch > 1 or faults.reorder
        return self._round.lanes[0 if is_mixed else crc32(update.key.encode()) % LANES]

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
