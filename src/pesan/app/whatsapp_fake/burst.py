"""A load of customers' messages against the webhook, and how it bore it."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from pesan.app.whatsapp_fake.business import Business, new_message_id
from pesan.app.whatsapp_fake.faults import Rate
from pesan.app.whatsapp_fake.measures import percentiles
from pesan.app.whatsapp_fake.people import Entry
from pesan.app.whatsapp_fake.saying import told
from pesan.app.whatsapp_fake.updates import Update, write_body

FIRST_CUSTOMER = 6_289_900_000_000
OK = 200


class Burst(BaseModel):
    """`count` messages, `per_second` of them (0: as fast as it goes), `batch` in one POST.

    `duplicates` is the share of POSTs that come twice. `{n}` in `text` becomes the message's number. What is not
    answered with 200 is posted again later, as the real service does.
    """

    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=1, le=100_000)] = 100
    per_second: Annotated[float, Field(ge=0, le=10_000)] = 0
    duplicates: Rate = 0.0
    reorder: bool = False
    batch: Annotated[int, Field(ge=1, le=1000)] = 1
    customers: Annotated[int, Field(ge=1, le=100_000)] = 100
    at_once: Annotated[int, Field(ge=1, le=64)] = 16
    text: Annotated[str, Field(max_length=4096)] = "Halo {n}"


async def run_burst(business: Business, wanted: Burst) -> dict[str, Any]:
    """Send it all and wait for the answers; the status and the time of each POST, in the order they were sent."""
    updates = list(_write(business, wanted))
    if wanted.reorder:
        business.chance.shuffle(updates)  # type: ignore[arg-type]  # any order of the same objects
    parts = [updates[start : start + wanted.batch] for start in range(0, len(updates), wanted.batch)]
    posts = [part for part in parts for _ in range(1 + business.chance.hits(wanted.duplicates))]
    started = time.monotonic()
    answers = await _send(business, wanted, posts)
    seconds = time.monotonic() - started
    return {
        "updates": len(updates),
        "posts": [
            {"status": status, "milliseconds": round(taken * 1000, 2), "updates": len(part)}
            for (status, taken), part in zip(answers, posts, strict=True)
        ],
        "duplicates": len(posts) - len(parts),
        "statuses": Counter(str(status) for status, _ in answers),
        "milliseconds": percentiles([taken for _, taken in answers]),
        "seconds": round(seconds, 3),
    }


def _write(business: Business, wanted: Burst) -> Iterator[Update]:
    numbers = business.terms.numbers
    for index in range(wanted.count):
        wa = str(FIRST_CUSTOMER + index % wanted.customers)
        customer = business.people.meet(wa, f"Pelanggan {index % wanted.customers + 1}")
        number = numbers[index % len(numbers)]
        text = wanted.text.replace("{n}", str(index + 1))
        entry = Entry(
            id=new_message_id(),
            by="customer",
            sender=number.id,
            kind="text",
            content={"body": text},
            at=int(business.clock.now()),
            shown={"text": text},
            status="delivered",
        )
        business.people.add(customer, entry)
        yield told(customer, number, entry)


async def _send(business: Business, wanted: Burst, posts: list[list[Update]]) -> list[tuple[int, float]]:
    """At the wanted pace, and never more than `at_once` under way."""
    places = asyncio.Semaphore(wanted.at_once)
    started = time.monotonic()
    tasks = []
    sent = 0
    async with asyncio.TaskGroup() as group:
        for part in posts:
            if wanted.per_second:
                await asyncio.sleep(max(0.0, started + sent / wanted.per_second - time.monotonic()))
            await places.acquire()
            tasks.append(group.create_task(_post(business, part, places)))
            sent += len(part)
    return [task.result() for task in tasks]


async def _post(business: Business, part: list[Update], places: asyncio.Semaphore) -> tuple[int, float]:
    try:
        body = write_body(business.terms, part)
        status, seconds = await business.postman.post(body)
    finally:
        places.release()
    if status != OK:
        business.postman.retry(body, len(part))
    return status, seconds
