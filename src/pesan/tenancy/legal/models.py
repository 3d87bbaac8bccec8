"""Published versions of the legal pages."""

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import ANY_ACTOR, IDENTITY, JUST_MADE, REQUEST, STAFF_OF_MERCHANT, SYSTEM, system_policy
from pesan.db.base import UUID
from pesan.kit.i18n import Locale
from pesan.tenancy.legal.states import MAX_BODY, LegalKind

_KINDS = ", ".join(f"'{kind.value}'" for kind in LegalKind)


class LegalVersion(Base):
    """One published text in both languages. Nobody may change or delete it: what a buyer accepted is what it says.

    `published_by` is empty for the text that a merchant starts with.
    """

    __tablename__ = "legal_versions"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(f"char_length(body_id) BETWEEN 1 AND {MAX_BODY}", name="body_id"),
        CheckConstraint(f"char_length(body_en) BETWEEN 1 AND {MAX_BODY}", name="body_en"),
        UniqueConstraint("merchant_id", "kind", "number"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    kind: Mapped[str] = mapped_column(String(8))
    number: Mapped[int]
    body_id: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text)
    published_by: Mapped[UUID | None]
    published_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())

    @property
    def is_default(self) -> bool:
        """Whether it is still the text that the merchant started with."""
        return self.published_by is None

    def body(self, locale: Locale) -> str:
        """The text in a language."""
        return self.body_en if locale == "en" else self.body_id


_OF_NEW_MERCHANT = f"EXISTS (SELECT 1 FROM merchants m WHERE m.id = merchant_id AND m.{JUST_MADE})"  # noqa: S608

ACCESS = [
    Access(
        "legal_versions",
        {REQUEST: "SELECT, INSERT", IDENTITY: "SELECT, INSERT", SYSTEM: "SELECT, INSERT"},
        [
            Policy("public_read", (REQUEST, IDENTITY), ANY_ACTOR, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_MERCHANT, command="INSERT"),
            Policy("open", (IDENTITY,), _OF_NEW_MERCHANT, command="INSERT"),
            system_policy(),
        ],
    )
]
