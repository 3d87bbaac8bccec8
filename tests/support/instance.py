"""An instance that several tests share, because starting a service on it takes longer than most of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from pesan.settings import Settings
from tests.support.postgres import Server
from tests.support.schema import SECRET


@contextmanager
def shared_instance(server: Server, template: str, role_prefix: str, home: Path) -> Iterator[Settings]:
    """A database of its own, dropped at the end; what tests make in it must not matter to each other."""
    name = f"pesan_{uuid4().hex}"
    url = server.create(name, template=template)
    yield Settings(
        home=home,
        secret_key=SecretStr(SECRET),
        base_url="http://127.0.0.1",
        database_url=url.render_as_string(hide_password=False),
        database_role_prefix=role_prefix,
        database_pool_size=5,
        lock_timeout_ms=28_000,
        statement_timeout_ms=60_000,
        rate_limits="off",
    )
    server.drop(name)
