"""Uploaded files, opened where it can do no harm: a process of its own, with limits for each file."""

from pesan.storage.inspection.files import CleanFile, Version
from pesan.storage.inspection.inspector import Inspector

__all__ = ["CleanFile", "Inspector", "Version"]
