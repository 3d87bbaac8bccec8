"""Meta's Graph API for one phone number, through pywa, with one shared HTTP client.

Nothing is repeated here: the Cloud API has no idempotency key, so whoever keeps the messages decides (protocols §6.6).
No error carries a request, whose headers hold the token.
"""

import asyncio
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from pesan.messaging.whatsapp.failures import FailureKind, SendFailed, failure_of
from pesan.messaging.whatsapp.fields import is_user_id, number, objects, text
from pesan.messaging.whatsapp.media import (
    Found,
    Media,
    MediaFailed,
    MediaFailure,
    Redirected,
    download,
    failure_for,
    refuse_redirect,
    require_media_id,
)
from pesan.messaging.whatsapp.shapes import Shape
from pesan.messaging.whatsapp.templates import NewTemplate, TemplateState, read_state, to_wire
from pesan.settings import Settings

if TYPE_CHECKING:
    from pywa.errors import WhatsAppError
    from pywa_async.api import GraphAPIAsync

Json = dict[str, Any]

GRAPH_URL = "https://graph.facebook.com"
TIMEOUT_SECONDS = 10.0
MEDIA_SECONDS = 60.0
MAX_OPAQUE = 512
_LONGEST_DETAIL = 300
_LONGEST_PAUSE = 3_600.0
_PAGE = 100
_MOST_PAGES = 20
# A request that did not get as far as a connection was certainly not sent.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Meta took a message, which says nothing of its arrival; `status` may be that it is held for a look."""

    wamid: str
    status: str
    wa_id: str | None


class WhatsAppClient:
    """One business phone number. Cheap to make: the library and the connections come with the first call."""

    def __init__(
        self,
        *,
        phone_number_id: str,
        access_token: str,
        business_id: str = "",
        api_version: str = "v24.0",
        base_url: str = GRAPH_URL,
        timeout: float = TIMEOUT_SECONDS,
        media_timeout: float = MEDIA_SECONDS,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        self.phone_number_id = phone_number_id
        self._token = access_token.strip()
        self._business_id = business_id
        self._version = api_version
        self._origin = httpx.URL(base_url)
        self._timeout = timeout
        self._media_timeout = media_timeout
        self._certificates = certificates
        self._http: httpx.AsyncClient | None = None
        self._graph: GraphAPIAsync | None = None
        self._opening = asyncio.Lock()

    @classmethod
    def of(cls, settings: Settings, *, certificates: ssl.SSLContext | None = None) -> "WhatsAppClient":
        """The client of an instance that `has_whatsapp`."""
        return cls(
            phone_number_id=settings.wa_phone_id,
            access_token=settings.wa_access_token.get_secret_value(),
            business_id=settings.wa_business_id,
            api_version=settings.wa_api_version,
            base_url=settings.wa_url,
            certificates=certificates,
        )

    async def aclose(self) -> None:
        """Let go of the connections."""
        if self._http is not None:
            await self._http.aclose()

    async def send(self, to: str, shape: Shape, *, opaque: str, reply_to: str | None = None) -> Accepted:
        """Hand over one message, once. `to` is E.164 or a user id; `opaque` comes back with its statuses.

        **Raises** SendFailed; UNKNOWN says that it may have been sent all the same.
        """
        if not 0 < len(opaque) <= MAX_OPAQUE:
            raise ValueError(f"opaque has 1 to {MAX_OPAQUE} characters")
        kind, content = shape.to_wire()
        graph = await self._open()
        answer = await self._hear(
            graph.send_message(
                sender=self.phone_number_id,
                **_recipient(to),
                recipient_type="individual",
                typ=kind,
                msg=content,
                reply_to_message_id=reply_to,
                biz_opaque_callback_data=opaque,
            )
        )
        return _accepted(answer)

    async def mark_read(self, wamid: str, typing: bool = False) -> None:
        """Tick somebody's message blue, and with `typing` show that an answer is under way. **Raises** SendFailed."""
        graph = await self._open()
        if typing:
            await self._hear(graph.set_indicator(self.phone_number_id, wamid, "text"))
        else:
            await self._hear(graph.mark_message_as_read(self.phone_number_id, wamid))

    async def fetch_media(self, media_id: str, *, limit: int) -> Media:
        """What somebody sent, of at most `limit` bytes; close it, or use it as a block. **Raises** MediaFailed.

        Its address lives for five minutes, so one that is over is asked for again, once.
        """
        graph = await self._open()
        endpoint, query = f"/{require_media_id(media_id)}", {"phone_number_id": self.phone_number_id}
        for _ in range(2):
            try:
                answer = await self._hear(graph.send_raw_request("GET", endpoint, params=query))
            except SendFailed as error:
                raise MediaFailed(failure_for(error.kind)) from None
            found = Found.of(answer, self._origin)
            media = await download(self._session, found, limit=limit, seconds=self._media_timeout)
            if media is not None:
                return media
        raise MediaFailed(MediaFailure.GONE)

    async def create_template(self, new: NewTemplate) -> TemplateState:
        """Submit a template; whether it is approved comes by webhook. **Raises** SendFailed, ValueError."""
        graph = await self._open()
        answer = await self._hear(graph.create_template(self._require_business(), to_wire(new)))
        return read_state(answer, name=new.name, language=new.language)

    async def list_templates(self) -> list[TemplateState]:
        """Every template of the business. **Raises** SendFailed."""
        graph, business = await self._open(), self._require_business()
        fields = ("id", "name", "language", "status", "category")
        found: list[TemplateState] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            page = {"limit": _PAGE, **({"after": after} if after else {})}
            answer = await self._hear(graph.get_templates(business, fields=fields, pagination=page))
            found += [read_state(one) for one in objects(answer, "data")]
            after = _next_page(answer)
            if after is None:
                break
        return found

    @property
    def _session(self) -> httpx.AsyncClient:
        assert self._http is not None
        return self._http

    async def _open(self) -> "GraphAPIAsync":
        async with self._opening:
            if self._graph is None:
                # The library takes a quarter of a second to load, which nobody else should wait for.
                self._graph = await asyncio.to_thread(self._load)
        return self._graph

    def _load(self) -> "GraphAPIAsync":
        from pywa_async.api import GraphAPIAsync

        bounds = httpx.Timeout(self._timeout, connect=self._timeout / 2, pool=self._timeout / 2)
        http = httpx.AsyncClient(
            timeout=bounds,
            verify=self._certificates or True,
            event_hooks={"response": [refuse_redirect]},
        )
        graph = GraphAPIAsync(token=self._token, session=http, api_version=float(self._version.lstrip("v")))
        # The library knows one host only; ours is a setting.
        http.base_url = httpx.URL(f"{str(self._origin).rstrip('/')}/{self._version}")
        self._http = http
        return graph

    async def _hear(self, call: Awaitable[Any]) -> Json:
        """What Meta answers to one call; raises SendFailed."""
        from pywa.errors import WhatsAppError

        try:
            async with asyncio.timeout(self._timeout):
                answer = await call
        except WhatsAppError as error:
            raise _refused(error) from None
        except _NOT_SENT as error:
            raise SendFailed(FailureKind.AWAY, None, type(error).__name__) from None
        except Redirected:
            raise SendFailed(FailureKind.STOP_QUEUE, None, "redirected; see PESAN_WA_URL") from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise SendFailed(FailureKind.UNKNOWN, None, type(error).__name__) from None
        except (ValueError, LookupError, TypeError, AttributeError):
            # An answer that the library cannot read; what it is about may have happened.
            raise SendFailed(FailureKind.UNKNOWN, None, "unreadable answer") from None
        if not isinstance(answer, dict):
            raise SendFailed(FailureKind.UNKNOWN, None, "unreadable answer")
        return answer

    def _require_business(self) -> str:
        if not self._business_id:
            raise SendFailed(FailureKind.STOP_QUEUE, None, "PESAN_WA_BUSINESS_ID is missing")
        return self._business_id


def _recipient(to: str) -> dict[str, str | None]:
    """A number goes with its plus, or Meta may put its own country's code in front (protocols §6.5, §6.6)."""
    if to.startswith("+") and number({"to": to}, "to"):
        return {"to": to, "recipient": None}
    if is_user_id(to):
        return {"to": None, "recipient": to}
    raise SendFailed(FailureKind.RECIPIENT, None, "neither an E.164 number nor a user id")


def _accepted(answer: Json) -> Accepted:
    messages, contacts = objects(answer, "messages"), objects(answer, "contacts")
    wamid = text(messages[0], "id") if messages else None
    if wamid is None:
        raise SendFailed(FailureKind.UNKNOWN, None, "an answer without a message's id")
    status = text(messages[0], "message_status") or "accepted"
    return Accepted(wamid, status, text(contacts[0], "wa_id") if contacts else None)


def _refused(error: "WhatsAppError") -> SendFailed:
    response = error.raw_response
    status = response.status_code if response is not None else None
    # Where a body is not Meta's, the library makes the status the code.
    code = None if error.code == status else error.code
    failure = failure_of(code, status)
    told = response.headers.get("retry-after", "") if response is not None else ""
    pause = min(float(told), _LONGEST_PAUSE) if told.isascii() and told.isdigit() else failure.pause
    detail = str(error.details or error.message) if code is not None else f"HTTP {status}"
    return SendFailed(failure.kind, code, detail[:_LONGEST_DETAIL], pause)


def _next_page(answer: Json) -> str | None:
    paging = answer.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    return text(cursors, "after") if isinstance(cursors, dict) else None
