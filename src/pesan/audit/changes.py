"""What changed, in the form that an entry keeps: JSON without fractions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pesan.audit.entries import Values


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Values, Values]:
    """The values of `after` that differ from `before`, before and after the change."""
    names = sorted(name for name in after if before.get(name) != after[name])
    return {name: _plain(before.get(name)) for name in names}, {name: _plain(after[name]) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
