"""A real S3 API on a socket, and every store that Pesan can be set up with."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer

from pesan.storage.objects import ObjectStorage, open_storage

BUCKET = "pesan-uji"
KEY_ID = "contoh"
SECRET = "rahasia-contoh"  # made up, for a server that checks nothing


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint: str) -> ObjectStorage:
    return make_s3(s3_endpoint)


@pytest.fixture(params=["folder", "memory", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStorage:
    if request.param == "s3":
        return make_s3(request.getfixturevalue("s3_endpoint"))
    if request.param == "memory":
        return open_storage("memory:")
    return open_storage((tmp_path / "berkas saya").as_uri())


def make_s3(endpoint: str, seconds: float = 10.0) -> ObjectStorage:
    httpx.put(f"{endpoint}/{BUCKET}").raise_for_status()
    return open_storage(
        f"s3://{BUCKET}", endpoint=endpoint, region="us-east-1", key_id=KEY_ID, secret=SECRET, seconds=seconds
    )
