"""Meta's Graph API for WhatsApp as its documents describe it (protocols.md §6), and the webhooks that it sends."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from tests.support.providers.server import Asked, FakeProvider, Reply, Signed

Body = dict[str, Any]

PHONE_ID = "106540352242922"
BUSINESS_ID = "102290129340398"


class FakeWhatsApp(FakeProvider):
    """One business with one number. `sent` are the messages it took, `media` the files that people sent it."""

    def __init__(
        self, *, token: str = "EAAcontoh", app_secret: str = "contoh_app_secret_0123456789abcdef"
    ) -> None:
        super().__init__()
        self.token = token
        self.app_secret = app_secret
        self.sent: list[Body] = []
        self.read: list[Body] = []
        self.media: dict[str, bytes] = {}
        self.templates: list[Body] = []
        # What an answer about a file says otherwise than it is.
        self.media_says: Body = {}

    def answer(self, asked: Asked) -> Reply:
        """Its own answer."""
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return refusal(190, status=401, type="OAuthException")
        if asked.path.startswith("/media/"):
            return Reply(body=self.media[asked.path.removeprefix("/media/")])
        parts = asked.path.split("/")[2:]
        if not re.match(r"/v\d\d\.\d/", asked.path):
            return refusal(100)
        match [asked.method, *parts]:
            case ["POST", phone_id, "messages"] if phone_id == PHONE_ID:
                return self._take(asked.json)
            case ["GET" | "POST", business_id, "message_templates"] if business_id == BUSINESS_ID:
                return self._template(asked)
            case ["GET", media_id] if media_id in self.media:
                return self._describe(media_id)
        return refusal(100)

    def webhook(self, body: Body) -> Signed:
        """A body as it is posted: what is not ASCII is escaped, and the signature is of these bytes."""
        raw = json.dumps(body).encode()
        signature = hmac.new(self.app_secret.encode(), raw, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        return Signed(headers, raw)

    def _take(self, body: Body) -> Reply:
        if body.get("status") == "read":
            self.read.append(body)
            return Reply(body={"success": True})
        self.sent.append(body)
        to = body.get("to") or body["recipient"]
        contact = {"input": to, **({"wa_id": to[1:]} if to.startswith("+") else {})}
        message = {"id": f"wamid.OUR{len(self.sent)}", "message_status": "accepted"}
        return Reply(body={"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]})

    def _describe(self, media_id: str) -> Reply:
        content = self.media[media_id]
        told = {
            "url": f"{self.url}/media/{media_id}",
            "mime_type": "image/jpeg",
            "sha256": hashlib.sha256(content).hexdigest(),
            "file_size": len(content),
            "id": media_id,
            "messaging_product": "whatsapp",
        }
        return Reply(body=told | self.media_says)

    def _template(self, asked: Asked) -> Reply:
        if asked.method == "POST":
            self.templates.append({"id": str(len(self.templates) + 1), "status": "PENDING", **asked.json})
            return Reply(body={key: self.templates[-1][key] for key in ("id", "status", "category")})
        first, size = int(asked.query.get("after", "0")), 2
        paging: Body = {"cursors": {"after": str(first + size)}}
        if first + size < len(self.templates):
            paging["next"] = f"{self.url}/next"
        return Reply(body={"data": self.templates[first : first + size], "paging": paging})


def refusal(code: int, *, status: int = 400, headers: Mapping[str, str] | None = None, **more: Any) -> Reply:
    """How Meta says no; throttles too come as 400."""
    error = {"message": f"(#{code}) No", "type": "OAuthException", "code": code, "fbtrace_id": "A1", **more}
    return Reply(status, {"error": error}, headers or {})


def change(value: Body, *, field: str = "messages", phone_number_id: str = PHONE_ID) -> Body:
    """One change of a webhook, of the number it names."""
    metadata = {"display_phone_number": "6281100000001", "phone_number_id": phone_number_id}
    return {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}


def envelope(*changes: Body) -> Body:
    """The whole body around changes."""
    entry = {"id": BUSINESS_ID, "changes": list(changes)}
    return {"object": "whatsapp_business_account", "entry": [entry]}
