"""A bucket whose server goes away and comes back: S3's API on a socket, on the same port each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from pesan.storage.objects import ObjectStorage, open_storage

_KEY_ID = "contoh"
_SECRET = "rahasia-contoh"  # made up, for a server that checks nothing


class Bucket:
    """One bucket; what is in it outlives its server, as it does at a real provider."""

    def __init__(self) -> None:
        self.name = f"pesan-uji-{uuid4().hex[:12]}"
        self._port = 0
        self._server: ThreadedMotoServer | None = None
        self.open()
        httpx.put(f"{self.endpoint}/{self.name}").raise_for_status()

    @property
    def endpoint(self) -> str:
        """Where its server answers, or would."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def settings(self) -> dict[str, Any]:
        """What makes an instance keep its objects here."""
        return {
            "storage_url": f"s3://{self.name}",
            "storage_endpoint": self.endpoint,
            "storage_region": "us-east-1",
            "storage_key_id": _KEY_ID,
            "storage_secret": SecretStr(_SECRET),
        }

    def store(self, seconds: float = 10.0) -> ObjectStorage:
        """The bucket as Pesan sees it."""
        return open_storage(
            f"s3://{self.name}",
            endpoint=self.endpoint,
            region="us-east-1",
            key_id=_KEY_ID,
            secret=_SECRET,
            seconds=seconds,
        )

    def open(self) -> None:
        """Start its server."""
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()
        self._port = self._server.get_host_and_port()[1]

    def close(self) -> None:
        """Stop its server; whoever asks is refused."""
        if self._server is not None:
            self._server.stop()
        self._server = None


@contextmanager
def running_bucket() -> Iterator[Bucket]:
    """A bucket for a test."""
    bucket = Bucket()
    try:
        yield bucket
    finally:
        bucket.close()
