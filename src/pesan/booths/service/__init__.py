"""Writes of the booth desk that are not moves of sessions."""

from pesan.booths.service.booths import add_booth, close_booth, rename_booth, reopen_booth
from pesan.booths.service.configs import set_config
from pesan.booths.service.hours import set_hours
from pesan.booths.service.outlets import (
    OutletDraft,
    amend_outlet,
    archive_outlet,
    change_outlet,
    create_outlet,
    restore_outlet,
)

__all__ = [
    "OutletDraft",
    "add_booth",
    "amend_outlet",
    "archive_outlet",
    "change_outlet",
    "close_booth",
    "create_outlet",
    "rename_booth",
    "reopen_booth",
    "restore_outlet",
    "set_config",
    "set_hours",
]
