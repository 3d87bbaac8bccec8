"""Devices join once by a code, prove themselves by their key, and are out the moment somebody says so."""

import asyncio
import time
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from pesan.audit.models import AuditEntry
from pesan.db import Database
from pesan.gates.device_tokens import DeviceTokens
from pesan.gates.models import GateDevice, GatePairing
from pesan.gates.service.devices import revoke_device
from pesan.gates.service.gates import close_gate, reopen_gate
from pesan.gates.topics import topic_of
from pesan.identity.service import set_membership
from pesan.identity.states import MerchantRole
from pesan.kit.registry import Registry
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.tenancy.models import Merchant
from pesan.web.devices import DeviceClaims
from tests.gates.phones import Entrance, Phone, b64, now_ms, open_entrance, strong_session
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server
from tests.support.schema import SECRET

DAY = 24 * 3600
ASKED = ("changes", "bundle", "tickets?q=budi", "stream")


@pytest.fixture
async def entrance(make: Make, database: Database) -> Entrance:
    return await open_entrance(make, database, await make.event())


async def read_device(database: Database, device_id: UUID) -> GateDevice:
    async with database.read(SYSTEM) as session:
        return await session.get_one(GateDevice, device_id)


async def count(database: Database, kind: type[GateDevice] | type[GatePairing]) -> int:
    async with database.read(SYSTEM) as session:
        return len((await session.scalars(select(kind.id))).all())


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_device_joins_by_a_code_once(client, entrance: Entrance, database: Database):
    phone, second, code = Phone(client), Phone(client), await entrance.code()

    answer = await phone.join(f"{code[:4]}-{code[4:]}".lower(), entrance.cookies)
    again = await second.join(code, entrance.cookies)

    told = answer.json()
    assert answer.status_code == 201
    assert told["gate"] == {"id": str(entrance.gate.id), "name": "Pintu Utara", "location": ""}
    assert told["event"]["title"] == entrance.event.title
    assert told["event"]["timezone"] == "Asia/Jakarta"
    claims = DeviceTokens(SECRET.encode()).read(told["token"])
    of_event = (entrance.event.id, entrance.gate.id, entrance.event.merchant_id)
    assert claims == DeviceClaims(phone.device_id, *of_event)
    assert code_of(again) == (404, "gate.pairing_over")
    assert await count(database, GateDevice) == 1
    async with database.read(SYSTEM) as session:
        actions = (await session.scalars(select(AuditEntry.action).order_by(AuditEntry.at))).all()
    gates = ["gate:gate:created", "gate:pairing:created", "gate:device:registered"]
    assert [action for action in actions if action.startswith("gate:")] == gates


async def test_a_device_says_how_it_is(client, entrance: Entrance, database: Database):
    phone = await entrance.joined(client)

    answer = await phone.beat(queue_length=3, battery=41, device_at_ms=now_ms() - 300_000, after=0)

    told, device = answer.json(), await read_device(database, phone.device_id)
    assert answer.status_code == 200
    assert (told["seq"], told["changes"], told["is_more"]) == (0, [], False)
    assert told["counters"] == {"inside": 0, "entered": 0, "left": 0, "per_minute": 0}
    assert (told["rules"]["reentry"], told["rules"]["static_codes"]) == ("none", "accept")
    assert (told["name"], told["gate"]["name"]) == ("HP Tono", "Pintu Utara")
    assert (device.queue_length, device.battery, device.app_version) == (3, 41, "1.1")
    assert device.skew_ms is not None
    assert 299_000 < device.skew_ms < 600_000


async def test_whoever_passed_no_second_factor_joins_no_device(
    client, make: Make, entrance: Entrance, database: Database
):
    async with database.read(SYSTEM) as session:
        merchant = await session.get_one(Merchant, entrance.event.merchant_id)
    weak = await make.session_of(await make.user(merchant))
    code = await entrance.code()

    refused = await Phone(client).join(code, weak)

    assert code_of(refused) == (403, "auth.second_factor_required")
    assert await count(database, GateDevice) == 0
    assert (await Phone(client).join(code, entrance.cookies)).status_code == 201


async def test_a_code_is_of_use_to_staff_of_its_event_only(
    client, make: Make, entrance: Entrance, database: Database
):
    async with database.read(SYSTEM) as session:
        own = await session.get_one(Merchant, entrance.event.merchant_id)
    other_event = await make.event(own)
    stranger, elsewhere, here = await make.user(await make.merchant()), await make.user(), await make.user()
    async with database.write(SYSTEM) as session:
        for user, event in ((elsewhere, other_event), (here, entrance.event)):
            await set_membership(
                session,
                user_id=user.id,
                merchant_id=own.id,
                role=MerchantRole.STAFF,
                event_ids=[event.id],
                actor=SYSTEM,
            )
    code = await entrance.code()
    people = [await strong_session(make, database, user) for user in (stranger, elsewhere, here)]

    answers = [await Phone(client).join(code, cookies) for cookies in people]

    assert [answer.status_code for answer in answers] == [404, 404, 201]


async def test_a_code_is_over_after_ten_minutes_and_at_a_closed_gate(
    client, entrance: Entrance, database: Database, postgres: Server, database_url
):
    late, closed = await entrance.code(), await entrance.code()
    with postgres.connect(database_url.database) as owner:
        first = "(SELECT id FROM gate_pairings ORDER BY id LIMIT 1)"
        owner.execute(f"UPDATE gate_pairings SET expires_at = clock_timestamp() WHERE id = {first}".encode())

    too_late = await Phone(client).join(late, entrance.cookies)
    async with database.write(entrance.actor) as session:
        await close_gate(session, entrance.gate.id, event_id=entrance.event.id, actor=entrance.actor)
    at_closed = await Phone(client).join(closed, entrance.cookies)

    assert (code_of(too_late), code_of(at_closed)) == ((404, "gate.pairing_over"), (409, "gate.closed"))
    assert await count(database, GateDevice) == 0


@pytest.mark.parametrize(
    ("kind", "public"),
    [
        ("Ed25519", bytes(31)),
        ("ES256", bytes(65)),
        ("ES256", b"\x02" + bytes(32)),
        ("Ed25519", b"\x04" + bytes(64)),
    ],
)
async def test_a_key_that_is_none_is_refused(client, entrance: Entrance, kind: str, public: bytes):
    phone = Phone(client)
    wish = {**phone.wish, "key_kind": kind, "public_key": b64(public), "code": await entrance.code()}
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in entrance.cookies.items())}

    answer = await client.post("/v1/gates/register", json=wish, headers=headers)

    assert code_of(answer) == (422, "gate.device_key_invalid")


@pytest.mark.parametrize("make_phone", [Phone, Phone.of_p256])
async def test_a_proof_of_the_key_renews_the_token_once(client, entrance: Entrance, make_phone):
    phone, at = make_phone(client), now_ms()
    await phone.join(await entrance.code(), entrance.cookies)

    renewed, replayed, older = [await phone.renew(when) for when in (at, at, at - 1)]
    phone.token = renewed.json()["token"]

    assert renewed.status_code == 200
    assert (code_of(replayed), code_of(older)) == ((401, "gate.renewal_refused"),) * 2
    assert (await phone.beat()).status_code == 200


async def test_another_key_or_another_time_renews_nothing(client, entrance: Entrance):
    phone, thief = await entrance.joined(client), Phone(client)
    thief.token, thief.device_id = phone.token, phone.device_id
    long_ago, soon = now_ms() - 11 * 60_000, now_ms() + 11 * 60_000

    answers = [await thief.renew(), await phone.renew(long_ago), await phone.renew(soon)]

    assert [code_of(answer) for answer in answers] == [(401, "gate.renewal_refused")] * 3
    assert code_of(await phone.renew(token="x.y.z")) == (401, "gate.token_invalid")
    assert (await phone.renew()).status_code == 200


async def test_a_token_is_renewed_until_seven_days_after_it_was_over(client, entrance: Entrance):
    phone = await entrance.joined(client)
    tokens = DeviceTokens(SECRET.encode())
    claims = tokens.read(phone.token)
    assert claims is not None
    week, longer = (tokens.make(claims, now=time.time() - age).text for age in (8 * DAY - 60, 8 * DAY + 1))

    phone.token = week
    over = await phone.beat()
    answers = [await phone.renew(token=longer), await phone.renew(token=week)]

    assert code_of(over) == (401, "gate.token_invalid")
    assert [answer.status_code for answer in answers] == [401, 200]


@pytest.mark.parametrize(
    ("end", "refusal"), [(revoke_device, (401, "gate.device_revoked")), (close_gate, (403, "gate.shut"))]
)
async def test_a_device_is_out_at_once(
    client, entrance: Entrance, database: Database, end: Any, refusal: tuple[int, str]
):
    phone = await entrance.joined(client)
    before = [(await phone.get(path)).status_code for path in ASKED[:-1]]

    async with database.write(entrance.actor) as session:
        ended = entrance.gate.id if end is close_gate else phone.device_id
        await end(session, ended, event_id=entrance.event.id, actor=entrance.actor)

    answers = [await phone.get(path) for path in ASKED]
    assert before == [200, 200, 200]
    assert [code_of(answer) for answer in answers] == [refusal] * len(ASKED)
    assert code_of(await phone.beat()) == refusal
    assert code_of(await phone.renew()) == refusal


async def test_a_device_works_on_once_its_gate_is_open_again(client, entrance: Entrance, database: Database):
    phone = await entrance.joined(client)
    of_event = {"event_id": entrance.event.id, "actor": entrance.actor}

    for change in (close_gate, reopen_gate):
        async with database.write(entrance.actor) as session:
            await change(session, entrance.gate.id, **of_event)

    assert [answer.status_code for answer in (await phone.beat(), await phone.renew())] == [200, 200]


async def test_a_stream_tells_of_changes_and_ends_with_its_device(
    client, entrance: Entrance, database: Database, registry: Registry
):
    phone = await entrance.joined(client)
    listening = asyncio.create_task(phone.get("stream"))
    while not registry[StreamGate].count():
        await asyncio.sleep(0.01)

    async with database.write(entrance.actor) as session:
        await revoke_device(session, phone.device_id, event_id=entrance.event.id, actor=entrance.actor)
    registry[Hub].hint(topic_of(entrance.event.id))
    said = (await listening).text

    events = [line.removeprefix("event: ") for line in said.splitlines() if line.startswith("event: ")]
    assert events == ["changed", "gone"]


async def test_a_device_is_nobodys_session(client, entrance: Entrance):
    phone = await entrance.joined(client)
    headers = {"authorization": f"Bearer {phone.token}"}
    cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in entrance.cookies.items())}

    as_person = await client.get("/v1/tickets", headers=headers)
    as_device = await client.get("/v1/gates/changes", headers=cookie)

    assert (code_of(as_person), code_of(as_device)) == ((401, "auth.required"), (401, "gate.token_invalid"))
