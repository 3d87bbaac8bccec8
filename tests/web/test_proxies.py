"""Who is calling, whatever the headers say."""

import httpx
import pytest

from pesan.web.proxies import client_group
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
