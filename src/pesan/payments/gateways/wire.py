"""Requests to a provider over HTTPS: bounded in time and size, repeated only where a repetition is the same request.

What comes back is either an answer, which the adapter reads, or `GatewayUnavailable`: nobody knows what happened.
No error carries a request, whose headers hold the key.
"""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import stamina

from pesan.payments.gateways.base import Account
from pesan.payments.gateways.errors import GatewayRefused, GatewaySilent, GatewayUnavailable

Json = dict[str, Any]

_TRIES = 3
_IN_PROGRESS = 202
_ERROR = 400
_TOO_MANY = 429
_PAUSE = 30
_LONGEST_PAUSE = 600


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how much one call may take, its repetitions included; seconds and bytes."""

    connect: float = 5.0
    total: float = 10.0
    pause: float = 0.2
    size: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer that says something: 200 to 499, without redirects."""

    status: int
    body: Json

    @property
    def is_error(self) -> bool:
        """Whether the provider said no by its status; some say it in the body alone."""
        return self.status >= _ERROR


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `is_repeatable` when the provider takes it twice for once."""

    method: str
    url: str
    json: Any = None
    form: Mapping[str, str] | None = None
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_repeatable: bool = False


class Wire:
    """The way to one provider, with the headers that each request to it carries."""

    def __init__(
        self, provider: str, http: httpx.AsyncClient, headers: Mapping[str, str], bounds: Bounds
    ) -> None:
        self._provider = provider
        self._http = http
        self._headers = headers
        self._bounds = bounds

    async def ask(self, asked: Ask) -> Answer:
        """What the provider answers.

        Raises GatewayUnavailable where it does not, is still busy with the same request, or wants less of them.
        """
        try:
            async with asyncio.timeout(self._bounds.total):
                return await self._repeat(asked)
        except TimeoutError:
            raise self._unavailable("timeout") from None

    async def _repeat(self, asked: Ask) -> Answer:
        pause = self._bounds.pause
        attempts = stamina.retry_context(
            on=_is_worth_repeating,
            attempts=_TRIES if asked.is_repeatable else 1,
            wait_initial=pause,
            wait_jitter=pause,
            wait_max=pause * 5,
        )
        async for attempt in attempts:
            with attempt:
                return await self._ask_once(asked)
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    async def _ask_once(self, asked: Ask) -> Answer:
        try:
            async with self._http.stream(
                asked.method,
                asked.url,
                json=asked.json,
                data=asked.form,
                params=asked.query,
                headers={"Accept": "application/json", **self._headers, **asked.headers},
                timeout=httpx.Timeout(self._bounds.total, connect=self._bounds.connect),
                follow_redirects=False,
            ) as response:
                self._require_answer(response)
                return Answer(response.status_code, self._parse(await self._read(response)))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The library's error holds the request and its headers: it goes no further than here.
            raise self._unavailable(type(error).__name__) from None

    def _require_answer(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == _TOO_MANY:
            raise self._unavailable("429", pause=_pause(response.headers.get("retry-after")))
        if status == _IN_PROGRESS or not (response.is_success or response.is_client_error):
            raise self._unavailable(str(status))

    async def _read(self, response: httpx.Response) -> bytes:
        """The body as unpacked, so that a small packed one cannot fill the memory."""
        body = bytearray()
        async for chunk in response.aiter_bytes(65_536):
            body += chunk
            if len(body) > self._bounds.size:
                raise self._unavailable("too_large")
        return bytes(body)

    def _parse(self, body: bytes) -> Json:
        try:
            parsed = orjson.loads(body or b"{}")
        except ValueError:
            raise self._unavailable("unreadable") from None
        # Only lists of things come bare.
        return parsed if isinstance(parsed, dict) else {"data": parsed}

    def _unavailable(self, reason: str, *, pause: int | None = None) -> GatewaySilent:
        return GatewaySilent(retry_after=pause, provider=self._provider, reason=reason)


def unavailable(provider: str, reason: str) -> GatewayUnavailable:
    """An answer that leaves open what happened."""
    return GatewayUnavailable(provider=provider, reason=reason)


def require_secret(account: Account, name: str) -> str:
    """A key of the account; raises GatewayRefused where there is none, so that nothing is asked without."""
    secret = account.secrets.get(name, "").strip()
    if not secret:
        raise GatewayRefused("not_configured")
    return secret


def basic_auth(user: str) -> str:
    """The header of a key that is a user name without a password."""
    return f"Basic {b64encode(f'{user}:'.encode()).decode()}"


def text(body: Mapping[str, Any], *names: str) -> str | None:
    """The first of these fields that holds a text."""
    return next((value for name in names if isinstance(value := body.get(name), str) and value), None)


def nested(body: Mapping[str, Any], name: str) -> Json:
    """An object inside an object; an empty one where it is missing or something else."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def objects(body: Mapping[str, Any], name: str) -> list[Json]:
    """The objects of a list; an empty one where it is missing or something else."""
    value = body.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _is_worth_repeating(error: Exception) -> bool:
    # Whoever asks for a pause does not get the same again at once.
    return isinstance(error, GatewayUnavailable) and error.retry_after is None


def _pause(wish: str | None) -> int:
    return min(int(wish), _LONGEST_PAUSE) if wish and wish.isascii() and wish.isdigit() else _PAUSE
