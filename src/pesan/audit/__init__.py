"""Who did what, when and why: append-only entries, chained per subject, sealed into blocks."""

from pesan.audit.changes import changed_values
from pesan.audit.entries import GENESIS, NewEntry, entry_hash
from pesan.audit.models import Audited
from pesan.audit.service import record, record_many

__all__ = ["GENESIS", "Audited", "NewEntry", "changed_values", "entry_hash", "record", "record_many"]
