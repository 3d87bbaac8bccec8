"""Scanning: one at a time with a network, many at once after the lack of one."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response

from pesan.errors import Forbidden, NotFound
from pesan.gates.api.auth import AS_DEVICE, DEVICE, NOT_LIVE, DeviceOf, get_device
from pesan.gates.api.scan_schemas import (
    BulkAnswer,
    BulkRequest,
    OfflineScan,
    ReconciledScan,
    ScanAnswer,
    ScannedTicket,
    ScanRequest,
    UndoRequest,
    moment,
)
from pesan.gates.attempts import Attempt, Scanned
from pesan.gates.desk import GateDesk
from pesan.gates.errors import NothingToUndo, ReasonMissing, ScanReused, TicketMismatch
from pesan.gates.states import Direction
from pesan.gates.undoing import undo
from pesan.gates.words import words_of
from pesan.identity.policies import SignedIn
from pesan.kit.i18n import Locale
from pesan.tickets.keystore import KeyStore
from pesan.tickets.states import Reason as ReadReason
from pesan.tickets.verify import Presented, read_presented
from pesan.web.access import Who, allow
from pesan.web.deps import find_person, get_database, get_locale, get_registry, ip_digest
from pesan.web.devices import DeviceClaims
from pesan.web.errors import FactorNeeded, SignInNeeded, ValidationFailed
from pesan.web.json_bodies import read_json
from pesan.web.openapi import BODY_REFUSALS, described, json_of, refusals

devices = APIRouter(tags=["gates"], dependencies=[DEVICE])
supervisors = APIRouter(tags=["gates"], dependencies=[allow(Who.ORGANIZER)])
_REFUSALS = refusals(*NOT_LIVE, *BODY_REFUSALS, ValidationFailed, ReasonMissing, Forbidden)
_SCAN_REFUSALS = refusals(
    *NOT_LIVE, *BODY_REFUSALS, ValidationFailed, ReasonMissing, Forbidden, ScanReused, TicketMismatch
)


@devices.post(
    "/v1/scan",
    response_model=ScanAnswer,
    responses=_SCAN_REFUSALS,
    openapi_extra=described(body=json_of(ScanRequest), security=AS_DEVICE),
)
async def scan(request: Request) -> Response:
    """Let somebody in, or say why not; the same nonce again is the same scan."""
    device = await get_device(request)
    wish = await read_json(request, ScanRequest)
    if wish.device_id != device.device_id:
        raise Forbidden
    attempt = Attempt(
        device_id=device.device_id,
        nonce=wish.nonce,
        presented=_agreed(
            await _present(request, wish.text, wish.ticket_id, wish.manual_reason), wish.ticket_id
        ),
        direction=wish.direction,
        device_at=None if wish.device_at_ms is None else moment(wish.device_at_ms),
        offset_ms=wish.offset_ms,
        manual_reason=wish.manual_reason if wish.text is None else None,
    )
    scanned = await get_registry(request)[GateDesk].submit(device.event_id, attempt)
    answer = _answer(scanned, wish.direction, get_locale(request))
    return Response(answer.model_dump_json(), media_type="application/json")


@devices.post("/v1/scans/bulk", responses=_REFUSALS, openapi_extra=described(security=AS_DEVICE))
async def reconcile(request: Request, wish: BulkRequest, device: DeviceOf) -> BulkAnswer:
    """Hand in what was scanned without a network, in any order and as often as it takes."""
    attempts = [await _offline(request, one, device) for one in wish.scans]
    scanned = await get_registry(request)[GateDesk].submit_all(device.event_id, attempts)
    now = datetime.now(UTC)
    return BulkAnswer(
        results=[_reconciled(one) for one in scanned], server_time_ms=int(now.timestamp() * 1_000)
    )


@supervisors.post(
    "/v1/scans/{scan_id}/undo",
    status_code=204,
    responses=refusals(
        *BODY_REFUSALS, SignInNeeded, FactorNeeded, Forbidden, NotFound, ValidationFailed, NothingToUndo
    ),
    openapi_extra=described(security=[{"staffSession": []}, {"bearerToken": []}]),
)
async def undo_scan(request: Request, scan_id: UUID, wish: UndoRequest) -> Response:
    """Take a scan back, for a reason that is kept."""
    desk = get_registry(request)[GateDesk]
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        raise Forbidden
    told = {"reason": wish.reason, "ip_digest": ip_digest(request)}
    await undo(get_database(request), desk, scan_id, person=person, **told)
    return Response(status_code=204)


async def _present(
    request: Request, text: str | None, ticket_id: UUID | None, manual_reason: str | None
) -> Presented | ReadReason:
    """What was read, its signature checked; without a code, the ticket that staff named. Raises ReasonMissing."""
    if text is not None:
        return await read_presented(get_registry(request)[KeyStore], text)
    if ticket_id is None:
        return ReadReason.UNREADABLE
    if manual_reason is None:
        raise ReasonMissing
    return Presented(ticket_id=ticket_id)


def _agreed(presented: Presented | ReadReason, ticket_id: UUID | None) -> Presented | ReadReason:
    """What was read, for the ticket that came named with it; a code of another one is none. Raises TicketMismatch."""
    if ticket_id is None or not isinstance(presented, Presented):
        return presented
    if presented.ticket_id not in {None, ticket_id}:
        raise TicketMismatch
    return replace(presented, ticket_id=ticket_id)


async def _offline(request: Request, one: OfflineScan, device: DeviceClaims) -> Attempt:
    return Attempt(
        device_id=device.device_id,
        nonce=one.nonce,
        presented=await _present(request, one.text, one.ticket_id, one.manual_reason),
        direction=one.direction,
        shown=one.shown,
        reason=one.reason,
        device_at=moment(one.device_at_ms),
        offset_ms=one.offset_ms,
        manual_reason=one.manual_reason if one.text is None else None,
    )


def _answer(scanned: Scanned, direction: Direction, locale: Locale) -> ScanAnswer:
    ticket, first = scanned.ticket, scanned.first
    return ScanAnswer(
        scan_id=scanned.id,
        result=scanned.shown,
        reason=scanned.reason,
        message=words_of(scanned.reason, is_exit=direction is Direction.EXIT).in_(locale),
        is_warning=scanned.is_warning,
        ticket=None
        if ticket is None
        else ScannedTicket(
            id=ticket.id,
            # The whole code opens the ticket's page; whoever holds the ticket has it, and a gate needs none of it.
            code=ticket.code[-4:],
            holder_name=ticket.holder_name,
            type=ticket.type_name,
            seat=ticket.seat,
            number=ticket.number,
        ),
        used_at=first.at if first else None,
        used_gate_id=first.gate_id if first else None,
        used_gate=first.gate if first else None,
        cycle=scanned.cycle,
        server_time=datetime.now(UTC),
    )


def _reconciled(scanned: Scanned) -> ReconciledScan:
    return ReconciledScan(
        nonce=scanned.nonce,
        scan_id=scanned.id,
        shown=scanned.shown,
        result=scanned.result,
        reason=scanned.reason,
        cycle=scanned.cycle,
        conflict=scanned.conflict,
    )
