"""Nobody is told anything by way of a webhook that only this machine could reach."""

import pytest

from pesan.hooks.addresses import is_public, require_endpoint, resolve
from pesan.hooks.errors import EndpointInvalid, Undelivered
from pesan.hooks.sending import send
from tests.hooks.conftest import Receiver
from tests.support.providers.server import Reply

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
def test_address_of_the_house_is_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_address_of_the_internet_is_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_setting_lets_loopback_through_and_nothing_else(address: str):
    assert is_public(address, to_loopback=True)
    assert not is_public("10.0.0.1", to_loopback=True)
    assert not is_public("169.254.169.254", to_loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "toko.example/hook",
        "http://toko.example/hook",
        "ftp://toko.example/hook",
        "file:///etc/passwd",
        "https://",
        "https://admin:rahasia@toko.example/hook",
        "https://toko.example/hook#bagian",
        "https://toko.example:99999/",
        "https://toko.example/ho ok",
        "https://toko.example/\r\nx: y",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:169.254.169.254]/",
        "https://10.0.0.1/hook",
        "https://toko.example/" + "x" * 500,
    ],
)
def test_endpoint_that_nobody_may_name_is_refused(url: str):
    with pytest.raises(EndpointInvalid):
        require_endpoint(url, to_loopback=False)


def test_endpoint_is_kept_as_it_was_typed():
    assert require_endpoint(" https://toko.example:8443/h?a=1 ", to_loopback=False) == (
        "https://toko.example:8443/h?a=1"
    )


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "[::1]"])
async def test_name_that_leads_into_the_house_is_refused(host: str):
    with pytest.raises(Undelivered) as refused:
        await resolve(f"https://{host}/hook", to_loopback=False)

    assert refused.value.problem == "address_refused"


async def test_nothing_is_sent_into_the_house(receiver: Receiver):
    with pytest.raises(Undelivered) as refused:
        await send(receiver.url, b"{}", {}, to_loopback=False)

    assert (refused.value.problem, receiver.requests) == ("address_refused", [])


async def test_redirect_is_an_answer_and_not_followed(receiver: Receiver):
    receiver.reply = Reply(302, headers={"location": f"{receiver.url}/elsewhere"})

    status = await send(f"{receiver.url}/hook?a=1", b"{}", {"x-a": "b"}, to_loopback=True)

    assert (status, [str(asked) for asked in receiver.requests]) == (302, ["POST /hook"])
    (asked,) = receiver.requests
    assert (asked.headers["host"], asked.query) == (receiver.url.removeprefix("http://"), {"a": "1"})


async def test_whoever_is_not_there_is_unreachable(receiver: Receiver):
    with pytest.raises(Undelivered) as nobody:
        await send("http://127.0.0.1:1/hook", b"{}", {}, to_loopback=True)

    assert nobody.value.problem == "unreachable"
