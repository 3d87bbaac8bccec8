"""Who may do what with gates: pure predicates over the person who is signed in."""

from uuid import UUID

from pesan.identity.policies import SignedIn, may_manage_events


def may_run_gates(person: SignedIn, merchant_id: UUID) -> bool:
    """Make gates, show pairing codes, revoke devices, set the rules; for the events that the person is limited to."""
    return may_manage_events(person, merchant_id)


def may_register(person: SignedIn) -> bool:
    """Join a device to a gate: who signed in with a second factor. For whose event, the code's row decides."""
    return person.is_strong
