"""Which legal pages there are, and how they are called."""

from collections.abc import Mapping
from enum import StrEnum

from pesan.kit.i18n import Text

MAX_BODY = 20_000


class LegalKind(StrEnum):
    """The legal pages that every merchant has; the value is the end of the page's address."""

    TERMS = "terms"
    REFUNDS = "refunds"
    PRIVACY = "privacy"


TITLES: Mapping[str, Text] = {
    LegalKind.TERMS: Text(id="Syarat & ketentuan", en="Terms"),
    LegalKind.REFUNDS: Text(id="Kebijakan refund", en="Refund policy"),
    LegalKind.PRIVACY: Text(id="Pemberitahuan privasi", en="Privacy notice"),
}
