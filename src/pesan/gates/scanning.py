"""Deciding a group of scans of one event, in the order of their arrival, and writing what they come to."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeGuard
from uuid import UUID

from pesan.db import WriteSession
from pesan.errors import NotFound, PesanError
from pesan.gates.attempts import Admitted, Attempt, Scanned
from pesan.gates.errors import DeviceRevoked, GateShut, ScanReused
from pesan.gates.history import NOWHERE, Entered, History, work_out
from pesan.gates.locks import LockedTicket, Situation, lock_scanned
from pesan.gates.rows import ScanRow
from pesan.gates.states import RESULTS, ConflictKind, Reason, Result
from pesan.gates.verdict import Rules, Shown, Standing, judge, refusal_of
from pesan.gates.writes import write
from pesan.kit.ids import new_id
from pesan.tickets.slices import Slices
from pesan.tickets.states import Reason as ReadReason
from pesan.tickets.verify import Presented

MOST_SKEW = timedelta(minutes=2)
"""How far a device's clock may be off before its times are marked (reliability A-43)."""

Outcome = Scanned | PesanError


async def scan_many(
    session: WriteSession, event_id: UUID, attempts: Sequence[Attempt], slices: Slices
) -> list[Outcome]:
    """Decide and write scans of one event; one outcome per attempt, and no refused one disturbs the others.

    **Locks** the tickets by id, and the event's feed last. Raises NotFound when there is no such event.
    """
    situation = await lock_scanned(session, event_id, attempts)
    if situation is None:
        raise NotFound
    group = Group(situation, slices)
    decided = [group.decide(attempt) for attempt in attempts]
    histories = {ticket_id: group.history(ticket_id) for ticket_id in group.touched}
    await write(session, situation, group.new, group.corrected, histories)
    return [
        one if isinstance(one, PesanError) else group.outcome(attempt, *one, histories)
        for attempt, one in zip(attempts, decided, strict=True)
    ]


class Judged(NamedTuple):
    """What the screen says, what the server would have refused it for, and whether to look twice."""

    reason: Reason
    refusal: Reason | None
    is_warning: bool = False


class Group:
    """The scans of a group and those that were there, in memory."""

    def __init__(self, situation: Situation, slices: Slices) -> None:
        self.new: list[ScanRow] = []
        self.corrected: list[ScanRow] = []
        self.touched: set[UUID] = set()
        self._situation = situation
        self._slices = slices
        self._by_nonce = {(scan.device_id, scan.nonce): scan for scan in situation.scans}
        self._named: dict[UUID, list[ScanRow]] = defaultdict(list)
        for scan in situation.scans:
            self._named[scan.nonce].append(scan)
        self._by_code = {ticket.facts.code: ticket for ticket in situation.tickets.values()}
        self._scans: dict[UUID, list[ScanRow]] = defaultdict(list)
        for scan in situation.scans if situation.is_whole else ():
            if scan.ticket_id is not None:
                self._scans[scan.ticket_id].append(scan)

    def history(self, ticket_id: UUID) -> History:
        """What the scans of this ticket come to: all of them, or those of this group since it stood where it does."""
        since = NOWHERE if self._situation.is_whole else self._situation.stood.get(ticket_id, NOWHERE)
        return work_out((scan.seen for scan in self._scans[ticket_id]), since)

    def decide(self, attempt: Attempt) -> tuple[ScanRow, bool] | PesanError:
        """The scan that an attempt is, and whether staff should look twice; a repeated one is what it was."""
        device = self._situation.devices.get(attempt.device_id)
        if device is None or device.is_revoked:
            return DeviceRevoked()
        if attempt.shown is None and self._situation.gates[device.gate_id].is_closed:
            return GateShut()
        ticket = self._find(attempt.presented)
        known = self._by_nonce.get((attempt.device_id, attempt.nonce)) or self._find_before(attempt, ticket)
        if known is None:
            return self._add(attempt, ticket, attempt.nonce)
        if attempt.shown is None:
            return (known, False) if _is_still_so(known, attempt, ticket) else ScanReused()
        if self._is_told(known, attempt, ticket):
            self._correct(known, attempt)
            return known, False
        # What a screen showed is never dropped because of the name that came with it.
        told = self._by_nonce.get((attempt.device_id, attempt.own_nonce))
        return (told, False) if told else self._add(attempt, ticket, attempt.own_nonce)

    def _find_before(self, attempt: Attempt, ticket: LockedTicket | None) -> ScanRow | None:
        """The scan that an attempt is, sent late, which its phone sent before it was paired anew.

        By all that told it is the same, and not by its name alone: nobody learns of another device's scan, or keeps one
        of theirs away, by a nonce that they guessed.
        """
        if attempt.shown is None:
            return None
        named = [*self._named[attempt.nonce], *self._named[attempt.own_nonce]]
        return next((scan for scan in named if self._is_told(scan, attempt, ticket)), None)

    def _add(self, attempt: Attempt, ticket: LockedTicket | None, nonce: UUID) -> tuple[ScanRow, bool]:
        at, is_skewed = self._moment(attempt)
        judged = self._judge(attempt, ticket, at)
        scan = self._row(attempt, nonce, ticket, at, judged, is_skewed=is_skewed)
        self._by_nonce[attempt.device_id, nonce] = scan
        self.new.append(scan)
        if ticket is not None:
            self._scans[ticket.facts.id].append(scan)
            self.touched.add(ticket.facts.id)
        return scan, judged.is_warning

    def outcome(
        self, attempt: Attempt, scan: ScanRow, is_warning: bool, histories: dict[UUID, History]
    ) -> Scanned:
        """What a scan stands as, once everything of its group is known."""
        ticket = self._situation.tickets.get(scan.ticket_id) if scan.ticket_id else None
        history = histories.get(scan.ticket_id) if scan.ticket_id else None
        if ticket is not None and history is None:
            history = self.history(ticket.facts.id)
        return Scanned(
            id=scan.id,
            nonce=attempt.nonce,
            shown=Result(scan.shown),
            result=Result(scan.result),
            reason=Reason(scan.reason),
            cycle=scan.cycle,
            at=scan.scanned_at,
            is_warning=is_warning,
            ticket=ticket.facts if ticket else None,
            first=self._first(history.stood.entered if history else None),
            conflict=_conflict_of(scan, history),
        )

    def _first(self, entered: Entered | None) -> Admitted | None:
        if entered is None:
            return None
        return Admitted(entered.at, entered.gate_id, self._situation.gates[entered.gate_id].name)

    def _find(self, presented: Presented | ReadReason) -> LockedTicket | None:
        if not isinstance(presented, Presented):
            return None
        if presented.ticket_id is None:
            return self._by_code.get(presented.code or "")
        ticket = self._situation.tickets.get(presented.ticket_id)
        return ticket if ticket is None or presented.code in {None, ticket.facts.code} else None

    def _moment(self, attempt: Attempt) -> tuple[datetime, bool]:
        """When it was scanned by the server's clock, and whether the device's cannot be trusted.

        Asked online, that is now. Later, it is the device's time corrected by what it measured; between when the
        event's first device joined and now. Before its own device joined it is odd, and kept: a phone that was paired
        anew sends what it scanned before.
        """
        now = self._situation.now
        skew = timedelta(milliseconds=abs(attempt.offset_ms))
        if attempt.shown is None or attempt.device_at is None:
            return now, skew > MOST_SKEW
        corrected = attempt.device_at + timedelta(milliseconds=attempt.offset_ms)
        joined = self._situation.devices[attempt.device_id].registered_at
        is_odd = corrected > now + MOST_SKEW or corrected < joined
        earliest = self._situation.first_device_at or joined
        return min(max(corrected, earliest), now), skew > MOST_SKEW or is_odd

    def _judge(self, attempt: Attempt, ticket: LockedTicket | None, at: datetime) -> Judged:
        is_online = attempt.shown is None
        if ticket is None and _is_typed(attempt.presented):
            is_replaced = attempt.presented.code in self._situation.replaced
            missing = Reason.SUPERSEDED if is_replaced else Reason.UNKNOWN
            return Judged(attempt.reason or missing, missing)
        shown = self._shown(attempt, ticket, at, is_online=is_online)
        rules = self._rules(ticket)
        refusal = refusal_of(shown, rules, attempt.direction, at, None)
        if not is_online:
            return Judged(attempt.reason or Reason.GOOD, refusal)
        standing = self.history(ticket.facts.id).stood.standing if ticket else Standing()
        verdict = judge(shown, rules, standing, attempt.direction, at)
        return Judged(verdict.reason, refusal, verdict.is_warning)

    def _rules(self, ticket: LockedTicket | None) -> Rules:
        """No ticket lets in for longer than it is signed for."""
        rules = self._situation.rules
        if ticket is None or ticket.expires_at >= rules.closes_at:
            return rules
        return Rules(rules.opens_at, ticket.expires_at, rules.reentry, rules.static_codes)

    def _shown(
        self, attempt: Attempt, ticket: LockedTicket | None, at: datetime, *, is_online: bool
    ) -> Shown:
        presented = attempt.presented
        if not isinstance(presented, Presented):
            return Shown(is_readable=presented is not ReadReason.UNREADABLE, is_ours=False)
        epoch = presented.epoch
        is_newer = ticket is not None and epoch is not None and epoch > ticket.epoch
        return Shown(
            is_ours=self._is_ours(presented) and not is_newer,
            is_known=ticket is not None,
            # Whoever came in before the event was cancelled came in; its tickets say since when they are void.
            is_event_cancelled=is_online and self._situation.is_cancelled,
            is_void=ticket is not None and _is_since(ticket.is_void, ticket.voided_at, at),
            is_superseded=ticket is not None and self._is_superseded(epoch, ticket, at, is_online=is_online),
            # Without a code nothing rotates, and staff vouch for whom they let in.
            is_live=attempt.is_live or attempt.manual_reason is not None,
            is_stale=is_online and self._is_stale(presented, ticket, at),
        )

    @staticmethod
    def _is_superseded(epoch: int | None, ticket: LockedTicket, at: datetime, *, is_online: bool) -> bool:
        """A ticket that was made anew because its event moved is the same person's; handed on, it is another's."""
        if epoch is None or epoch >= ticket.epoch:
            return False
        replaced_at = ticket.replaced_at(epoch)
        return is_online or (replaced_at is not None and replaced_at <= at)

    def _is_ours(self, presented: Presented) -> bool:
        if presented.merchant_id not in {None, self._situation.merchant_id}:
            return False
        retired_at = self._situation.retired.get(presented.kid or "")
        return retired_at is None or presented.issued_at <= retired_at.timestamp()

    def _is_stale(self, presented: Presented, ticket: LockedTicket | None, at: datetime) -> bool:
        if presented.slice_code is None or ticket is None:
            return False
        return not self._slices.accepts_of(
            self._situation.event_id, ticket.facts.id, presented.epoch or 0, presented.slice_code, at
        )

    def _is_told(self, scan: ScanRow, attempt: Attempt, ticket: LockedTicket | None) -> bool:
        """Whether what is sent late is this scan: told before, or asked online at about the same time."""
        if not _is_same(scan, attempt, ticket):
            return False
        if scan.device_at == attempt.device_at:
            return True
        if scan.undone_at is not None or (scan.is_offline and scan.answered is None):
            return False
        at, _ = self._moment(attempt)
        return abs(at - scan.scanned_at) <= MOST_SKEW

    def _correct(self, scan: ScanRow, attempt: Attempt) -> None:
        """A device that gave up waiting showed its own verdict, and says so later by the same nonce.

        Once; what it had been answered is kept beside it.
        """
        if attempt.shown is None or scan.is_offline or attempt.shown.value == scan.shown:
            return
        scan.answered, scan.shown, scan.is_offline = scan.shown, attempt.shown.value, True
        scan.reason = (attempt.reason or Reason.GOOD).value
        self.corrected.append(scan)
        if scan.ticket_id is not None:
            self.touched.add(scan.ticket_id)

    def _row(
        self,
        attempt: Attempt,
        nonce: UUID,
        ticket: LockedTicket | None,
        at: datetime,
        judged: Judged,
        *,
        is_skewed: bool,
    ) -> ScanRow:
        now = self._situation.now
        shown = (attempt.shown or RESULTS[judged.reason]).value
        return ScanRow(
            id=new_id(),
            gate_id=self._situation.devices[attempt.device_id].gate_at(at),
            device_id=attempt.device_id,
            nonce=nonce,
            ticket_id=ticket.facts.id if ticket else None,
            direction=attempt.direction.value,
            shown=shown,
            answered=None,
            result=shown,
            reason=judged.reason.value,
            refusal=judged.refusal.value if judged.refusal else None,
            reentry=self._situation.rules.reentry.value,
            cycle=None,
            is_live=attempt.is_live,
            is_offline=attempt.shown is not None,
            is_skewed=is_skewed,
            manual_reason=attempt.manual_reason,
            device_at=attempt.device_at or now,
            offset_ms=attempt.offset_ms,
            scanned_at=at,
            received_at=now,
        )


def _is_typed(presented: Presented | ReadReason) -> TypeGuard[Presented]:
    """Whether it is a code, which somebody typed."""
    return isinstance(presented, Presented) and presented.code is not None


def _is_same(scan: ScanRow, attempt: Attempt, ticket: LockedTicket | None) -> bool:
    """Whether an attempt shows what a scan showed, the same way."""
    return scan.ticket_id == (ticket.facts.id if ticket else None) and scan.direction == attempt.direction


def _is_still_so(scan: ScanRow, attempt: Attempt, ticket: LockedTicket | None) -> bool:
    """Whether a scan that is asked for again is its own answer: nobody took it back, and its ticket is what it was."""
    if not _is_same(scan, attempt, ticket) or scan.undone_at is not None:
        return False
    if ticket is None or scan.shown != Result.OK:
        return True
    epoch = attempt.presented.epoch if isinstance(attempt.presented, Presented) else None
    return not ticket.is_void and (epoch is None or epoch >= ticket.epoch)


def _is_since(is_so: bool, since: datetime | None, at: datetime) -> bool:
    """Whether it was so at `at` already; without a time, always."""
    return is_so and (since is None or since <= at)


def _conflict_of(scan: ScanRow, history: History | None) -> ConflictKind | None:
    if history is None:
        return ConflictKind.REFUSED_ADMITTED if scan.seen.was_green and scan.refusal else None
    return next((one.kind for one in history.conflicts if scan.id in one.scans), None)
