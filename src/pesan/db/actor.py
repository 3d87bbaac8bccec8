"""Who acts: carried by every transaction, enforced by the policies, written into the audit."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """The kinds of people and machines that open a transaction."""

    GUEST = "guest"
    USER = "user"
    STAFF = "staff"
    DEVICE = "device"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One person or machine, with what its proof of identity opens.

    `order_codes` are booking codes that a guest holds and `ticket_ids` those of tickets whose signature was
    checked, and `participant_ids` those of people who take part in a trip and showed the link that says so;
    `merchant_ids` are those a staff member works for. For those in `limited_ids` they see the events in
    `event_ids` and nothing else. `name` says which part of the system acts, for SYSTEM.
    """

    kind: ActorKind
    user_id: UUID | None = None
    merchant_ids: frozenset[UUID] = field(default_factory=frozenset)
    limited_ids: frozenset[UUID] = field(default_factory=frozenset)
    event_ids: frozenset[UUID] = field(default_factory=frozenset)
    order_codes: tuple[str, ...] = ()
    ticket_ids: tuple[UUID, ...] = ()
    participant_ids: tuple[UUID, ...] = ()
    is_platform_admin: bool = False
    ip_digest: str | None = None
    name: str = ""

    @classmethod
    def guest(cls, *order_codes: str, ip_digest: str | None = None) -> "Actor":
        """Anybody, with the booking codes they showed."""
        return cls(ActorKind.GUEST, order_codes=order_codes, ip_digest=ip_digest)

    @classmethod
    def user(cls, user_id: UUID, *, ip_digest: str | None = None) -> "Actor":
        """Somebody who is signed in and works for nobody."""
        return cls(ActorKind.USER, user_id=user_id, ip_digest=ip_digest)

    @classmethod
    def staff(
        cls,
        user_id: UUID,
        merchant_ids: frozenset[UUID],
        *,
        limited_ids: frozenset[UUID] = frozenset(),
        event_ids: frozenset[UUID] = frozenset(),
        is_platform_admin: bool = False,
        ip_digest: str | None = None,
    ) -> "Actor":
        """Somebody who works for merchants, or for some events of theirs; an administrator sees all of them."""
        return cls(
            ActorKind.STAFF,
            user_id=user_id,
            merchant_ids=merchant_ids,
            limited_ids=limited_ids,
            event_ids=event_ids,
            is_platform_admin=is_platform_admin,
            ip_digest=ip_digest,
        )

    @classmethod
    def gate(cls, event_id: UUID) -> "Actor":
        """The devices at the gates of one event."""
        return cls(ActorKind.DEVICE, event_ids=frozenset({event_id}))

    @classmethod
    def system(cls, name: str) -> "Actor":
        """The instance itself: a job, a sweep, a command."""
        return cls(ActorKind.SYSTEM, name=name)

    @property
    def label(self) -> str:
        """How the audit names this actor; never personal data."""
        return f"system:{self.name}" if self.kind is ActorKind.SYSTEM else str(self.kind)

    def works_for(self, merchant_id: UUID, event_id: UUID) -> bool:
        """Whether the actor may act for this merchant at this event of its."""
        if self.kind is ActorKind.SYSTEM:
            return True
        if self.kind is not ActorKind.STAFF:
            return False
        in_part = merchant_id in self.limited_ids and event_id in self.event_ids
        return self.is_platform_admin or merchant_id in self.merchant_ids or in_part
