"""One time at one booth, wanted by 200 at the same moment while the length of sessions changes under them."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import cycle

from pesan.booths.queries.configs import Config
from pesan.booths.service import set_config
from pesan.db import Database
from tests.support.booths import Place, make_place
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.racer import race
from tests.support.wire import Request

RACERS = 200
ROUNDS = 20
# Both begin at the full hour, so that times of either length are wanted there: they overlap and share no pool.
LENGTHS = (15, 20)


async def open_place(make: Make, database: Database, **wanted: int) -> Place:
    # For nothing, so that these orders want no money, which the instance's other races look at.
    return await make_place(make, database, price_amount=0, **wanted)


def list_requests(place: Place, booth: int) -> list[Request]:
    at = (datetime.now(UTC) + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    wish = {
        "outlet_id": str(place.id),
        "booth_id": str(place.booths[booth].id),
        "booking_time": at.isoformat(),
        "name": "Siti Rahma",
    }
    return [Request("POST", "/booking", {**wish, "wa": f"0812345{number:05}"}) for number in range(RACERS)]


async def change_lengths(database: Database, place: Place) -> None:
    for minutes in cycle(LENGTHS):
        async with database.write(SYSTEM) as session:
            config = Config(minutes, 15)
            await set_config(session, place.event.merchant_id, config=config, actor=SYSTEM)
        await asyncio.sleep(0.05)


async def book_at_once(port: int, database: Database, place: Place, booth: int = 0) -> Counter[str]:
    changing = asyncio.create_task(change_lengths(database, place))
    try:
        answers = await race(port, list_requests(place, booth), within=120)
    finally:
        changing.cancel()
    return Counter(answer.code or str(answer.status) for answer in answers)


async def test_one_of_200_has_the_time(served, make: Make, database: Database):
    service = await served()
    place = await open_place(make, database)

    told = await book_at_once(service.port, database, place)

    assert told.pop("201") == 1
    # On a busy machine some wait longer for the outlet than anybody should.
    assert set(told) <= {"capacity.slot_taken", "busy"}
    assert [found for found in await offenders(database) if str(place.id) in str(found)] == []


async def test_without_lock_and_constraint_several_have_it(unguarded):
    """The control; one time is decided in milliseconds, so several are tried."""
    place = await open_place(unguarded.make, unguarded.database, booths=ROUNDS)
    for booth in range(ROUNDS):
        told = await book_at_once(unguarded.service.port, unguarded.database, place, booth)
        if told["201"] > 1:
            break
    assert told["201"] > 1
