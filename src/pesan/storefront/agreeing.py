"""What a buyer agrees to on the booking sheet: the texts in force, and what else their contact may be used for."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from pesan.checkout.service import Agreed
from pesan.kit.i18n import Text
from pesan.kit.ids import new_id
from pesan.privacy.consents import ConsentCompanion
from pesan.tenancy.legal.models import LegalVersion
from pesan.tenancy.legal.states import LegalKind

TERMS = "terms"
MARKETING = "marketing"
TERMS_MEND = Text(
    id="Centang untuk menyetujui syaratnya sebelum memesan.",
    en="Tick this to accept the terms before you book.",
)
TERMS_CHANGED = Text(
    id="Syaratnya baru saja berubah. Baca yang baru, lalu centang lagi.",
    en="The terms have just changed. Read the new ones, then tick this again.",
)


@dataclass(frozen=True, slots=True)
class Texts:
    """The legal pages of a merchant that are in force."""

    merchant_id: UUID
    current: Mapping[str, LegalVersion]

    @property
    def stamp(self) -> str:
        """Names the versions, such as `3.1.2`; a sheet carries it, so that nobody accepts what they were not shown."""
        return ".".join(str(self.current[kind].number) for kind in LegalKind)

    def complaint(self, typed: Mapping[str, str]) -> Mapping[str, Text]:
        """What is wrong with the tick: none was made, or other texts were accepted than those in force."""
        accepted = typed.get(TERMS, "")
        if accepted == self.stamp:
            return {}
        return {TERMS: TERMS_CHANGED if accepted else TERMS_MEND}

    def agreed(self, typed: Mapping[str, str]) -> Agreed:
        """What goes into the order; a use beside the booking only where its own box was ticked."""
        order_id = new_id()
        notice = self.current[LegalKind.PRIVACY]
        consent = ConsentCompanion(order_id, self.merchant_id, notice.id)
        return Agreed(
            order_id,
            tuple(self.current[kind].id for kind in LegalKind),
            (consent,) if typed.get(MARKETING) else (),
        )
