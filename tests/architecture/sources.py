"""The package's own source, parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "pesan"


@dataclass(frozen=True)
class Source:
    """One module of ours."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """The path from the repository's root."""
        return str(self.path.relative_to(ROOT))

    @property
    def feature(self) -> str:
        """The first folder or module under `pesan`."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    def imported(self) -> Iterator[str]:
        """The dotted names that the module imports, wherever in it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def sources(folder: Path = PACKAGE) -> tuple[Source, ...]:
    """Every Python file under `folder`."""
    paths = sorted(folder.rglob("*.py"))
    return tuple(Source(path, text := path.read_text(), ast.parse(text)) for path in paths)
