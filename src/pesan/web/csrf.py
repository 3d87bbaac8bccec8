"""Form tokens: a form posted to a page must have come from a page of ours, for this visitor.

A token is the visitor's binding, signed, and masked anew each time it is written, so that compressing a page that
repeats what a visitor typed gives nothing away (BREACH).
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

from fastapi import Depends, Request
from markupsafe import Markup

from pesan.kit.signing import derive_key
from pesan.web.cookies import session_token
from pesan.web.errors import StaleForm
from pesan.web.guests import find_guest_id, guest_id

FIELD = "csrf_token"
HEADER = "x-csrf-token"
_SIZE = 16


class FormTokens:
    """Makes and checks the form tokens of one instance."""

    def __init__(self, secret: bytes) -> None:
        self._key = derive_key(secret, "csrf")

    def make(self, request: Any) -> str:
        """A token for this visitor: bound to the session of whoever is signed in, else to the guest's cookie."""
        mask = secrets.token_bytes(_SIZE)
        binding = session_token(request) or guest_id(request)
        return base64.urlsafe_b64encode(mask + _xor(mask, self._mac(binding))).decode("ascii").rstrip("=")

    def check(self, request: Any, token: str | None) -> None:
        """Raises StaleForm unless `token` was made for this visitor."""
        binding = session_token(request) or find_guest_id(request)
        try:
            given = base64.b64decode((token or "") + "==", altchars=b"-_")
        except (ValueError, binascii.Error):
            raise StaleForm from None
        if not binding or len(given) != 2 * _SIZE:
            raise StaleForm
        if not hmac.compare_digest(_xor(given[:_SIZE], given[_SIZE:]), self._mac(binding)):
            raise StaleForm

    def _mac(self, binding: str) -> bytes:
        return hmac.new(self._key, binding.encode(), sha256).digest()[:_SIZE]


def csrf_token(request: Any) -> str:
    """A form token for the visitor of `request`."""
    return tokens_of(request).make(request)


def csrf_field(request: Any) -> Markup:
    """The hidden field that every form of a page carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token(request))


def check_csrf(request: Any, token: str | None) -> None:
    """Raises StaleForm unless `token` is this visitor's; for routes that read their own body."""
    tokens_of(request).check(request, token)


async def _require(request: Request) -> AsyncIterator[None]:
    """A form may bring files, whether a page asked for them or not; they are let go when the answer has left."""
    try:
        token: Any = request.headers.get(HEADER)
        if token is None:
            token = (await request.form()).get(FIELD)
        check_csrf(request, token if isinstance(token, str) else None)
        yield
    finally:
        await request.close()


require_csrf: Any = Depends(_require)
"""For `dependencies=[…]` of a page's POST: takes the token from the form or from the `X-CSRF-Token` header."""


def tokens_of(request: Any) -> FormTokens:
    """The process's form tokens."""
    found: FormTokens = request.app.state.registry[FormTokens]
    return found


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(first, second, strict=True))
