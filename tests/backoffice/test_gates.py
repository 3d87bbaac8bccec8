"""An organizer runs an event's gates: places, pairing codes, devices and rules; and nobody else does."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from pesan.audit.models import AuditEntry
from pesan.db import Actor, Database
from pesan.gates.models import Gate, GateDevice, GatePairing, GateRules
from pesan.gates.queries import get_rules
from pesan.gates.service.devices import Beat, note_beat
from pesan.gates.service.gates import make_gate
from pesan.gates.service.pairing import digest_of
from pesan.gates.states import Reentry, StaticCodes
from pesan.identity.devices.keys import KeyKind
from pesan.identity.team.service import remove_member
from pesan.kit.ids import new_id
from pesan.tickets.states import GRACE
from tests.backoffice.conftest import Team
from tests.gates.phones import now_ms
from tests.support.factories import SYSTEM
from tests.support.queries import CountQueries
from tests.support.schema import SECRET

CODE = re.compile(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4})</code>")


def page_of(team: Team) -> str:
    return f"{team.path}/events/{team.event.short_id}/gates"


async def add_gate(team: Team, name: str = "Pintu Utara") -> Gate:
    actor = Actor.staff(new_id(), frozenset([team.merchant.id]))
    async with team.database.write(actor) as session:
        return await make_gate(session, event=team.event, name=name, actor=actor)


async def add_device(
    team: Team, gate: Gate, name: str = "HP Tono", beat: Beat | None = None, by: UUID | None = None
) -> UUID:
    device = GateDevice(
        id=new_id(),
        merchant_id=gate.merchant_id,
        event_id=gate.event_id,
        gate_id=gate.id,
        name=name,
        key_kind=KeyKind.ED25519.value,
        public_key=bytes(32),
        registered_by=by or new_id(),
    )
    async with team.database.write(Actor.staff(new_id(), frozenset([team.merchant.id]))) as session:
        session.add(device)
    if beat:
        async with team.database.gate(gate.event_id) as session:
            await note_beat(session, device.id, beat)
    return device.id


async def only(database: Database, kind: type[Gate]) -> Gate:
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(kind))).one()


async def test_an_organizer_makes_names_closes_and_opens_a_gate(team: Team):
    browser, path = await team.sign_in("organizer"), page_of(team)
    made = await browser.submit(path, path, {"name": "Pintu Utara", "location": "Parkir P2"})
    gate = await only(team.database, Gate)
    one = f"{path}/{gate.id}"

    renamed = await browser.submit(one, one, {"name": "Pintu Selatan", "location": ""})
    closed = await browser.submit(one, f"{one}/active", {"is_active": "false"})
    is_closed = (await only(team.database, Gate)).closed_at is not None
    opened = await browser.submit(one, f"{one}/active", {"is_active": "true"})

    gate = await only(team.database, Gate)
    answers = (made, renamed, closed, opened)
    done = ["added", "saved", "closed", "opened"]
    assert [answer.headers["location"] for answer in answers] == [f"{path}?done={word}" for word in done]
    assert (gate.name, gate.location, is_closed, gate.closed_at) == ("Pintu Selatan", "", True, None)
    async with team.database.read(SYSTEM) as session:
        of_gate = select(AuditEntry.action).where(AuditEntry.subject_id == gate.id)
        actions = (await session.scalars(of_gate.order_by(AuditEntry.seq))).all()
    assert actions == [f"gate:gate:{word}" for word in ("created", "renamed", "closed", "reopened")]


async def test_a_name_is_taken_once(team: Team):
    await add_gate(team)
    browser, path = await team.sign_in("organizer"), page_of(team)

    answer = await browser.submit(path, path, {"name": "pintu utara"})

    assert answer.status_code == 409
    assert 'value="pintu utara"' in answer.text
    assert (await only(team.database, Gate)).name == "Pintu Utara"


async def test_a_pairing_code_is_shown_once_with_its_picture(team: Team):
    gate = await add_gate(team)
    browser, path = await team.sign_in("organizer"), page_of(team)

    answer = await browser.submit(path, f"{path}/{gate.id}/pairing")
    again = await browser.get(f"{path}/{gate.id}")

    shown = CODE.search(answer.text)
    assert shown is not None
    async with team.database.read(SYSTEM) as session:
        pairing = (await session.scalars(select(GatePairing))).one()
    assert pairing.code_digest == digest_of(SECRET.encode(), shown[1])
    assert timedelta(minutes=9) < pairing.expires_at - pairing.created_at <= timedelta(minutes=10)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert 'class="qr"' in answer.text
    assert "http://127.0.0.1/gate</code>" in answer.text
    assert CODE.search(again.text) is None


async def test_a_closed_gate_shows_no_code(team: Team):
    gate = await add_gate(team)
    browser, path = await team.sign_in("organizer"), page_of(team)
    await browser.submit(path, f"{path}/{gate.id}/active", {"is_active": "false"})

    answer = await browser.submit(path, f"{path}/{gate.id}/pairing")

    assert (answer.status_code, CODE.search(answer.text)) == (409, None)


async def test_the_page_says_how_each_device_is_and_revokes_it(team: Team):
    gate = await add_gate(team)
    skewed = await add_device(team, gate, "HP Tono", Beat(7, "7.77", now_ms() - 200_000, 12))
    await add_device(team, gate, "HP Rani", Beat(0, "1.5", now_ms(), 90))
    browser, path = await team.sign_in("organizer"), page_of(team)
    before = (await browser.get(path)).text

    answer = await browser.submit(path, f"{path}/devices/{skewed}/revoke")
    after = (await browser.get(path)).text

    for words in ("Jamnya meleset", "Baterai hampir habis", "12%", "7.77", ">7<"):
        assert before.count(words) == 1
    assert answer.headers["location"] == f"{path}?done=revoked"
    assert (before.count("/revoke"), after.count("/revoke")) == (2, 1)
    assert "Dicabut" in after
    async with team.database.read(SYSTEM) as session:
        device = await session.get_one(GateDevice, skewed)
    assert device.revoked_by == team.users["organizer"].id


async def test_the_page_says_whose_devices_have_nobody_on_the_team_any_more(team: Team):
    gate = await add_gate(team)
    browser, path = await team.sign_in("organizer"), page_of(team)
    await team.sign_in("staff")
    owner, staff = team.users["organizer"].id, team.users["staff"].id
    await add_device(team, gate, by=owner)
    await add_device(team, gate, "HP Rani", by=staff)
    before = (await browser.get(path)).text

    organizer = Actor.staff(owner, frozenset([team.merchant.id]))
    async with team.database.identity(organizer) as session:
        await remove_member(session, staff, merchant_id=team.merchant.id, actor=organizer)
    after = (await browser.get(path)).text

    orphaned = "Pemasang bukan tim lagi"
    assert (before.count(orphaned), after.count(orphaned)) == (0, 1)


async def test_rules_are_those_of_the_event_until_somebody_says_otherwise(team: Team):
    browser, path, event = await team.sign_in("organizer"), page_of(team), team.event
    async with team.database.read(SYSTEM) as session:
        usual = await get_rules(session, event.id)
    wish = {
        "opens_at": "2027-01-02T17:00",
        "closes_at": "",
        "reentry": "after_exit",
        "static_codes": "warn",
    }
    backwards = {**wish, "opens_at": "2099-01-02T17:00"}

    refused = await browser.submit(path, f"{path}/rules", backwards)
    async with team.database.read(SYSTEM) as session:
        kept = (await session.scalars(select(GateRules))).all()
    wish["opens_at"] = (event.starts_at - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    saved = await browser.submit(path, f"{path}/rules", wish)

    async with team.database.read(SYSTEM) as session:
        rules = await get_rules(session, event.id)
    assert (usual.opens_at, usual.closes_at) == (event.starts_at - timedelta(hours=4), event.ends_at + GRACE)
    assert (usual.reentry, usual.static_codes) == (Reentry.NONE, StaticCodes.ACCEPT)
    assert (refused.status_code, kept, saved.headers["location"]) == (422, [], f"{path}?done=rules")
    assert (rules.reentry, rules.static_codes) == (Reentry.AFTER_EXIT, StaticCodes.WARN)
    assert (rules.closes_at, rules.opens_at < usual.opens_at) == (usual.closes_at, True)


async def test_gates_are_the_organizers_to_run(team: Team):
    gate = await add_gate(team)
    device = await add_device(team, gate)
    path = page_of(team)
    forms = [path, f"{path}/rules", f"{path}/{gate.id}", f"{path}/{gate.id}/pairing"]
    forms += [f"{path}/{gate.id}/active", f"{path}/devices/{device}", f"{path}/devices/{device}/revoke"]

    for role, status in (("staff", 403), ("stranger", 404)):
        browser = await team.sign_in(role)
        wish = {"name": "Lain", "is_active": "false", "gate_id": str(gate.id)}
        answers = [await browser.submit("/backoffice/account", form, wish) for form in forms]
        assert [answer.status_code for answer in answers] == [status] * len(forms)
        seen = [(await browser.get(page)).status_code for page in (path, f"{path}/devices/{device}")]
        assert seen == [status, status]

    kept = await only(team.database, Gate)
    assert (kept.name, kept.closed_at, kept.audit_seq) == ("Pintu Utara", None, 1)
    async with team.database.read(SYSTEM) as session:
        left = await session.execute(text("SELECT name FROM gate_devices WHERE revoked_at IS NULL"))
        assert left.scalar_one() == "HP Tono"


@pytest.mark.parametrize("count", [1, 3])
async def test_the_page_asks_as_often_for_any_number(
    team: Team, count: int, count_page_queries: CountQueries
):
    for number in range(count):
        gate = await add_gate(team, f"Pintu {number}")
        await add_device(team, gate)
    browser = await team.sign_in("organizer")

    with count_page_queries() as statements:
        page = await browser.get(page_of(team))

    assert page.text.count("/pairing") == page.text.count("/revoke") == count
    assert len(statements) == 11


async def test_a_device_is_renamed_and_moved_to_an_open_gate_of_its_event(team: Team):
    north, south, shut = [await add_gate(team, name) for name in ("Utara", "Selatan", "Barat")]
    device = await add_device(team, north)
    browser, path = await team.sign_in("organizer"), page_of(team)
    await browser.submit(path, f"{path}/{shut.id}/active", {"is_active": "false"})
    one = f"{path}/devices/{device}"
    shown = (await browser.get(one)).text

    def wish(gate_id: UUID, name: str = "HP Wati") -> dict[str, str]:
        return {"name": name, "gate_id": str(gate_id)}

    moved = await browser.submit(one, one, wish(south.id))
    refused = [
        await browser.submit(one, one, each) for each in (wish(shut.id), wish(new_id()), wish(south.id, " "))
    ]

    async with team.database.read(SYSTEM) as session:
        row = await session.get_one(GateDevice, device)
        entries = (await session.scalars(select(AuditEntry).where(AuditEntry.subject_id == device))).all()
    assert [f'value="{gate.id}"' in shown for gate in (north, south, shut)] == [True, True, False]
    assert (moved.headers["location"], row.name) == (f"{path}?done=saved", "HP Wati")
    assert [answer.status_code for answer in refused] == [409, 404, 422]
    assert (row.gate_id, row.moved_from, row.moved_at is not None) == (south.id, north.id, True)
    (entry,) = entries
    assert (entry.action, entry.actor_id) == ("gate:device:changed", team.users["organizer"].id)
    assert entry.data == {
        "before": {"name": "HP Tono", "gate_id": str(north.id)},
        "after": {"name": "HP Wati", "gate_id": str(south.id)},
    }
