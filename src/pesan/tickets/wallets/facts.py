"""What a wallet shows of a ticket."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pesan.kit.i18n import Locale


@dataclass(frozen=True, slots=True)
class WalletFacts:
    """One ticket; times are in the merchant's zone, `accent` is `#rrggbb`, `logo` an image file.

    `qr_text` is the static code: a wallet cannot turn ours on. `version` keeps what an earlier holder saved apart.
    """

    ticket_id: UUID
    version: int
    event_id: UUID
    code: str
    qr_text: str
    holder_name: str
    event_title: str
    title: str
    merchant_name: str
    accent: str
    starts_at: datetime
    expires_at: datetime
    issued_at: datetime
    venue: str = ""
    address: str = ""
    logo: bytes | None = None
    locale: Locale = "id"

    @property
    def serial(self) -> str:
        """The name of this version of the ticket, in letters that every wallet takes."""
        return f"{self.ticket_id.hex}-{self.version}"
