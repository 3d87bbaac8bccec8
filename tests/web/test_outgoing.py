"""Calls to addresses that others named: none reaches anything inside."""

import socket

import httpx
import pytest

from pesan.web.outgoing import PublicTransport, is_public
from tests.support.providers.openid import FakeOpenId
from tests.support.providers.server import running_provider


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("169.254.169.254", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_an_address_inside_is_told_however_it_is_wrapped(address: str, expected: bool) -> None:
    assert is_public(address) is expected


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "localhost.", "[::1]", "0.0.0.0"]
)
async def test_no_connection_leaves_for_an_address_inside(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        async with httpx.AsyncClient(transport=PublicTransport()) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://{host}:{port}/", timeout=5)
        with pytest.raises(BlockingIOError):
            listener.accept()


async def test_what_the_operator_named_is_called() -> None:
    async with (
        running_provider(FakeOpenId()) as fake,
        httpx.AsyncClient(transport=PublicTransport(trusted=[fake.url])) as client,
    ):
        answer = await client.get(f"{fake.url}/keys")

    assert answer.status_code == 200
