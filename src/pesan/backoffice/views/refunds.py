"""Money that has to go back, and what this person may do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pesan.backoffice.queries.refunds import LATE_AFTER_MINUTES, SHOWN, Returned
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.make import cause_of
from pesan.backoffice.views.review import Contact
from pesan.db import Actor
from pesan.payments.refunds.policies import may_approve, may_pay, needs_approval
from pesan.payments.refunds.states import (
    OPEN,
    OUTCOME_UNKNOWN,
    RefundCause,
    RefundEvent,
    RefundMethod,
    RefundState,
    find_transition,
)


@dataclass(frozen=True, slots=True)
class RefundFilters:
    """What narrows the list, as typed; `shown` is open, paid, declined or all."""

    q: str = ""
    shown: str = "open"

    def query(self, **more: str) -> dict[str, str]:
        """The filters that are set, for a link that keeps them."""
        shown = "" if self.shown == "open" else self.shown
        return {name: value for name, value in ({"q": self.q, "show": shown} | more).items() if value}

    @property
    def states(self) -> str:
        """The key of SHOWN; empty for all."""
        return self.shown if self.shown in SHOWN else ""


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One refund; `can_…` are what this person may do about it now, `waits_for_other` why they may not."""

    id: str
    code: str
    buyer_name: str
    contacts: Sequence[str]
    event_title: str
    cause: str
    reason: str | None
    state: str
    amount: int
    requested_at: datetime
    waiting_minutes: int
    people: Sequence[tuple[str, str | None, datetime]]
    reference: str | None
    booking_path: str
    path: str
    needs_approval: bool
    can_approve: bool
    can_decline: bool
    can_pay: bool
    waits_for_other: bool
    is_sending: bool = False
    failure: str | None = None
    was_asked_before: bool = False

    @property
    def is_open(self) -> bool:
        """Somebody still has something to do."""
        return self.state in OPEN

    @property
    def is_late(self) -> bool:
        """The buyer has been waiting for too long."""
        return self.is_open and self.waiting_minutes >= LATE_AFTER_MINUTES


@dataclass(frozen=True, slots=True)
class RefundsPage:
    """One page of refunds."""

    rows: Sequence[RefundRow]
    filters: RefundFilters
    total: int
    total_amount: int
    four_eyes_amount: int
    next_url: str | None = None
    first_url: str | None = None
    export_urls: Mapping[str, str] | None = None
    problem: str = ""
    done: str = ""


def refund_row(found: Returned, *, naming: Naming, actor: Actor, four_eyes_amount: int) -> RefundRow:
    """A refund for whoever looks at it."""
    refund, order, may_change = found.refund, found.order, naming.is_open
    state = RefundState(refund.state)
    waits = needs_approval(refund, four_eyes_amount=four_eyes_amount)
    approves = may_approve(refund, actor.user_id, four_eyes_amount=four_eyes_amount)
    is_sending = refund.method == RefundMethod.GATEWAY and state is not RefundState.FAILED and state in OPEN
    is_payable = not waits and not is_sending and state in OPEN
    pays = may_pay(refund, actor.user_id, four_eyes_amount=four_eyes_amount)
    is_wish = refund.cause == RefundCause.ASKED and find_transition(state, RefundEvent.DECLINE) is not None
    return RefundRow(
        id=str(refund.id),
        code=naming.code(order.code),
        buyer_name=order.buyer_name,
        contacts=Contact(order.wa, order.email, may_change).lines,
        event_title=found.event_title,
        cause=cause_of(refund),
        reason=refund.reason,
        state=refund.state,
        amount=refund.amount,
        requested_at=refund.requested_at,
        waiting_minutes=found.waiting_minutes,
        people=_people(found),
        reference=refund.reference,
        booking_path=naming.booking(order.id, order.code),
        path=f"{naming.shop_path}/refunds/{refund.id}",
        needs_approval=waits,
        can_approve=may_change and waits and approves,
        can_decline=may_change and is_wish,
        can_pay=may_change and is_payable and pays,
        is_sending=is_sending and not waits,
        failure=refund.failure if state is RefundState.FAILED else None,
        # It was asked for, and nobody knows what came of it.
        was_asked_before=refund.failure == OUTCOME_UNKNOWN
        or (refund.tries > 0 and (refund.failure or "").startswith("gateway.")),
        waits_for_other=may_change and ((waits and not approves) or (is_payable and not pays)),
    )


def _people(found: Returned) -> Sequence[tuple[str, str | None, datetime]]:
    """Who asked, approved and sent it, each with the time; a name that may not be seen here is None."""
    refund = found.refund
    steps = (
        ("asked", refund.requested_by, found.asked_by, refund.requested_at),
        ("approved", refund.approved_by, found.approved_by, refund.approved_at),
        ("paid", refund.paid_by, found.paid_by, refund.paid_at),
    )
    return [(step, name, at) for step, user_id, name, at in steps if user_id and at]
