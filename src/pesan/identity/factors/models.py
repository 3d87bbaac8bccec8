"""What second factors a person has: a code generator, passkeys, and recovery codes for when they are lost."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, primary_key
from pesan.db.access import system_policy


class CodeGenerator(Base):
    """One person's authenticator app (RFC 6238), and how their tries at any second factor went.

    `last_step` is the time step of the code that was used last: a code works once, on whichever node. Until
    `confirmed_at` the secret is for the session that made it alone (`started_by`), and for a few minutes.
    """

    __tablename__ = "code_generators"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    started_by: Mapped[UUID | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failed_count: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint("failed_count >= 0", name="failed_count"),)


class RecoveryCode(Base):
    """One way in without the app, used once. Only a digest is kept; 80 random bits need no stretching."""

    __tablename__ = "recovery_codes"

    id: Mapped[UUID] = primary_key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key pair on a person's device (WebAuthn); only the public half is here, so a copy of this table opens nothing.

    `sign_count` is what the device counted at its last use; one that counts back may be a copy.
    """

    __tablename__ = "passkeys"

    id: Mapped[UUID] = primary_key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("sign_count >= 0", name="sign_count"),)


class PasskeyChallenge(Base):
    """What a device is to sign next, for one purpose of one session or log-in attempt; taken out by the first answer.

    Keyed by a digest of both: a new question takes the place of the last one.
    """

    __tablename__ = "passkey_challenges"

    attempt_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


ACCESS = [
    Access(
        table,
        grants={"identity": "SELECT, INSERT, UPDATE, DELETE", "system": "SELECT, DELETE"},
        policies=[Policy("identity", ("identity",), "true"), system_policy()],
    )
    for table in ("code_generators", "recovery_codes", "passkeys", "passkey_challenges")
]
