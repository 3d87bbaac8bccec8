"""What must always hold of objects that are kept."""

from pesan.db import Invariant

INVARIANTS = (
    Invariant(
        "storage.kept_objects_are_moved",
        "What the object store did not take is in it an hour later; docs/runbooks/store-is-down.md.",
        "SELECT key, size, kept_at, attempts, error_code FROM kept_objects"
        " WHERE kept_at < clock_timestamp() - interval '1 hour'",
    ),
)
