"""Many rows in one parameter: a JSON text that PostgreSQL unpacks, several times cheaper to make than arrays."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

PARAMETER = "rows"


def recordset(columns: Mapping[str, str], alias: str = "n") -> str:
    """The FROM item that unpacks `:rows`; `columns` maps each name to its SQL type."""
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"json_to_recordset(CAST(:{PARAMETER} AS json)) AS {alias} ({typed})"


def pack(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter for `recordset`; UUIDs, instants and bytes are written as PostgreSQL reads them."""
    return {PARAMETER: orjson.dumps(list(rows), default=_as_text).decode()}


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return str(value)
