"""A merchant's legal pages, as they are edited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pesan.backoffice.forms.state import FormState
from pesan.tenancy.legal.models import LegalVersion
from pesan.tenancy.legal.paragraphs import Block


@dataclass(frozen=True, slots=True)
class LegalEditor:
    """One legal page in the editor; `preview` is what was typed, in both languages, before it is published."""

    kind: str
    form: FormState
    versions: Sequence[LegalVersion]
    preview: Mapping[str, Sequence[Block]] | None = None

    @property
    def current(self) -> LegalVersion:
        """The version in force."""
        return self.versions[0]
