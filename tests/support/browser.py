"""Finding the browser that pages are tested in."""

import os
import shutil
from functools import cache

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@cache
def find_chromium() -> str | None:
    """The path of a Chromium on this machine; PESAN_TEST_CHROMIUM names another, or none when it is empty."""
    named = os.environ.get("PESAN_TEST_CHROMIUM")
    if named is not None:
        return shutil.which(named) if named else None
    return next((found for name in NAMES if (found := shutil.which(name))), None)
