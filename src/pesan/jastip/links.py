"""The addresses that chats carry: short, and with the token of whoever they are sent to."""

from uuid import UUID

from pesan.checkout.links import pay_path
from pesan.jastip.tokens import ParticipantTokens
from pesan.tenancy.legal.states import LegalKind


class Links:
    """Addresses of this instance for one desk's conversations."""

    def __init__(self, base_url: str, tokens: ParticipantTokens) -> None:
        self._base_url = base_url.rstrip("/")
        self._tokens = tokens

    def trip(self, slug: str, participant_id: UUID | None = None) -> str:
        """Where a trip is seen and joined."""
        return self._short("t", slug, participant_id)

    def trip_path(self, slug: str, participant_id: UUID | None = None) -> str:
        """The same below this instance's address, for templates, whose address is approved with them."""
        return self._path("t", slug, participant_id)

    def product(self, slug: str, participant_id: UUID | None = None) -> str:
        """Where a product is seen and ordered."""
        return self._short("o", slug, participant_id)

    def product_path(self, slug: str, participant_id: UUID | None = None) -> str:
        """The same below this instance's address, for templates."""
        return self._path("o", slug, participant_id)

    def leave(self, slug: str, participant_id: UUID | None = None) -> str:
        """Where somebody says that they want to hear no more."""
        return self._short("u", slug, participant_id)

    def pay(self, code: str) -> str:
        """Where an order is paid."""
        return f"{self._base_url}{pay_path(code)}"

    def legal(self, merchant_slug: str, kind: LegalKind) -> str:
        """Where a merchant's terms are read."""
        return f"{self._base_url}/m/{merchant_slug}/legal/{kind}"

    def _short(self, kind: str, slug: str, participant_id: UUID | None) -> str:
        return f"{self._base_url}{self._path(kind, slug, participant_id)}"

    def _path(self, kind: str, slug: str, participant_id: UUID | None) -> str:
        shown = f"?p={self._tokens.make(participant_id)}" if participant_id else ""
        return f"/{kind}/{slug}{shown}"
