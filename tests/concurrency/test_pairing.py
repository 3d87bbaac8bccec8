"""One pairing code shown by two devices at the same moment lets one of them in, at a gate and in a booth."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select

from pesan.booths.models.devices import BoothDevice
from pesan.booths.screens import service as screens
from pesan.booths.screens.errors import PairingOver as BoothPairingOver
from pesan.db import Database
from pesan.gates.errors import PairingOver
from pesan.gates.models import GateDevice, GatePairing
from pesan.gates.service.pairing import digest_of, register_device
from pesan.identity.devices.keys import DeviceKey, KeyKind
from pesan.identity.devices.pairing import NewDevice
from tests.booths.screens import open_corner
from tests.gates.phones import Entrance, open_entrance
from tests.support.factories import SYSTEM, Make
from tests.support.schema import SECRET

ROUNDS = 3
AT_ONCE = 5
NEW = NewDevice("HP Tono", DeviceKey(KeyKind.ED25519, bytes(32)), "1.0")


@pytest.fixture
async def entrance(make: Make, database: Database) -> Entrance:
    return await open_entrance(make, database, await make.event())


async def count_devices(database: Database) -> int:
    async with database.read(SYSTEM) as session:
        return await session.scalar(select(func.count(GateDevice.id))) or 0


async def test_one_of_many_at_once_joins(web_database: Database, entrance: Entrance, database: Database):
    for number in range(1, ROUNDS + 1):
        code = await entrance.code()
        arrived = asyncio.Barrier(AT_ONCE)

        async def join(code: str = code, arrived: asyncio.Barrier = arrived) -> str:
            try:
                async with web_database.write(entrance.actor) as session:
                    await arrived.wait()
                    secret = SECRET.encode()
                    await register_device(session, secret, code=code, new=NEW, actor=entrance.actor)
            except PairingOver:
                return "over"
            return "joined"

        told = Counter(await asyncio.gather(*(join() for _ in range(AT_ONCE))))

        assert told == {"joined": 1, "over": AT_ONCE - 1}
        assert await count_devices(database) == number


async def test_without_the_lock_the_same_race_lets_everybody_in(
    web_database: Database, entrance: Entrance, database: Database
):
    """The control: whoever looks whether the code was used, and then uses it, is not alone."""
    digest = digest_of(SECRET.encode(), await entrance.code())
    arrived = asyncio.Barrier(AT_ONCE)

    async def join() -> bool:
        async with web_database.write(entrance.actor) as session:
            pairing = await session.scalar(select(GatePairing).where(GatePairing.code_digest == digest))
            assert pairing is not None
            is_free = pairing.used_at is None
            await arrived.wait()
            pairing.used_at = pairing.expires_at
        return is_free

    assert await asyncio.gather(*(join() for _ in range(AT_ONCE))) == [True] * AT_ONCE


async def test_one_of_many_screens_at_once_joins_a_booth(
    web_database: Database, make: Make, database: Database
):
    corner = await open_corner(make, database)
    code, arrived = await corner.code(), asyncio.Barrier(AT_ONCE)

    async def join() -> str:
        try:
            async with web_database.write(corner.actor) as session:
                await arrived.wait()
                await screens.register_device(
                    session, SECRET.encode(), code=code, new=NEW, actor=corner.actor
                )
        except BoothPairingOver:
            return "over"
        return "joined"

    told = Counter(await asyncio.gather(*(join() for _ in range(AT_ONCE))))

    assert told == {"joined": 1, "over": AT_ONCE - 1}
    async with database.read(SYSTEM) as session:
        assert await session.scalar(select(func.count(BoothDevice.id))) == 1
