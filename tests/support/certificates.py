"""The machine's certificates, read once: making them ready takes longer than most of what a client then asks."""

from functools import cache
from ssl import SSLContext

import httpx


@cache
def certificates() -> SSLContext:
    """What a client of tests is given to verify by."""
    return httpx.create_ssl_context()
