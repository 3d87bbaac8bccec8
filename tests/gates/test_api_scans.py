"""Scanning over HTTP: what pestapora.md §12 sends and is answered."""

from collections.abc import Mapping

import httpx
import pytest

from pesan.gates.device_tokens import DeviceTokens
from pesan.gates.models import GateDevice
from pesan.kit.ids import new_id
from pesan.settings import Settings
from pesan.web.devices import DeviceClaims
from tests.gates.conftest import AsOwner
from tests.gates.steps import Venue, open_venue


def bearer(settings: Settings, device: GateDevice) -> Mapping[str, str]:
    claims = DeviceClaims(device.id, device.event_id, device.gate_id, device.merchant_id)
    return {"authorization": f"Bearer {DeviceTokens(settings.secret).make(claims).text}"}


@pytest.fixture
async def device(venue: Venue) -> GateDevice:
    return await venue.device()


def wish(device: GateDevice, text: str, **rest: object) -> dict[str, object]:
    return {"device_id": str(device.id), "qr": text, "nonce": str(new_id()), **rest}


async def test_a_scan_answers_as_the_document_says(
    client: httpx.AsyncClient, venue: Venue, device: GateDevice, settings: Settings
):
    (ticket,) = await venue.sell()
    asked = {
        "ticket_id": str(ticket.id),
        "code": ticket.qr_text,
        "device_id": str(device.id),
        "nonce": str(new_id()),
    }

    first = await client.post("/v1/scan", json=asked, headers=bearer(settings, device))
    again = await client.post("/v1/scan", json=asked, headers=bearer(settings, device))
    other = await client.post("/v1/scan", json=wish(device, ticket.token), headers=bearer(settings, device))

    answer = first.json()
    assert (first.status_code, answer["result"], answer["message"]) == (200, "ok", "Silakan masuk.")
    assert answer["ticket"] == {
        "id": str(ticket.id),
        "code": ticket.code[-4:],
        "holder_name": "Budi Santoso",
        "type": "",
        "seat": "",
        "number": 1,
    }
    assert again.json() | {"server_time": ""} == answer | {"server_time": ""}
    duplicate = other.json()
    assert (duplicate["result"], duplicate["reason"]) == ("duplicate", "already_in")
    assert (duplicate["used_at"], duplicate["used_gate"], duplicate["used_gate_id"]) == (
        answer["used_at"],
        "Pintu Utara",
        str(venue.gate.id),
    )


async def test_a_bulk_answers_each_scan_with_what_it_came_to(
    client: httpx.AsyncClient, venue: Venue, device: GateDevice, settings: Settings
):
    (ticket,) = await venue.sell()
    shown = {"qr": ticket.qr_text, "shown": "ok", "reason": "good", "offset_ms": 0}
    started = int(venue.now.timestamp() * 1_000)
    scans = [{**shown, "nonce": str(new_id()), "device_at_ms": started - ago} for ago in (1_000, 60_000)]

    answers = [
        (await client.post("/v1/scans/bulk", json={"scans": scans}, headers=bearer(settings, device))).json()
        for _ in range(2)
    ]

    found = [(one["shown"], one["result"], one["cycle"], one["conflict"]) for one in answers[0]["results"]]
    assert found == [("ok", "duplicate", None, "double_entry"), ("ok", "ok", 1, "double_entry")]
    assert answers[1]["results"] == answers[0]["results"]


async def test_a_device_recognises_its_own_entry_among_the_changes(
    client: httpx.AsyncClient, venue: Venue, device: GateDevice, settings: Settings
):
    (ticket,) = await venue.sell()
    asked = wish(device, ticket.qr_text)
    await client.post("/v1/scan", json=asked, headers=bearer(settings, device))

    told = [
        (await client.get("/v1/gates/changes", headers=bearer(settings, one))).json()["changes"]
        for one in (device, await venue.device())
    ]

    assert [change["entered_nonce"] for (change,) in told] == [asked["nonce"], None]


async def test_only_a_live_device_scans_and_only_for_itself(
    client: httpx.AsyncClient, venue: Venue, device: GateDevice, settings: Settings, as_owner: AsOwner
):
    (ticket,) = await venue.sell()
    other = await venue.device()
    headers = bearer(settings, device)

    refused = [
        await client.post("/v1/scan", json=wish(device, ticket.qr_text)),
        await client.post("/v1/scan", json=wish(other, ticket.qr_text), headers=headers),
        await client.post(
            "/v1/scan",
            json={"device_id": str(device.id), "ticket_id": str(ticket.id), "nonce": str(new_id())},
            headers=headers,
        ),
    ]
    await as_owner("UPDATE gate_devices SET revoked_at = clock_timestamp(), revoked_by = id")
    refused.append(await client.post("/v1/scan", json=wish(device, ticket.qr_text), headers=headers))

    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [
        (401, "gate.token_invalid"),
        (403, "forbidden"),
        (422, "gate.reason_missing"),
        (401, "gate.device_revoked"),
    ]
    assert await venue.scans(ticket) == []


async def test_a_device_of_another_merchant_finds_no_ticket_by_its_id(
    client: httpx.AsyncClient, venue: Venue, device: GateDevice, settings: Settings
):
    stranger = await open_venue(venue.make, venue.database, settings.secret)
    (theirs,) = await stranger.sell()
    asked = {
        "device_id": str(device.id),
        "ticket_id": str(theirs.id),
        "manual_reason": "Kenal orangnya",
        "nonce": str(new_id()),
    }

    answer = (await client.post("/v1/scan", json=asked, headers=bearer(settings, device))).json()

    assert (answer["result"], answer["ticket"]) == ("wrong_event", None)
    assert await stranger.scans(theirs) == []


async def test_a_scan_that_contradicts_itself_is_refused_and_nothing_is_written(
    client: httpx.AsyncClient, venue: Venue, device: GateDevice, settings: Settings
):
    mine, yours = await venue.sell(quantity=2)
    asked = wish(device, mine.qr_text)
    await client.post("/v1/scan", json=asked, headers=bearer(settings, device))
    others = [
        wish(device, yours.qr_text, ticket_id=str(mine.id)),
        asked | {"qr": yours.qr_text},
        asked | {"direction": "exit"},
    ]

    answers = [
        await client.post("/v1/scan", json=other, headers=bearer(settings, device)) for other in others
    ]
    typed = await client.post(
        "/v1/scan", json=wish(device, yours.code, ticket_id=str(mine.id)), headers=bearer(settings, device)
    )

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (422, "gate.ticket_mismatch"),
        (409, "gate.nonce_reused"),
        (409, "gate.nonce_reused"),
    ]
    assert (typed.json()["result"], typed.json()["reason"]) == ("invalid", "unknown")
    assert (len(await venue.scans(mine)), await venue.scans(yours)) == (1, [])
