"""What the audit refuses."""

from pesan.errors import NotFound
from pesan.kit.i18n import Text


class SubjectUnknown(NotFound):
    """No row of this kind and id has a history."""

    code = "audit.subject_unknown"
    message = Text(
        id="Tidak ada riwayat untuk {kind} {subject_id}.",
        en="There is no history of the {kind} {subject_id}.",
    )
