"""Calls to addresses that others named: none reaches anything inside."""

import asyncio
import socket
from threading import Event

import httpx
import pytest

from pesan.settings import Settings
from pesan.web.outgoing import AddressRefused, OwnSite, PublicTransport, is_public
from tests.support.providers.openid import FakeOpenId
from tests.support.providers.server import running_provider

OF_THE_HOUSE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "no address",
]


@pytest.mark.parametrize("address", OF_THE_HOUSE)
def test_address_of_the_house_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_setting_lets_loopback_through_and_nothing_else(address: str) -> None:
    assert is_public(address, to_loopback=True)
    assert not is_public("10.0.0.1", to_loopback=True)
    assert not is_public("169.254.169.254", to_loopback=True)


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


def test_own_names_are_those_of_the_settings_without_loopback(settings: Settings) -> None:
    named = {
        "base_url": "https://Pesan.example",
        "trusted_hosts": ("tiket.example", "*.toko.example", "localhost", "127.0.0.1", "[::1]", "*"),
    }

    own = OwnSite.of(settings.model_copy(update=named))

    assert own == OwnSite(frozenset({"pesan.example", "tiket.example"}), (".toko.example",))
    assert [own.has(host) for host in ("PESAN.example.", "a.toko.example", "toko.example", "x.example")] == [
        True,
        True,
        False,
        False,
    ]


async def test_names_that_hang_hold_no_threads_but_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    began, over = Event(), Event()

    def hang(*_: object, **__: object) -> list[object]:
        began.set()
        over.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    async with httpx.AsyncClient(transport=PublicTransport()) as client:
        asked = [asyncio.create_task(client.get(f"https://hangs{n}.example/")) for n in range(100)]
        while not began.is_set():
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(30):
                others = await asyncio.to_thread(lambda: "done")
        finally:
            over.set()
            answers = await asyncio.gather(*asked, return_exceptions=True)

    assert others == "done"
    assert {type(answer) for answer in answers} == {AddressRefused}
