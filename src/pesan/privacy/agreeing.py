"""What a buyer agrees to: the texts in force, what else their contact may be used for, a guardian's consent."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from pesan.checkout.schemas import NAME_MEND
from pesan.checkout.service import Agreed
from pesan.db import ReadSession
from pesan.kit.i18n import Text
from pesan.kit.ids import new_id
from pesan.kit.names import clean_name
from pesan.privacy.consents import ConsentCompanion
from pesan.privacy.states import Purpose
from pesan.tenancy.legal.models import LegalVersion
from pesan.tenancy.legal.queries import list_current
from pesan.tenancy.legal.states import LegalKind

TERMS = "terms"
MARKETING = "marketing"
GUARDIAN = "guardian"
GUARDIAN_CONSENT = "guardian_consent"
TERMS_MEND = Text(
    id="Centang untuk menyetujui syaratnya sebelum memesan.",
    en="Tick this to accept the terms before you book.",
)
TERMS_CHANGED = Text(
    id="Syaratnya baru saja berubah. Baca yang baru, lalu centang lagi.",
    en="The terms have just changed. Read the new ones, then tick this again.",
)
GUARDIAN_MEND = Text(
    id="Centang persetujuan orang tua atau wali sebelum memesan.",
    en="Tick the consent of a parent or guardian before you book.",
)
FIELDS = (TERMS, MARKETING, GUARDIAN, GUARDIAN_CONSENT)
MENDS: Mapping[str, Text] = {TERMS: TERMS_MEND, GUARDIAN_CONSENT: GUARDIAN_MEND}


@dataclass(frozen=True, slots=True)
class Texts:
    """The legal pages of a merchant that are in force; `needs_guardian` where somebody under 18 is to come."""

    merchant_id: UUID
    current: Mapping[str, LegalVersion]
    needs_guardian: bool = False

    @property
    def stamp(self) -> str:
        """Names the versions, such as `3.1.2`; a sheet carries it, so that nobody accepts what they were not shown."""
        return ".".join(str(self.current[kind].number) for kind in LegalKind)

    def complaint(self, typed: Mapping[str, str]) -> Mapping[str, Text]:
        """What is wrong with the tick: none was made, or other texts were accepted than those in force."""
        accepted = typed.get(TERMS, "")
        wrong = {} if accepted == self.stamp else {TERMS: TERMS_CHANGED if accepted else TERMS_MEND}
        return wrong | (self._guardian_complaint(typed) if self.needs_guardian else {})

    def agreed(self, typed: Mapping[str, str]) -> Agreed:
        """What goes into the order; a use beside the booking only where its own box was ticked."""
        order_id = new_id()
        notice = self.current[LegalKind.PRIVACY]
        consents = [ConsentCompanion(order_id, self.merchant_id, notice.id)] if typed.get(MARKETING) else []
        if self.needs_guardian:
            name = clean_name(typed[GUARDIAN])
            consents.append(
                ConsentCompanion(order_id, self.merchant_id, notice.id, Purpose.GUARDIAN, guardian_name=name)
            )
        legal_ids = tuple(self.current[kind].id for kind in LegalKind)
        return Agreed(order_id, legal_ids, tuple(consents), has_guardian=self.needs_guardian)

    def _guardian_complaint(self, typed: Mapping[str, str]) -> dict[str, Text]:
        """What is wrong with the guardian's name and tick."""
        ticked = {} if typed.get(GUARDIAN_CONSENT) else {GUARDIAN_CONSENT: GUARDIAN_MEND}
        try:
            clean_name(typed.get(GUARDIAN, ""))
        except ValueError:
            return {GUARDIAN: NAME_MEND, **ticked}
        return ticked


async def read_texts(session: ReadSession, merchant_id: UUID, *, needs_guardian: bool = False) -> Texts:
    """What a buyer of this merchant agrees to now."""
    return Texts(merchant_id, await list_current(session, merchant_id), needs_guardian=needs_guardian)
