"""Nobody is told anything by way of a webhook that only this machine could reach."""

import pytest

from pesan.hooks.addresses import require_endpoint
from pesan.hooks.errors import EndpointInvalid, Undelivered
from pesan.hooks.sending import send
from pesan.web.outgoing import OwnSite
from tests.hooks.conftest import Receiver
from tests.support.providers.server import Reply

# 8.8.8.8 stands for where this instance is found; an address needs no net to be looked up.
OWN = OwnSite(frozenset({"8.8.8.8"}), (".pesan.example",))


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
        "https://www.pesan.example:6379/",
        "https://WWW.Pesan.example.:8443/",
        "https://8.8.8.8:22/",
        "https://toko.example/" + "x" * 500,
    ],
)
def test_endpoint_that_nobody_may_name_is_refused(url: str):
    with pytest.raises(EndpointInvalid):
        require_endpoint(url, own=OWN, to_loopback=False)


def test_endpoint_is_kept_as_it_was_typed():
    assert require_endpoint(" https://toko.example:8443/h?a=1 ", own=OWN, to_loopback=False) == (
        "https://toko.example:8443/h?a=1"
    )


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "[::1]"])
async def test_name_that_leads_into_the_house_is_refused(host: str):
    with pytest.raises(Undelivered) as refused:
        await send(f"https://{host}/hook", b"{}", {}, own=OWN, to_loopback=False)

    assert refused.value.problem == "address_refused"


@pytest.mark.parametrize(
    "host",
    ["tiket.pesan.example", "TIKET.Pesan.example.", "8.8.8.8", "134744072", "0x8080808", "[::ffff:8.8.8.8]"],
)
async def test_nothing_is_sent_to_where_this_instance_is_found(host: str):
    with pytest.raises(Undelivered) as refused:
        await send(f"https://{host}:6379/", b"{}", {}, own=OWN, to_loopback=True)

    assert refused.value.problem == "address_refused"


async def test_nothing_is_sent_into_the_house(receiver: Receiver):
    with pytest.raises(Undelivered) as refused:
        await send(receiver.url, b"{}", {}, own=OWN, to_loopback=False)

    assert (refused.value.problem, receiver.requests) == ("address_refused", [])


async def test_redirect_is_an_answer_and_not_followed(receiver: Receiver):
    receiver.reply = Reply(302, headers={"location": f"{receiver.url}/elsewhere"})

    status = await send(f"{receiver.url}/hook?a=1", b"{}", {"x-a": "b"}, own=OWN, to_loopback=True)

    assert (status, [str(asked) for asked in receiver.requests]) == (302, ["POST /hook"])
    (asked,) = receiver.requests
    assert (asked.headers["host"], asked.query) == (receiver.url.removeprefix("http://"), {"a": "1"})


async def test_whoever_is_not_there_is_unreachable(receiver: Receiver):
    with pytest.raises(Undelivered) as nobody:
        await send("http://127.0.0.1:1/hook", b"{}", {}, own=OWN, to_loopback=True)

    assert nobody.value.problem == "unreachable"
