"""What is asked of every provider alike: items that sum up, names that fit, a window, and keys that may travel."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from pesan.kit.phone import normalise_phone
from pesan.payments.gateways.base import Checkout, Item
from pesan.payments.gateways.errors import GatewayRefused, RefundRefused
from pesan.payments.gateways.wire import Json, text

# Reasons of our own, the same for each provider; a refund refused so is money to return by hand.
REFUND_NOT_SUPPORTED = "refund_not_supported"
PARTIAL_REFUND_NOT_SUPPORTED = "partial_refund_not_supported"
WINDOW_TOO_SHORT = "window_too_short"
LIVEMODE_MISMATCH = "livemode_mismatch"
OTHER_PAYMENT = "other_payment"
KEY_TAKEN = "key_taken"

# A no to whoever asks, not to what was asked for.
_NO_ENTRY = frozenset({401, 403})
_KEY = re.compile(r"[A-Za-z0-9_-]{1,46}")
_MAIL = re.compile(r"[!-?A-~]{1,64}@[!-?A-~]{1,190}")
_ELLIPSIS = "…"


def require_sum(wanted: Checkout) -> None:
    """Refuse to ask for an amount that its own lines do not make."""
    if wanted.amount <= 0 or sum(item.unit_amount * item.quantity for item in wanted.items) != wanted.amount:
        raise GatewayRefused("items_do_not_sum")


def net_items(wanted: Checkout, most: int) -> tuple[Item, ...]:
    """The lines for a provider that knows no discounts: all of them, or one that names the first and costs all."""
    if len(wanted.items) <= most and all(item.unit_amount >= 0 for item in wanted.items):
        return wanted.items
    return (Item(title=wanted.items[0].title, quantity=1, unit_amount=wanted.amount),)


def cut(name: str, length: int) -> str:
    """A name as a provider takes it: one line of visible characters, at most `length` of them."""
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in name)
    short = " ".join(visible.split()) or "-"
    return short if len(short) <= length else short[: length - 1].rstrip() + _ELLIPSIS


def mail(wanted: Checkout) -> str | None:
    """The buyer's address, where every provider would take it."""
    return wanted.email if wanted.email and _MAIL.fullmatch(wanted.email) else None


def phone(wanted: Checkout) -> str | None:
    """The buyer's number as E.164, or none: a provider refuses the whole page for a bad one."""
    try:
        return normalise_phone(wanted.phone) if wanted.phone else None
    except ValueError:
        return None


def time_left(wanted: Checkout, shortest: timedelta) -> timedelta:
    """How long the page may live; raises GatewayRefused where the provider makes none that ends in time.

    A page is never opened to end after `expires_at`: whoever wants this provider gives it a longer window first.
    """
    left = wanted.expires_at - datetime.now(UTC)
    if left < shortest:
        raise GatewayRefused(WINDOW_TOO_SHORT)
    return left


def require_key(key: str) -> str:
    """A refund's key as every provider takes it: the id of the intent, as it is."""
    if not _KEY.fullmatch(key):
        raise ValueError("a key is 1 to 46 letters, digits, - or _")
    return key


@contextmanager
def reading_refund(status: int) -> Iterator[None]:
    """Read the answer to a refund's own request: a refusal there is one of the refund, unless the key was refused."""
    try:
        yield
    except GatewayRefused as refusal:
        if status in _NO_ENTRY:
            raise
        raise RefundRefused(refusal.reason) from None


def require_same_payment(reference: str, named: str | None) -> None:
    """Refuse an answer about another payment than the one that was asked for."""
    if named != reference:
        raise GatewayRefused(OTHER_PAYMENT)


def page_url(body: Json, name: str, *, is_test_server: bool) -> str | None:
    """The page's address in an answer; nobody is sent to one that is not HTTPS."""
    url = text(body, name)
    return url if url and (url.startswith("https://") or is_test_server) else None
