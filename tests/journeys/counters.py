"""An outlet in the middle of its day, for the tests that look at its pages."""

from pesan.booths.service import add_booth, close_booth
from pesan.booths.states import SessionEvent, SessionState
from tests.journeys.staff import Desk
from tests.support.booths import Place, book, book_session, let_pass, make_place, move_session
from tests.support.factories import SYSTEM, Make


async def open_counter(desk: Desk, make: Make) -> Place:
    """Booths with a session that runs, one whose customer is late, one that was overridden, and one that is closed."""
    place = await make_place(make, desk.database, desk.merchant, booths=4)
    runs = await book_session(make, desk.database, place, buyer_name="Siti Rahma")
    await book_session(make, desk.database, place, in_minutes=20, buyer_name="Budi Santoso")
    late = await book_session(make, desk.database, place, booth=1, buyer_name="Maximiliana Pertiwi")
    put = await book_session(make, desk.database, place, booth=2, buyer_name="Agus Salim")
    await book(make, place, booth=2, in_minutes=40, buyer_name="Rini Kusuma")
    for event in (SessionEvent.ARRIVE, SessionEvent.START):
        await move_session(desk.database, runs.id, event)
    await let_pass(desk.database, late.id, 10)
    override = {"target": SessionState.ARRIVED, "reason": "Pindai QR gagal"}
    await move_session(desk.database, put.id, SessionEvent.OVERRIDE, place.staff, **override)
    async with desk.database.write(SYSTEM) as session:
        await close_booth(session, place.id, place.booths[3].id, actor=SYSTEM)
    return place


async def booth_pages(desk: Desk, make: Make) -> list[str]:
    """Every page of the booth desk."""
    place = await open_counter(desk, make)
    async with desk.database.write(SYSTEM) as session:
        await add_booth(session, place.id, name="Booth paling belakang dekat jendela", actor=SYSTEM)
    put = await book_session(make, desk.database, place, in_minutes=90)
    outlets = f"{desk.service.url}/backoffice/booths/{desk.merchant.slug}"
    own = ("", "/walk-in", f"/sessions/{put.id}", "/bookings", "/day", "/edit")
    away = ("", "/config", "/outlets/new")
    return [
        *(f"{outlets}{end}" for end in away),
        *(f"{outlets}/outlets/{place.id}{end}" for end in own),
        f"{outlets}/outlets/{place.id}/booths/{place.booths[0].id}/screens",
    ]
