"""Checks that no committed file names a package registry: an install asks the one that the machine is set up with."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# Brackets keep these patterns from matching themselves.
REGISTRY = re.compile(
    rb"py[p]i\.org|pythonhosted[.]org|registry\.npm[j]s|npm[j]s\.(?:org|com)|deb[.]debian\.org|security[.]debian\.org"
    rb"|proxy[.]golang\.org|--(?:extra-)?index-ur[l]|--find-link[s]"
)


def committed_files() -> list[Path]:
    """Return the files that git tracks, or would with the next add."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
    )
    return [path for name in listing.stdout.decode().split("\0") if name and (path := Path(name)).is_file()]


def find_addresses(paths: list[Path]) -> Iterator[str]:
    """Yield `file:line` of every registry address."""
    for path in paths:
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            if REGISTRY.search(line):
                yield f"{path}:{number}: names a package registry"


def main() -> int:
    """Print what was found and return 1 when there was something."""
    found = list(find_addresses(committed_files()))
    print("\n".join(found) or "no registry address in any file")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
