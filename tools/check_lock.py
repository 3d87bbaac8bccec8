"""Checks, without a network, that requirements.lock pins what pyproject.toml asks for, each with a hash."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)[^\n]*\\\n(?P<hashes>(?: +--hash=[^\n]+\n?)+)",
    re.MULTILINE,
)


def read_pins(text: str) -> dict[str, list[Version]]:
    """Return the pinned versions by package; a package may be pinned once per platform."""
    pins: dict[str, list[Version]] = {}
    for match in PIN.finditer(text):
        pins.setdefault(canonicalize_name(match["name"]), []).append(Version(match["version"]))
    return pins


def read_requirements(project: dict[str, object]) -> Iterator[Requirement]:
    """Yield the project's requirements, those of every extra included."""
    table = project["project"]
    assert isinstance(table, dict)
    groups = [table["dependencies"], *table.get("optional-dependencies", {}).values()]
    for group in groups:
        yield from map(Requirement, group)


def find_faults(lock: str, project: dict[str, object]) -> Iterator[str]:
    """Yield one line for each thing that is wrong with the lock."""
    pins = read_pins(lock)
    names = {canonicalize_name(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}
    yield from (f"{name} is pinned without a hash" for name in sorted(names - pins.keys()))
    yield from (
        f"not a pin: {line}"
        for line in lock.splitlines()
        if not re.match(r"[A-Za-z0-9]|    --hash=sha256:", line)
    )
    for requirement in read_requirements(project):
        versions = pins.get(canonicalize_name(requirement.name), [])
        if not any(requirement.specifier.contains(version, prereleases=True) for version in versions):
            yield f"{requirement} is not in the lock; run make lock"


def main() -> int:
    """Print the faults and return 1 when there are any."""
    faults = list(
        find_faults(Path("requirements.lock").read_text(), tomllib.loads(Path("pyproject.toml").read_text()))
    )
    print("\n".join(faults) or "requirements.lock is in step with pyproject.toml")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
