"""The provider itself, over HTTP: where its addresses are, its keys, and the exchange of a code for a token."""

import asyncio
import time
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from pesan.identity.openid.client import Client, Trip
from pesan.identity.openid.errors import ProviderAway, ProviderOff, ProviderRefused
from pesan.identity.openid.tokens import MAX_LENGTH, Claims, read_id_token

_DISCOVERY = "/.well-known/openid-configuration"
_FRESH_SECONDS = 3_600.0
# A key that is not known may be new; whoever makes tokens up does not make us ask each time.
_ASK_AGAIN_SECONDS = 60.0
_SECONDS = 10.0
_SIZE = 500_000
_OK = 200

Json = dict[str, Any]


class Provider:
    """One instance's provider. No call is made while a transaction is open."""

    def __init__(self, client: Client, http: httpx.AsyncClient) -> None:
        self._client = client
        self._http = http
        self._found: tuple[float, Json] | None = None
        self._keys: tuple[float, KeySet] | None = None

    @property
    def client(self) -> Client:
        """Our registration there; raises ProviderOff where there is none."""
        if not self._client.is_on:
            raise ProviderOff
        return self._client

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def address_of(self, trip: Trip) -> str:
        """Where the person goes to sign in. **Raises** ProviderOff, ProviderAway."""
        client, found = self.client, await self._discover()
        asked = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": client.redirect_uri,
            "scope": "openid email profile",
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": trip.challenge,
            "code_challenge_method": "S256",
        }
        address = str(found["authorization_endpoint"])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    async def claims_of(self, trip: Trip, code: str) -> Claims:
        """Who came back with this code. **Raises** ProviderOff, ProviderAway, ProviderRefused."""
        client = self.client
        token = await self._exchange(trip, code)
        keys, asked_at = await self._find_keys()
        claims = read_id_token(token, keys, client, nonce=trip.nonce, now=time.time())
        if claims is None and time.monotonic() - asked_at > _ASK_AGAIN_SECONDS:
            self._keys = None
            keys, _ = await self._find_keys()
            claims = read_id_token(token, keys, client, nonce=trip.nonce, now=time.time())
        if claims is None:
            raise ProviderRefused(provider=client.name)
        return claims

    async def _exchange(self, trip: Trip, code: str) -> str:
        """The code is of use to us alone: it takes our secret and the verifier that only this browser's trip has."""
        client, found = self.client, await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
            "code_verifier": trip.verifier,
        }
        headers = {}
        ways = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in ways:
            pair = f"{quote(client.id, safe='')}:{quote(client.secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": client.id, "client_secret": client.secret}
        status, answer = await self._ask("POST", str(found["token_endpoint"]), form=form, headers=headers)
        token = answer.get("id_token")
        if status != _OK or not isinstance(token, str) or len(token) > MAX_LENGTH:
            raise ProviderRefused(provider=client.name)
        return token

    async def _find_keys(self) -> tuple[KeySet, float]:
        known, now = self._keys, time.monotonic()
        if known is None or now - known[0] > _FRESH_SECONDS:
            status, answer = await self._ask("GET", str((await self._discover())["jwks_uri"]))
            if status != _OK:
                raise self._away()
            try:
                known = self._keys = (now, KeySet.import_key_set(answer))  # type: ignore[arg-type]
            except (JoseError, ValueError, TypeError, KeyError):
                raise self._away() from None
        return known[1], known[0]

    async def _discover(self) -> Json:
        """What the provider says of itself; raises ProviderAway where it says that it is somebody else (§4.3)."""
        known, now = self._found, time.monotonic()
        if known is None or now - known[0] > _FRESH_SECONDS:
            status, answer = await self._ask("GET", self.client.issuer.rstrip("/") + _DISCOVERY)
            if status != _OK or answer.get("issuer") != self.client.issuer:
                raise self._away()
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                self._require_safe(answer.get(name))
            known = self._found = (now, answer)
        return known[1]

    def _require_safe(self, address: Any) -> None:
        """TLS wherever the issuer has it, so that nobody on the way reads codes or plants keys."""
        parts = urlsplit(address) if isinstance(address, str) else None
        wanted = {"https", urlsplit(self.client.issuer).scheme}
        if (
            parts is None
            or parts.scheme not in wanted
            or not parts.hostname
            or parts.username
            or parts.fragment
        ):
            raise self._away()

    async def _ask(
        self, method: str, url: str, *, form: Json | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Json]:
        sent = {"Accept": "application/json", **(headers or {})}
        try:
            async with (
                asyncio.timeout(_SECONDS),
                self._http.stream(method, url, data=form, headers=sent, follow_redirects=False) as response,
            ):
                answer = orjson.loads(await self._read(response) or b"{}")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError):
            # The library's error holds the request, and that our secret: it goes no further than here.
            raise self._away() from None
        if not isinstance(answer, dict):
            raise self._away()
        return response.status_code, answer

    async def _read(self, response: httpx.Response) -> bytes:
        """The body as unpacked, so that a small packed one cannot fill the memory."""
        body = bytearray()
        async for chunk in response.aiter_bytes(65_536):
            body += chunk
            if len(body) > _SIZE:
                raise self._away()
        return bytes(body)

    def _away(self) -> ProviderAway:
        return ProviderAway(provider=self._client.name)
