"""What the booth desk's requests are about: outlets, sessions to move, people, and a screen that belongs to a booth."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pesan.booths.models import BoothSession
from pesan.booths.screens.service import make_pairing, register_device
from pesan.booths.screens.tokens import BoothTokens
from pesan.booths.states import SessionEvent
from pesan.db import Actor, Database
from pesan.identity.devices.keys import DeviceKey, KeyKind
from pesan.identity.devices.pairing import NewDevice
from pesan.identity.models import User
from pesan.identity.states import MerchantRole
from pesan.tenancy.models import Merchant
from pesan.web.devices import BoothClaims
from tests.support.booths import Place, book, book_session, make_place, move_session
from tests.support.factories import PASSWORD, Make

# What was done to a session before it is asked for by a path that ends in this.
MOVES = {
    "status": [],
    "arrival": [],
    "start": [SessionEvent.ARRIVE],
    "finish": [SessionEvent.ARRIVE, SessionEvent.START],
    "override": [],
    "undo": [SessionEvent.OVERRIDE],
}
EACH = 4
SESSIONS = EACH * len(MOVES)
HOUR = 60

Way = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Desk:
    """Ids and tokens of what is there; bookings are made at `place`, and changes at `other`."""

    place: Place
    other: Place
    sessions: dict[str, list[str]]
    user_ids: list[str]
    chief: dict[str, str]
    screen_id: str
    screen_token: str

    def ways(self, path: str) -> list[Way]:
        """What may stand in a path, and behind it; nothing where the document's own examples do."""
        if path.startswith("/session/"):
            return [{"path_parameters": {"id": ref}} for ref in self.sessions[path.rpartition("/")[2]]]
        if path.startswith("/admin-users/"):
            return [{"path_parameters": {"user_id": user_id}} for user_id in self.user_ids]
        if path.endswith("/slots"):
            place = {"path_parameters": {"outlet_id": str(self.place.id)}}
            return [{**place, "query": {"day": f"{_midnight(days):%Y-%m-%d}"}} for days in (1, 2)]
        if path.endswith("/{device_id}"):
            names = {"outlet_id": str(self.place.id), "booth_id": str(self.place.booths[0].id)}
            names["device_id"] = self.screen_id
        elif path.startswith("/outlets/"):
            names = {"outlet_id": str(self.other.id), "booth_id": str(self.other.booths[0].id)}
        else:
            names = {"booth_id": str(self.place.booths[0].id)}
        wanted = {name: value for name, value in names.items() if f"{{{name}}}" in path}
        return [{"path_parameters": wanted}] if wanted else []

    def fields(self, path: str, number: int) -> dict[str, Any]:
        """What a body may say of it."""
        at = None if number % 3 == 0 else _midnight(1 + number % 28).astimezone(UTC).isoformat()
        told = {
            "merchant_id": str(self.place.event.merchant_id),
            "outlet_id": str(self.place.id),
            "zone": "Asia/Makassar",
        }
        if path == "/booking":
            told |= {"booth_id": None, "booking_time": at, "walk_in": at is None}
        if "/booths" in path:
            told["name"] = f"Booth {number}"
        return told


async def open_desk(make: Make, database: Database, merchant: Merchant, secret: bytes) -> Desk:
    """Two outlets of the merchant's, with sessions in every state that one is asked for in."""
    place = await make_place(make, database, merchant, booths=SESSIONS)
    other = await make_place(make, database, merchant, booths=2, name="Booth Blok M")
    chief = await make.user(merchant, MerchantRole.ORGANIZER)
    sessions = {
        name: [str(each.id) for each in await make_sessions(make, database, place, index * EACH, moves)]
        for index, (name, moves) in enumerate(MOVES.items())
    }
    screen = await join_booth(database, secret, place, chief)
    held = await book(make, place, in_minutes=2 * HOUR)
    return Desk(
        place,
        other,
        {name: [*refs, held.code] for name, refs in sessions.items()},
        [str((await make.user(merchant)).id) for _ in range(2)],
        {"email": chief.email, "password": PASSWORD},
        str(screen.device_id),
        BoothTokens(secret).make(screen).text,
    )


async def make_sessions(
    make: Make, database: Database, place: Place, first: int, moves: list[SessionEvent]
) -> list[BoothSession]:
    """Sessions of their own booths, moved on."""
    found = []
    for booth in range(first, first + EACH):
        made = await book_session(make, database, place, booth=booth, in_minutes=HOUR)
        for move in moves:
            await move_session(database, made.id, move, place.staff, reason="Uji")
        found.append(made)
    return found


async def join_booth(database: Database, secret: bytes, place: Place, user: User) -> BoothClaims:
    """What the token of a screen at the first booth says."""
    actor, booth = Actor.staff(user.id, frozenset([place.event.merchant_id])), place.booths[0]
    new = NewDevice("Tablet", DeviceKey(KeyKind.ED25519, bytes(32)), "1.0")
    async with database.write(actor) as session:
        pairing = await make_pairing(session, secret, booth.id, event_id=place.id, actor=actor)
        device, _ = await register_device(session, secret, code=pairing.code, new=new, actor=actor)
    return BoothClaims(device.id, place.id, booth.id, booth.merchant_id)


def _midnight(days: int) -> datetime:
    """A time that outlets which are always open have, however long a session takes."""
    zone = ZoneInfo("Asia/Jakarta")
    return datetime.combine(datetime.now(zone).date() + timedelta(days=days), time(0), zone)
