"""Screens join a booth once by a code, see that booth alone, and are out the moment somebody says so."""

import time

import httpx
import pytest
from sqlalchemy import URL, select

from pesan.audit.models import AuditEntry
from pesan.booths.models.devices import BoothDevice, BoothPairing
from pesan.booths.screens.service import forget_pairings, revoke_device
from pesan.booths.screens.tokens import BoothTokens
from pesan.booths.states import SessionEvent
from pesan.db import Database
from pesan.gates.device_tokens import DeviceTokens
from pesan.identity.models import User
from pesan.kit.ids import new_id
from pesan.web.devices import BoothClaims, DeviceClaims
from tests.booths.desks import sign_in
from tests.booths.screens import Corner, Screen, open_corner
from tests.support.booths import book_session, make_place, move_session
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server
from tests.support.schema import SECRET

REVOKED = (401, "booths.screen_revoked")
INVALID = (401, "booths.token_invalid")


@pytest.fixture
async def corner(make: Make, database: Database) -> Corner:
    return await open_corner(make, database)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def count(database: Database, kind: type[BoothDevice] | type[BoothPairing]) -> int:
    async with database.read(SYSTEM) as session:
        return len((await session.scalars(select(kind.id))).all())


async def test_a_screen_joins_by_a_code_once_and_nobody_signs_in_on_it(
    client, corner: Corner, database: Database
):
    screen, second, code = Screen(client), Screen(client), await corner.code()

    answer = await screen.join(f"{code[:4]}-{code[4:]}".lower())
    again = await second.join(code)

    told = answer.json()
    assert answer.status_code == 201
    assert told["booth"] == {"id": str(corner.booth.id), "name": "Booth 1", "is_closed": False}
    assert (told["outlet"]["name"], told["outlet"]["timezone"]) == ("Booth Kota Tua", "Asia/Jakarta")
    claims = BoothTokens(SECRET.encode()).read(told["token"])
    place = (corner.place.id, corner.booth.id, corner.place.event.merchant_id)
    assert claims == BoothClaims(screen.device_id, *place)
    assert code_of(again) == (404, "booths.pairing_over")
    assert await count(database, BoothDevice) == 1
    async with database.read(SYSTEM) as session:
        entries = (await session.execute(select(AuditEntry.action, AuditEntry.actor_id))).all()
    told_of = {(action, who) for action, who in entries if "pairing" in action or "device" in action}
    assert told_of == {
        ("booth:pairing:created", corner.user.id),
        ("booth:device:registered", corner.user.id),
    }


async def test_a_code_that_is_over_or_whose_maker_left_is_of_no_use(
    client, corner: Corner, database: Database, postgres: Server, database_url: URL
):
    late = await corner.code()
    with postgres.connect(database_url.database) as owner:
        owner.execute("UPDATE booth_pairings SET expires_at = clock_timestamp()")
    orphaned = await corner.code(1)

    too_late = await Screen(client).join(late)
    guessed = await Screen(client).join("00000000")
    await _dismiss(database, corner.user)
    nobodys = await Screen(client).join(orphaned)

    assert {code_of(each) for each in (too_late, guessed, nobodys)} == {(404, "booths.pairing_over")}
    assert await count(database, BoothDevice) == 0
    async with database.write(SYSTEM) as session:
        await forget_pairings(session)
    assert await count(database, BoothPairing) == 1


async def test_a_key_that_is_none_uses_no_code_up(client, corner: Corner):
    screen, code = Screen(client), await corner.code()

    refused = await screen.join(code, public_key="AAAA")

    assert code_of(refused) == (422, "booths.screen_key_invalid")
    assert (await screen.join(code)).status_code == 201


async def test_a_token_is_renewed_by_proof_of_the_key_once(client, corner: Corner, database: Database):
    screen, stranger = await corner.joined(client), Screen(client)
    stranger.token, stranger.device_id = screen.token, screen.device_id
    at = int(time.time() * 1000)

    renewed = await screen.renew(at)
    refused = [await screen.renew(at), await stranger.renew(), await screen.renew(at - 11 * 60_000)]
    await _dismiss(database, corner.user)

    assert renewed.status_code == 200
    assert BoothTokens(SECRET.encode()).read(renewed.json()["token"]) is not None
    assert {code_of(each) for each in refused} == {(401, "booths.renewal_refused")}
    assert code_of(await screen.renew()) == (403, "booths.screen_over")
    # What it reports is taken as long as its token stands.
    assert (await screen.get(f"/booth/{corner.booth.id}/now")).status_code == 200


async def test_a_screen_says_how_it_is(client, corner: Corner, database: Database):
    screen = await corner.joined(client)

    answer = await screen.post("/booth/beat", {"battery": 41, "app_version": "2"})

    async with database.read(SYSTEM) as session:
        device = await session.get_one(BoothDevice, screen.device_id)
    assert (answer.status_code, answer.json()["name"]) == (200, "Tablet")
    assert (device.battery, device.app_version) == (41, "2")
    assert device.last_seen_at is not None


async def test_staff_of_the_outlet_rename_a_screen_and_nobody_else_does(
    client, make, corner: Corner, database: Database
):
    screen = Screen(client)
    await screen.join(await corner.code())
    staff = await sign_in(client, make, database, corner.place, outlets=[corner.place.id])
    stranger = await sign_in(client, make, database, await make_place(make, database))
    path = f"/outlets/{corner.place.id}/booths/{corner.booth.id}/screens/{screen.device_id}"

    answers = [
        await client.patch(path, json={"name": name}, headers={**headers, **key})
        for headers, name in (
            (staff, "Tablet kiri"),
            (staff, "Tablet kiri"),
            (staff, " "),
            (stranger, "Curian"),
        )
        for key in ({"idempotency-key": f"rename-{name}"},)
    ]
    gone = await client.patch(
        path.replace(str(screen.device_id), str(new_id())), json={"name": "X"}, headers=staff
    )

    assert [answer.status_code for answer in (*answers, gone)] == [200, 200, 422, 403, 404]
    assert (answers[0].json()["name"], answers[1].content) == ("Tablet kiri", answers[0].content)
    async with database.read(SYSTEM) as session:
        assert (await session.get_one(BoothDevice, screen.device_id)).name == "Tablet kiri"


async def test_a_revoked_screen_is_out_at_once(client, corner: Corner, database: Database):
    screen, other = await corner.joined(client), await corner.joined(client, 1)
    async with database.write(corner.actor) as session:
        await revoke_device(session, screen.device_id, event_id=corner.place.id, actor=corner.actor)

    asked = [
        await screen.get(f"/booth/{corner.booth.id}/now"),
        await screen.post("/booth/beat", {}),
        await screen.renew(),
    ]

    assert {code_of(each) for each in asked} == {REVOKED}
    assert (await other.get(f"/booth/{corner.place.booths[1].id}/now")).status_code == 200


async def test_a_token_of_a_gate_and_one_of_another_booth_open_nothing(client, corner: Corner):
    screen, elsewhere = await corner.joined(client), corner.place.booths[1].id
    claims = DeviceClaims(screen.device_id, corner.place.id, corner.booth.id, corner.place.event.merchant_id)
    gate = Screen(client, token=DeviceTokens(SECRET.encode()).make(claims).text)

    assert code_of(await gate.get(f"/booth/{corner.booth.id}/now")) == INVALID
    assert code_of(await client.get(f"/booth/{corner.booth.id}/now")) == INVALID
    assert DeviceTokens(SECRET.encode()).read(screen.token) is None
    assert code_of(await screen.get(f"/booth/{elsewhere}/now")) == (404, "booths.booth_not_found")


async def test_a_screen_sees_who_is_there_and_who_comes_next(
    client, make: Make, corner: Corner, database: Database
):
    screen, path = await corner.joined(client), f"/booth/{corner.booth.id}/now"
    empty = (await screen.get(path)).json()
    first = await book_session(make, database, corner.place, buyer_name="Budi Santoso", in_minutes=5)
    await book_session(make, database, corner.place, buyer_name="Ani Wijaya", in_minutes=25)
    await book_session(make, database, corner.place, booth=1, buyer_name="Citra Dewi", in_minutes=5)
    waiting = (await screen.get(path)).json()
    await move_session(database, first.id, SessionEvent.ARRIVE)
    arrived = (await screen.get(path)).json()
    await move_session(database, first.id, SessionEvent.START)
    running = (await screen.get(path)).json()

    assert (empty["current"], empty["next"]) == (None, None)
    assert (waiting["current"], waiting["next"]["customer"]) == (None, "b***i")
    assert (arrived["current"]["state"], arrived["next"]["customer"]) == ("ARRIVED", "a***i")
    assert (running["current"]["id"], running["current"]["state"]) == (str(first.id), "ONGOING")
    assert running["current"]["due_at"] > running["server_time"]


async def _dismiss(database: Database, user: User) -> None:
    """Somebody's account is closed."""
    async with database.write(SYSTEM) as session:
        (await session.get_one(User, user.id)).is_active = False
