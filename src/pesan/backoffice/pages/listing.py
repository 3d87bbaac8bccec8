"""The addresses of a list: with what narrows it, of its parts, and of the files that it can be taken out as."""

from typing import Protocol
from urllib.parse import urlencode
from uuid import UUID

from pesan.kit.export import ExportFormat


class Filters(Protocol):
    """What narrows a list."""

    def query(self, **more: str) -> dict[str, str]:
        """The filters that are set, with `more`."""


def address_of(base: str, filters: Filters, **more: str) -> str:
    """The list at `base`, narrowed as it is now."""
    query = urlencode(filters.query(**more))
    return f"{base}?{query}" if query else base


def next_address(base: str, filters: Filters, cursor: str | None) -> str | None:
    """Where the list goes on; None at its end."""
    return address_of(base, filters, after=cursor) if cursor else None


def file_addresses(base: str, filters: Filters) -> dict[str, str]:
    """The list as a file, by format."""
    return {kind.value: address_of(base, filters, format=kind.value) for kind in ExportFormat}


def find_id(text: str) -> UUID | None:
    """The id that an address holds, where it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
