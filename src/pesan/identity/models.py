"""Users, their roles at merchants, their sessions, and the count of wrong passwords per e-mail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    Uuid,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit.models import Audited
from pesan.db import Access, Base, Policy, primary_key
from pesan.db.access import (
    COLLEAGUE_OF_MERCHANT,
    JUST_MADE,
    OWN_ROW,
    OWN_USER_ID,
    PLATFORM_ADMIN,
    STAFF_OF_MERCHANT,
    system_policy,
)
from pesan.identity.states import MerchantRole, PlatformRole, SessionKind


class User(Audited, Base):
    """A person who may sign in."""

    __tablename__ = "users"
    audit_kind = "user"

    id: Mapped[UUID] = primary_key()
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    # Left to the server where it is not given: who makes an account of their own may not even name the column.
    platform_role: Mapped[PlatformRole | None] = mapped_column(Text, server_default=FetchedValue())
    is_active: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str] = mapped_column(String(2), server_default="id")
    email_verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    password_changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("uq_users_email", func.lower(email), unique=True),
        CheckConstraint("platform_role IN ('admin', 'super_admin')", name="platform_role"),
    )


class Membership(Base):
    """A user's role at one merchant; with `event_ids` for these events of its only, without for all."""

    __tablename__ = "memberships"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"), primary_key=True, index=True)
    role: Mapped[MerchantRole] = mapped_column(Text)
    event_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("role IN ('organizer', 'staff')", name="role"),
        CheckConstraint("cardinality(event_ids) > 0", name="event_ids"),
    )


class Session(Base):
    """One signed-in browser or program. Only the token's digest is stored: a copy of this table signs nobody in.

    What all refresh tokens of a program's session share is the family: by its digest one of ours is known from a guess,
    however long ago it was replaced. `previous_digest` is that of the token replaced last, at `rotated_at`.
    """

    __tablename__ = "sessions"

    id: Mapped[UUID] = primary_key()
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    ip_digest: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None]
    kind: Mapped[SessionKind] = mapped_column(Text, server_default="browser")
    is_strong: Mapped[bool] = mapped_column(server_default="false")
    family_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    rotated_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("kind IN ('browser', 'api', 'waiting')", name="kind"),)


class LogInGuard(Base):
    """Wrong passwords in a row for one e-mail address, known or not, so that both are refused alike.

    Those from browsers on which the address's owner signed in before count in a row of their own. Keyed by a digest:
    what strangers type into the form is kept nowhere.
    """

    __tablename__ = "log_in_guards"

    email_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failed_count: Mapped[int]
    failed_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


_IDENTITY = ("identity",)
OWN_USER = "id::text = (select current_setting('pesan.user_id', true))"
# The memberships that the inner query sees are those of the actor's own merchants.
_SHARES_MERCHANT = "EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id)"
_COLLEAGUE = f"({PLATFORM_ADMIN} OR {OWN_USER} OR {_SHARES_MERCHANT})"
# What an open invitation to the person's own address offers, and nothing else.
_IS_INVITED = (
    "EXISTS (SELECT 1 FROM invitations i JOIN users u ON lower(u.email) = i.email"
    " WHERE u.id = memberships.user_id AND i.merchant_id = memberships.merchant_id AND i.role = memberships.role"
    " AND i.event_ids IS NOT DISTINCT FROM memberships.event_ids AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL"
    " AND i.expires_at > clock_timestamp())"
)


def organizer_of_merchant(table: str) -> str:
    """For rows of a team: whoever organizes that merchant without a limit. Read where every membership is visible."""
    organizes = (
        f"EXISTS (SELECT 1 FROM memberships o WHERE o.user_id = {OWN_USER_ID}"  # noqa: S608
        f" AND o.merchant_id = {table}.merchant_id AND o.role = 'organizer' AND o.event_ids IS NULL)"
    )
    return f"({STAFF_OF_MERCHANT} AND ({PLATFORM_ADMIN} OR {organizes}))"


_CHANGES_TEAM = organizer_of_merchant("memberships")
# Of a merchant that this very transaction made, and that nobody works for yet.
_OPENS = (
    f"memberships.role = 'organizer' AND memberships.event_ids IS NULL AND EXISTS (SELECT 1 FROM merchants n"  # noqa: S608
    f" WHERE n.id = memberships.merchant_id AND n.{JUST_MADE})"
    " AND NOT EXISTS (SELECT 1 FROM memberships o WHERE o.merchant_id = memberships.merchant_id)"
)

ACCESS = [
    Access(
        "users",
        grants={
            "request": "SELECT (id, name)",
            "identity": "SELECT,"
            " INSERT (id, email, name, password_hash, is_active, locale, email_verified_at, audit_seq, audit_head),"
            " UPDATE (password_hash, password_changed_at, email_verified_at, audit_seq, audit_head)",
            "system": "SELECT, INSERT, UPDATE",
        },
        policies=[
            Policy("colleagues", ("request",), _COLLEAGUE, "SELECT"),
            Policy("identity", _IDENTITY, "true"),
            system_policy(),
        ],
    ),
    Access(
        "memberships",
        grants={
            "request": "SELECT",
            "identity": "SELECT, INSERT, UPDATE (role, event_ids), DELETE",
            "system": "SELECT, INSERT, UPDATE, DELETE",
        },
        policies=[
            Policy("colleagues", ("request",), COLLEAGUE_OF_MERCHANT, "SELECT"),
            Policy("identity", _IDENTITY, "true", "SELECT"),
            # Nobody raises themselves, and nobody joins who was not invited.
            Policy("change", _IDENTITY, _CHANGES_TEAM, "UPDATE", f"{_CHANGES_TEAM} AND NOT ({OWN_ROW})"),
            Policy("remove", _IDENTITY, _CHANGES_TEAM, "DELETE"),
            Policy("take_up", _IDENTITY, f"{OWN_ROW} AND {_IS_INVITED}", "INSERT"),
            Policy("open", _IDENTITY, f"{OWN_ROW} AND {_OPENS}", "INSERT"),
            system_policy(),
        ],
    ),
    Access(
        "sessions",
        grants={
            "identity": "SELECT, INSERT,"
            " UPDATE (token_digest, previous_digest, rotated_at, last_seen_at, expires_at, revoked_at, is_strong)",
            "system": "SELECT, UPDATE (revoked_at), DELETE",
        },
        policies=[Policy("identity", _IDENTITY, "true"), system_policy()],
    ),
    Access(
        "log_in_guards",
        grants={"identity": "SELECT, INSERT, UPDATE, DELETE", "system": "SELECT, DELETE"},
        policies=[Policy("identity", _IDENTITY, "true"), system_policy()],
    ),
]
