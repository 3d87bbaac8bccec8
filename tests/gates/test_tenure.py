"""A device is kept going while whoever paired it works for the event, and a little beyond the event's end."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from pesan.db import Database
from pesan.gates.service.devices import revoke_device
from pesan.gates.tenure import GRACE
from pesan.identity.models import Membership, User
from pesan.identity.service import set_membership
from pesan.identity.states import MerchantRole
from pesan.kit.ids import new_id
from tests.gates.conftest import AsOwner
from tests.gates.phones import Entrance, Phone, now_ms, open_entrance
from tests.support.factories import SYSTEM, Make

HANDS_OUT = ("bundle", "tickets?q=budi")
OVER = (403, "gate.device_over")


@pytest.fixture
async def entrance(make: Make, database: Database) -> Entrance:
    return await open_entrance(make, database, await make.event())


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def asked(phone: Phone) -> list[tuple[int, str]]:
    """What it is told when it asks for its next token and for names."""
    return [code_of(await phone.renew()), *[code_of(await phone.get(path)) for path in HANDS_OUT]]


async def leave(database: Database, entrance: Entrance, how: str) -> None:
    """Whoever paired the devices works for the event no more."""
    assert entrance.actor.user_id is not None
    async with database.write(SYSTEM) as session:
        if how == "dismissed":
            await session.delete(await session.get_one(Membership, membership_of(entrance)))
        elif how == "closed account":
            (await session.get_one(User, entrance.actor.user_id)).is_active = False
        else:
            await set_membership(
                session,
                user_id=entrance.actor.user_id,
                merchant_id=entrance.event.merchant_id,
                role=MerchantRole.STAFF,
                event_ids=[new_id()],
                actor=SYSTEM,
            )


def membership_of(entrance: Entrance) -> tuple[UUID | None, UUID]:
    return entrance.actor.user_id, entrance.event.merchant_id


@pytest.mark.parametrize("how", ["dismissed", "closed account", "limited to another event"])
async def test_a_device_gets_no_more_once_its_registrar_left_but_hands_in_what_it_has(
    client, entrance: Entrance, database: Database, how: str
):
    phone = await entrance.joined(client)
    before = await asked(phone)

    await leave(database, entrance, how)

    assert before == [(200, "")] * 3
    assert await asked(phone) == [OVER] * 3
    assert (await phone.beat()).status_code == 200
    assert (await hand_in(phone)).status_code == 200


async def test_a_device_paired_by_an_administrator_of_the_instance_goes_on(
    client, entrance: Entrance, database: Database
):
    phone = await entrance.joined(client)
    await leave(database, entrance, "dismissed")
    async with database.write(SYSTEM) as session:
        (await session.get_one(User, entrance.actor.user_id)).platform_role = "admin"

    assert await asked(phone) == [(200, "")] * 3


@pytest.mark.parametrize(
    ("since_end", "told"), [(GRACE - timedelta(minutes=5), (200, "")), (GRACE + timedelta(minutes=5), OVER)]
)
async def test_a_device_outlives_its_event_by_the_grace_only(
    client, entrance: Entrance, as_owner: AsOwner, since_end: timedelta, told: tuple[int, str]
):
    phone = await entrance.joined(client)
    ago = f"interval '{since_end.total_seconds()} seconds'"
    await as_owner(
        f"UPDATE events SET starts_at = clock_timestamp() - {ago} - interval '1 hour',"
        f" ends_at = clock_timestamp() - {ago}"
    )

    assert await asked(phone) == [told] * 3
    assert (await hand_in(phone)).status_code == 200


async def test_a_revoked_device_hears_that_first(client, entrance: Entrance, database: Database):
    """A phone that is taken back has to let go of its list, whatever else is true of it."""
    phone = await entrance.joined(client)
    async with database.write(entrance.actor) as session:
        await revoke_device(session, phone.device_id, event_id=entrance.event.id, actor=entrance.actor)
    await leave(database, entrance, "dismissed")

    assert await asked(phone) == [(401, "gate.device_revoked")] * 3


async def hand_in(phone: Phone) -> httpx.Response:
    """Upload one scan that it made without a network."""
    one = {
        "nonce": str(new_id()),
        "qr": "X" * 20,
        "direction": "entry",
        "shown": "invalid",
        "reason": "unreadable",
    }
    one |= {"is_live": False, "device_at_ms": now_ms(), "offset_ms": 0}
    headers = {"authorization": f"Bearer {phone.token}"}
    return await phone.client.post("/v1/scans/bulk", json={"scans": [one]}, headers=headers)
