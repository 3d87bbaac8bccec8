"""Who is calling, whatever the headers say."""

import httpx
import pytest

from pesan.web.proxies import TrustedProxies, client_group, client_network
from tests.web.conftest import MakeClient

PROXY = "10.1.2.3"
SPOOFS = {
    "X-Forwarded-For": "6.6.6.6",
    "Forwarded": "for=6.6.6.6;proto=https",
    "X-Real-IP": "6.6.6.6",
    "CF-Connecting-IP": "6.6.6.6",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
}


async def caller(client: httpx.AsyncClient, **headers: str) -> dict[str, str]:
    response = await client.get("/api/hello", headers=headers)
    answer: dict[str, str] = response.json()
    return answer


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1"])
async def test_forwarding_headers_by_default_are_nobodys(make_client: MakeClient, peer: str):
    client = make_client(peer=peer)

    assert await caller(client, **SPOOFS) == {"ip": peer, "scheme": "http"}


async def test_forwarding_headers_of_a_stranger_are_ignored(make_client: MakeClient):
    client = make_client(peer="203.0.113.9", trusted_proxies=("10.0.0.0/8",))

    assert await caller(client, **SPOOFS) == {"ip": "203.0.113.9", "scheme": "http"}


@pytest.mark.parametrize(
    ("hops", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("198.51.100.7:5544", "198.51.100.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, nonsense", PROXY),
        ("10.9.9.9", "10.9.9.9"),
        ("", PROXY),
    ],
)
async def test_client_behind_proxy_is_the_rightmost_untrusted_hop(
    make_client: MakeClient, hops: str, expected: str
):
    client = make_client(peer=PROXY, trusted_proxies=("10.0.0.0/8",))

    assert (await caller(client, **{"X-Forwarded-For": hops}))["ip"] == expected


async def test_forwarded_for_in_several_headers_is_one_list(make_client: MakeClient):
    client = make_client(peer=PROXY, trusted_proxies=("10.0.0.0/8",))
    headers = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "198.51.100.7")]

    response = await client.get("/api/hello", headers=headers)

    assert response.json()["ip"] == "198.51.100.7"


async def test_scheme_of_trusted_proxy_is_believed(make_client: MakeClient):
    client = make_client(peer=PROXY, trusted_proxies=("10.0.0.0/8",))

    assert (await caller(client, **{"X-Forwarded-Proto": "https"}))["scheme"] == "https"


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "0.0.0.0"),
    ],
)
def test_client_group_is_what_one_subscriber_owns(address: str, group: str):
    assert client_group(address) == group


@pytest.mark.parametrize(
    ("told", "country"),
    [("ID", "ID"), ("us", "US"), ("XX", None), ("T1", None), ("", None), ("IDN", None), ("é1", None)],
)
def test_the_country_of_an_address_is_what_a_trusted_proxy_tells(told: str, country: str | None):
    proxies = TrustedProxies(["10.0.0.0/8"])

    def asked(peer: str, header: bytes = b"cf-ipcountry") -> str | None:
        headers = [(b"cf-ipcountry", told.encode("latin-1"))]
        return proxies.country({"client": (peer, 1), "headers": headers}, header)

    assert asked(PROXY) == country
    assert [asked("203.0.113.9"), asked(PROXY, b""), asked(PROXY, b"x-country")] == [None, None, None]


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.9", "203.0.113.0/24"), ("2001:db8:1:2::9", "2001:db8:1::/48"), ("", "0.0.0.0/24")],
)
def test_a_network_is_what_lies_around_an_address(address: str, network: str):
    assert client_network(address) == network
