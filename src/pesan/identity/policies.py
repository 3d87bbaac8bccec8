"""Who may do what at a merchant: pure predicates over the person who is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pesan.db import Actor
from pesan.identity.states import MerchantRole, PlatformRole

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a session, with the roles as they are at this request."""

    session_id: UUID
    user_id: UUID
    name: str
    email: str
    platform_role: PlatformRole | None
    roles: dict[UUID, MerchantRole]
    is_due_for_touch: bool
    is_verified: bool = False
    is_strong: bool = False
    """Whether they passed a second factor when they signed in."""
    lacks_factor: bool = False
    """Whether a role was withheld because a merchant that it opens asks for a second factor and none was passed."""
    limits: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    """At which merchants their role is for some events only, and for which."""

    @property
    def is_platform_admin(self) -> bool:
        """Whether every merchant of the instance is theirs to see."""
        return self.platform_role is not None

    @property
    def role(self) -> str:
        """The most that they are anywhere: `customer`, `staff`, `organizer`, `admin` or `super_admin`."""
        if self.platform_role:
            return self.platform_role.value
        at_merchants = set(self.roles.values())
        return next((role.value for role in MerchantRole if role in at_merchants), CUSTOMER)

    def to_actor(self, *, ip_digest: str | None = None) -> Actor:
        """The actor that queries and moves run as; whoever works for nobody is a customer."""
        if self.role == CUSTOMER:
            return Actor.user(self.user_id, ip_digest=ip_digest)
        return Actor.staff(
            self.user_id,
            frozenset(self.roles).difference(self.limits),
            limited_ids=frozenset(self.limits),
            event_ids=frozenset().union(*self.limits.values()),
            is_platform_admin=self.is_platform_admin,
            ip_digest=ip_digest,
        )


def may_review(person: SignedIn, merchant_id: UUID) -> bool:
    """See bookings and proofs of the merchant, approve and reject."""
    return person.is_platform_admin or merchant_id in person.roles


def may_manage(person: SignedIn, merchant_id: UUID) -> bool:
    """Change the merchant's payment methods, brand and team, and add events."""
    return may_manage_events(person, merchant_id) and merchant_id not in person.limits


def may_manage_events(person: SignedIn, merchant_id: UUID) -> bool:
    """Change the merchant's events, or those of them that the person is limited to."""
    return person.is_platform_admin or person.roles.get(merchant_id) is MerchantRole.ORGANIZER


def may_review_everything(person: SignedIn, merchant_id: UUID) -> bool:
    """See what belongs to the whole merchant, such as its bank statements."""
    return may_review(person, merchant_id) and merchant_id not in person.limits


def may_export(person: SignedIn, merchant_id: UUID) -> bool:
    """Take the contact data of the merchant's buyers out of the system."""
    return may_manage(person, merchant_id)


def may_export_masked(person: SignedIn, merchant_id: UUID) -> bool:
    """Take lists out in which contacts are masked."""
    return may_review_everything(person, merchant_id)


def may_operate(person: SignedIn) -> bool:
    """See and retry the instance's parked jobs."""
    return person.is_platform_admin
