"""Who the screen of a booth greets: whoever runs there, else whom its button would let begin."""

import pytest

from pesan.booths.errors import TooEarly
from pesan.booths.moves import Moved
from pesan.booths.screens.now import get_now
from pesan.booths.states import SessionEvent
from pesan.db import Database
from tests.support.booths import Place, book_session, make_place, move_session
from tests.support.factories import SYSTEM

pytestmark = pytest.mark.every_postgres
E = SessionEvent


async def greeted(database: Database, place: Place) -> tuple[str | None, str | None]:
    """By name: who is there, and who comes next."""
    async with database.read(SYSTEM) as session:
        now = await get_now(session, place.booths[0].id)
    return now.current and now.current.customer_name, now.next and now.next.customer_name


@pytest.mark.parametrize(
    ("ani", "budi", "is_greeted"),
    [
        (48, 3, False),
        (23 * 60, 3, False),
        (48, -3, False),
        (48, 25, True),
        (23 * 60, 48, True),
        (3, -13, True),
        (-3, 12, True),
    ],
)
async def test_whoever_came_early_is_greeted_exactly_while_they_may_begin(
    make, database, ani, budi, is_greeted
):
    place = await make_place(make, database)
    early = await book_session(make, database, place, in_minutes=ani, buyer_name="Ani")
    await book_session(make, database, place, in_minutes=budi, buyer_name="Budi")
    await move_session(database, early.id, E.ARRIVE)

    seen = await greeted(database, place)
    begun = await move_session(database, early.id, E.START)

    assert seen == (("Ani", "Budi") if is_greeted else (None, "Budi"))
    assert type(begun) is (Moved if is_greeted else TooEarly)


async def test_whoever_waits_longer_for_their_time_is_greeted_once_nobody_comes_before(make, database):
    place = await make_place(make, database)
    ani = await book_session(make, database, place, in_minutes=48, buyer_name="Ani")
    budi = await book_session(make, database, place, in_minutes=3, buyer_name="Budi")
    await move_session(database, ani.id, E.ARRIVE)

    found = [await greeted(database, place)]
    for event in (E.ARRIVE, E.START, E.FINISH):
        await move_session(database, budi.id, event, place.staff)
        found.append(await greeted(database, place))

    assert found == [(None, "Budi"), ("Budi", "Ani"), ("Budi", "Ani"), ("Ani", None)]
