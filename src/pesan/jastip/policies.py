"""Who may do what at the jastip desk: pure predicates over the person who is signed in."""

from uuid import UUID

from pesan.identity.policies import SignedIn, may_manage_events


def may_run_trip(person: SignedIn, merchant_id: UUID, trip_id: UUID) -> bool:
    """Its owner (jastipin.md §5): whoever organizes the merchant, or is limited to trips of which this is one."""
    is_within = merchant_id not in person.limits or trip_id in person.limits[merchant_id]
    return may_manage_events(person, merchant_id) and is_within
