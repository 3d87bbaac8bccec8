"""Objects and uploads: what comes in is inspected and made harmless, what goes out is signed and inert."""

from pesan.storage.base import Content, Storage
from pesan.storage.keys import Kind

__all__ = ["Content", "Kind", "Storage"]
