"""Who may do what at the booth desk: pure predicates over the person who is signed in."""

from uuid import UUID

from pesan.identity.policies import SignedIn, may_manage, may_review


def may_work_at(person: SignedIn, merchant_id: UUID, event_id: UUID) -> bool:
    """An outlet's admin: see its bookings, let customers arrive, start, finish and override sessions."""
    return may_review(person, merchant_id) and is_within(person, merchant_id, event_id)


def may_run_booths(person: SignedIn, merchant_id: UUID) -> bool:
    """A super admin of the booth desk: outlets, hours, booths, admins; whose role is not for some outlets only."""
    return may_manage(person, merchant_id)


def may_configure(person: SignedIn, merchant_id: UUID) -> bool:
    """Say how long a session takes and how late a customer may come, at all outlets of the merchant."""
    return may_manage(person, merchant_id)


def is_within(person: SignedIn, merchant_id: UUID, event_id: UUID) -> bool:
    """Whether the outlet is one of those that the person's role is for."""
    return merchant_id not in person.limits or event_id in person.limits[merchant_id]
