from datetime import UTC, datetime, timedelta
from itertools import product

from pesan.tickets.states import GRACE, TRANSITIONS, TicketEvent, TicketState, expires_at

ENDS = datetime(2026, 12, 5, 15, 0, tzinfo=UTC)


def test_every_pair_of_state_and_event():
    active, used, void = TicketState.ACTIVE, TicketState.USED, TicketState.VOID
    expected = {
        (active, TicketEvent.USE): used,
        (active, TicketEvent.VOID): void,
        (used, TicketEvent.USE): None,
        (used, TicketEvent.VOID): void,
        (void, TicketEvent.USE): None,
        (void, TicketEvent.VOID): None,
        (active, TicketEvent.HAND_ON): active,
        (used, TicketEvent.HAND_ON): None,
        (void, TicketEvent.HAND_ON): None,
    }

    assert {pair: TRANSITIONS.get(pair) for pair in product(TicketState, TicketEvent)} == expected


def test_expires_at_counts_the_grace_from_the_end_or_a_late_issue():
    assert expires_at(ENDS, ENDS - timedelta(days=9)) == ENDS + GRACE
    assert expires_at(ENDS, ENDS + timedelta(days=1)) == ENDS + timedelta(days=1) + GRACE
