"""Deciding a group of scans of one event, in the order of their arrival, and writing what they come to."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pesan.db import WriteSession
from pesan.errors import NotFound, PesanError
from pesan.gates.attempts import Admitted, Attempt, Scanned
from pesan.gates.errors import DeviceRevoked
from pesan.gates.history import History, work_out
from pesan.gates.locks import LockedTicket, Situation, lock_scanned
from pesan.gates.rows import ScanRow
from pesan.gates.states import RESULTS, ConflictKind, Reason
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
    return [one if isinstance(one, PesanError) else group.outcome(*one, histories) for one in decided]


class Group:
    """The scans of a group and those that were there, in memory."""

    def __init__(self, situation: Situation, slices: Slices) -> None:
        self.new: list[ScanRow] = []
        self.corrected: list[ScanRow] = []
        self.touched: set[UUID] = set()
        self._situation = situation
        self._slices = slices
        self._by_nonce = {(scan.device_id, scan.nonce): scan for scan in situation.scans}
        self._by_id = {scan.id: scan for scan in situation.scans}
        self._by_code = {ticket.facts.code: ticket for ticket in situation.tickets.values()}
        self._scans: dict[UUID, list[ScanRow]] = defaultdict(list)
        for scan in situation.scans:
            if scan.ticket_id is not None:
                self._scans[scan.ticket_id].append(scan)

    def history(self, ticket_id: UUID) -> History:
        """What all scans of this ticket come to."""
        return work_out(scan.seen for scan in self._scans[ticket_id])

    def decide(self, attempt: Attempt) -> tuple[ScanRow, bool] | PesanError:
        """The scan that an attempt is, and whether staff should look twice; a repeated one is what it was."""
        device = self._situation.devices.get(attempt.device_id)
        if device is None or device.is_revoked or device.gate_id != attempt.gate_id:
            return DeviceRevoked()
        if device.is_closed and attempt.shown is None:
            return DeviceRevoked()
        ticket = self._find(attempt.presented)
        known = self._by_nonce.get((attempt.device_id, attempt.nonce))
        if known is not None:
            self._correct(known, attempt, ticket)
            return known, False
        at, is_skewed = self._moment(attempt)
        reason, refusal, is_warning = self._judge(attempt, ticket, at)
        scan = self._row(attempt, ticket, at, reason, refusal, is_skewed=is_skewed)
        self._by_nonce[attempt.device_id, attempt.nonce] = self._by_id[scan.id] = scan
        self.new.append(scan)
        if ticket is not None:
            self._scans[ticket.facts.id].append(scan)
            self.touched.add(ticket.facts.id)
        return scan, is_warning

    def outcome(self, scan: ScanRow, is_warning: bool, histories: dict[UUID, History]) -> Scanned:
        """What a scan stands as, once everything of its group is known."""
        ticket = self._situation.tickets.get(scan.ticket_id) if scan.ticket_id else None
        history = histories.get(scan.ticket_id) if scan.ticket_id else None
        if ticket is not None and history is None:
            history = self.history(ticket.facts.id)
        seen = scan.seen
        return Scanned(
            id=scan.id,
            nonce=scan.nonce,
            shown=seen.shown,
            result=history.settled[scan.id].result
            if history
            else RESULTS[Reason(scan.refusal or scan.reason)],
            reason=Reason(scan.reason),
            cycle=history.settled[scan.id].cycle if history else None,
            at=scan.scanned_at,
            is_warning=is_warning,
            ticket=ticket.facts if ticket else None,
            first=self._first(history),
            conflict=_conflict_of(scan, history),
        )

    def _first(self, history: History | None) -> Admitted | None:
        if history is None or history.entered_by is None:
            return None
        entered = self._by_id[history.entered_by]
        device = self._situation.devices[entered.device_id]
        return Admitted(entered.scanned_at, device.gate_id, device.gate, device.name)

    def _find(self, presented: Presented | ReadReason) -> LockedTicket | None:
        if not isinstance(presented, Presented):
            return None
        if presented.ticket_id is not None:
            return self._situation.tickets.get(presented.ticket_id)
        return self._by_code.get(presented.code or "")

    def _moment(self, attempt: Attempt) -> tuple[datetime, bool]:
        """When it was scanned by the server's clock, and whether the device's cannot be trusted.

        Asked online, that is now. Later, it is the device's time corrected by what it measured; between
        joining the gate and now.
        """
        now = self._situation.now
        skew = timedelta(milliseconds=abs(attempt.offset_ms))
        if attempt.shown is None or attempt.device_at is None:
            return now, skew > MOST_SKEW
        corrected = attempt.device_at + timedelta(milliseconds=attempt.offset_ms)
        joined = self._situation.devices[attempt.device_id].registered_at
        is_odd = corrected > now + MOST_SKEW or corrected < joined
        return max(min(corrected, now), joined), skew > MOST_SKEW or is_odd

    def _judge(
        self, attempt: Attempt, ticket: LockedTicket | None, at: datetime
    ) -> tuple[Reason, Reason | None, bool]:
        """What the screen says, what the server would have refused it for, and whether to look twice."""
        is_online = attempt.shown is None
        if (
            isinstance(attempt.presented, Presented)
            and attempt.presented.ticket_id is None
            and ticket is None
        ):
            return attempt.reason or Reason.UNKNOWN, Reason.UNKNOWN, False
        shown = self._shown(attempt, ticket, at, is_online=is_online)
        rules = self._rules(ticket)
        refusal = refusal_of(shown, rules, attempt.direction, at, None)
        if not is_online:
            return attempt.reason or Reason.GOOD, refusal, False
        standing = self.history(ticket.facts.id).standing if ticket else Standing()
        verdict = judge(shown, rules, standing, attempt.direction, at)
        return verdict.reason, refusal, verdict.is_warning

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
        return is_online or (ticket.handed_on_at is not None and ticket.handed_on_at <= at)

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

    def _correct(self, scan: ScanRow, attempt: Attempt, ticket: LockedTicket | None) -> None:
        """A device that gave up waiting showed its own verdict, and says so later by the same nonce.

        Once, for the same ticket the same way at about the same time; what it had been answered is kept beside it.
        """
        if attempt.shown is None or scan.is_offline or attempt.shown.value == scan.shown:
            return
        is_same = (
            scan.ticket_id == (ticket.facts.id if ticket else None) and scan.direction == attempt.direction
        )
        at, _ = self._moment(attempt)
        if not is_same or abs(at - scan.scanned_at) > MOST_SKEW:
            return
        scan.answered, scan.shown, scan.is_offline = scan.shown, attempt.shown.value, True
        scan.reason = (attempt.reason or Reason.GOOD).value
        self.corrected.append(scan)
        if scan.ticket_id is not None:
            self.touched.add(scan.ticket_id)

    def _row(
        self,
        attempt: Attempt,
        ticket: LockedTicket | None,
        at: datetime,
        reason: Reason,
        refusal: Reason | None,
        *,
        is_skewed: bool,
    ) -> ScanRow:
        now = self._situation.now
        shown = (attempt.shown or RESULTS[reason]).value
        return ScanRow(
            id=new_id(),
            gate_id=attempt.gate_id,
            device_id=attempt.device_id,
            nonce=attempt.nonce,
            ticket_id=ticket.facts.id if ticket else None,
            direction=attempt.direction.value,
            shown=shown,
            answered=None,
            result=shown,
            reason=reason.value,
            refusal=refusal.value if refusal else None,
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


def _is_since(is_so: bool, since: datetime | None, at: datetime) -> bool:
    """Whether it was so at `at` already; without a time, always."""
    return is_so and (since is None or since <= at)


def _conflict_of(scan: ScanRow, history: History | None) -> ConflictKind | None:
    if history is None:
        return ConflictKind.REFUSED_ADMITTED if scan.seen.was_green and scan.refusal else None
    return next((one.kind for one in history.conflicts if scan.id in one.scans), None)
