"""Midtrans: the hosted Snap page, and the Core calls for status, cancel, expire and refund (protocols.md §1)."""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256, sha512
from typing import Any
from urllib.parse import quote

import httpx

from pesan.payments.gateways import midtrans_words as words
from pesan.payments.gateways import wishes
from pesan.payments.gateways.base import (
    Account,
    Checkout,
    Notice,
    Opened,
    RemotePayment,
    RemoteRefund,
    RemoteState,
)
from pesan.payments.gateways.errors import GatewayRefused, NoticeUnreadable, RefundRefused, SignatureInvalid
from pesan.payments.gateways.midtrans_words import Transaction
from pesan.payments.gateways.notices import (
    event_key,
    notice_secret,
    read_object,
    require_account,
    require_same,
)
from pesan.payments.gateways.wire import (
    Answer,
    Ask,
    Bounds,
    Json,
    Wire,
    basic_auth,
    objects,
    require_secret,
    text,
    unavailable,
)

_SNAP = "https://app{}.midtrans.com"
_CORE = "https://api{}.midtrans.com"
_LONGEST_PAGE = timedelta(days=7)
# A page's life is counted from when Midtrans hears of it.
_DELAY = timedelta(seconds=10)
_NAME_LENGTH = 50
_REASON_LENGTH = 255
_ERROR = 400
_UNKNOWN = 404
_DUPLICATE = 406
_EXPIRED = 407
_SERVER_ERROR = 500
# What the page's cancel answers when nobody can pay on it any more; anything else leaves that open.
_CLOSED_PAGE = ("already canceled", "not found", "expired")
# How a transaction that waits is ended. A capture never by `cancel`, which would undo one that was faster.
_ENDINGS = {"authorize": "cancel", "pending": "expire", "capture": "deny"}


class Midtrans:
    """One merchant's account: `secrets["server_key"]`, and the merchant id (`G…`) as `account_id`.

    Until the buyer chose a method Midtrans knows of no transaction, and it says nothing when only the page ends.
    """

    name = words.NAME
    # Midtrans makes no page of less than five minutes; the sixth is for the way there.
    shortest_window = timedelta(minutes=6)

    def __init__(self, account: Account, http: httpx.AsyncClient, *, bounds: Bounds | None = None) -> None:
        self._account = account
        self._http = http
        self._bounds = bounds or Bounds()
        sandbox = "" if account.is_live else ".sandbox"
        self._snap = f"{account.base_url or _SNAP.format(sandbox)}/snap/v1"
        self._core = f"{account.base_url or _CORE.format(sandbox)}/v2"

    async def open(self, wanted: Checkout) -> Opened:
        """A Snap page; the order id is ours and unique there, so of several pages one can be paid."""
        wishes.require_sum(wanted)
        left = wishes.time_left(wanted, self.shortest_window)
        answer = await self._ask(
            "POST", f"{self._snap}/transactions", json=_page(wanted, left), is_repeatable=True
        )
        _require_success(answer)
        token = text(answer.body, "token")
        url = wishes.page_url(answer.body, "redirect_url", is_test_server=bool(self._account.base_url))
        if token is None or url is None:
            raise unavailable(self.name, "page")
        return Opened(token, url, wanted.expires_at - left + timedelta(minutes=_minutes(left)))

    async def fetch(self, reference: str, provider_ref: str | None) -> RemotePayment | None:
        """The transaction of an order id, or of the transaction id that DANA's are asked by."""
        found = await self._find(reference, provider_ref)
        return found.to_payment(provider_ref) if found else None

    async def close(self, reference: str, provider_ref: str | None) -> RemoteState:
        """End the page first, so that no transaction begins, then the transaction that waits.

        Raises GatewayUnavailable while somebody could still pay.
        """
        is_closed = provider_ref is None or await self._close_page(provider_ref)
        found = await self._find(reference, provider_ref)
        if found and found.state in {RemoteState.PENDING, RemoteState.REVIEW}:
            # Its refusal says that something was faster; what, the status knows.
            await self._end(found, reference)
            found = await self._find(reference, provider_ref)
            # A page with something under way on it closes only afterwards.
            is_closed = provider_ref is None or await self._close_page(provider_ref)
        state = found.state if found else RemoteState.CANCELLED
        waits = state in {RemoteState.PENDING, RemoteState.REVIEW}
        # A card that was denied may be tried again on a page that is open.
        is_payable = not is_closed and (found is None or state is RemoteState.FAILED)
        if waits or is_payable:
            raise unavailable(self.name, "open")
        return state

    async def refund(
        self, payment: RemotePayment, *, amount: int, key: str, reason: str, provider_ref: str | None = None
    ) -> RemoteRefund:
        """Send money back, unless the transaction lists a refund of this key already."""
        del provider_ref  # its key finds it
        wishes.require_key(key)
        found = await self._find(payment.reference, payment.payment_key)
        if found is None:
            raise GatewayRefused("404")
        if refunded := found.find_refund(key):
            return refunded
        _require_refundable(found, is_partial=amount != payment.amount)
        answer = await self._ask(
            "POST",
            self._path(found.id or payment.reference, "refund"),
            json={"refund_key": key, "amount": amount, "reason": wishes.cut(reason, _REASON_LENGTH)},
            headers={"Idempotency-Key": key},
            is_repeatable=True,
        )
        if _code(answer) == _DUPLICATE:
            return await self._find_refund(payment, key)
        with wishes.reading_refund(_code(answer)):
            _require_success(answer)
        return words.to_refund(key, answer.body)

    async def find_refund(
        self, payment: RemotePayment, *, key: str, provider_ref: str | None
    ) -> RemoteRefund | None:
        """The refund of this key, which the transaction lists once it was granted."""
        del provider_ref  # its key finds it
        found = await self._find(payment.reference, payment.payment_key)
        return found.find_refund(key) if found else None

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: float) -> Notice:
        """The notification; its signature is inside and covers neither status nor refunds: ask before believing."""
        del headers, now  # Midtrans signs neither
        secret = notice_secret(self._account, "server_key")
        told = read_object(body)
        signed = [told.get(name) for name in ("order_id", "status_code", "gross_amount")]
        if not all(isinstance(value, str) and value for value in signed):
            raise SignatureInvalid
        # The texts exactly as they came: "147356.00" and never 147356.
        expected = sha512("".join([*map(str, signed), secret]).encode()).hexdigest()
        require_same(text(told, "signature_key"), expected)
        require_account(self._account, text(told, "merchant_id"))
        found = Transaction(told)
        if not found.status:
            raise NoticeUnreadable
        return Notice(
            event_key=event_key(found.id, found.status, told["status_code"], _refunds_key(told)),
            kind=found.status,
            reference=text(told, "order_id"),
            provider_ref=found.id,
            refund_key=text(told, "refund_key"),
        )

    async def _find(self, reference: str, provider_ref: str | None) -> Transaction | None:
        found = await self._status(reference)
        if found is None and provider_ref and provider_ref != reference:
            found = await self._status(provider_ref)
        if found:
            wishes.require_same_payment(reference, text(found.body, "order_id"))
        return found

    async def _status(self, name: str) -> Transaction | None:
        answer = await self._ask("GET", self._path(name, "status"), is_repeatable=True)
        code = _code(answer)
        if code == _UNKNOWN:
            return None
        if code != _EXPIRED:
            _require_success(answer)
        return Transaction(answer.body)

    async def _close_page(self, token: str) -> bool:
        """Whether nobody can begin to pay on this page any more."""
        answer = await self._ask("POST", f"{self._snap}/transactions/{quote(token, safe='')}/cancel")
        if not answer.is_error:
            return True
        messages = answer.body.get("error_messages")
        told = " ".join(map(str, messages)).lower() if isinstance(messages, list) else ""
        return any(words in told for words in _CLOSED_PAGE)

    async def _end(self, found: Transaction, reference: str) -> None:
        ending = _ENDINGS.get(found.status)
        if ending:
            await self._ask("POST", self._path(found.id or reference, ending))

    async def _find_refund(self, payment: RemotePayment, key: str) -> RemoteRefund:
        """The refund that took this key: an earlier try of ours."""
        found = await self._find(payment.reference, payment.payment_key)
        refunded = found.find_refund(key) if found else None
        if refunded is None:
            raise unavailable(self.name, str(_DUPLICATE))
        return refunded

    async def _ask(self, method: str, url: str, **rest: Any) -> Answer:
        key = require_secret(self._account, "server_key")
        if self._account.is_live and key.startswith("SB-"):
            raise GatewayRefused(wishes.LIVEMODE_MISMATCH)
        wire = Wire(self.name, self._http, {"Authorization": basic_auth(key)}, self._bounds)
        answer = await wire.ask(Ask(method, url, **rest))
        if _code(answer) >= _SERVER_ERROR:
            raise unavailable(self.name, str(_code(answer)))
        return answer

    def _path(self, name: str, call: str) -> str:
        return f"{self._core}/{quote(name, safe='')}/{call}"


def _page(wanted: Checkout, left: timedelta) -> Json:
    window = {"unit": "minutes", "duration": _minutes(left)}
    start = (wanted.expires_at - left).astimezone(words.WIB).strftime(f"{words.TIME_FORMAT} +0700")
    return {
        "transaction_details": {"order_id": wanted.reference, "gross_amount": wanted.amount},
        "item_details": [
            {
                "id": str(number),
                "name": wishes.cut(item.title, _NAME_LENGTH),
                "price": item.unit_amount,
                "quantity": item.quantity,
            }
            for number, item in enumerate(wanted.items, 1)
        ],
        "customer_details": _customer(wanted),
        "credit_card": {"secure": True},
        "callbacks": {"finish": wanted.return_url},
        # The method's life is counted from a fixed start, so that one chosen late ends no later.
        "expiry": {"start_time": start, **window},
        "page_expiry": window,
    }


def _customer(wanted: Checkout) -> dict[str, str]:
    number = wishes.phone(wanted)
    told = {
        "first_name": wishes.cut(wanted.buyer_name, _NAME_LENGTH),
        "email": wishes.mail(wanted),
        # BNI refuses a foreign number, and with it the page.
        "phone": number if number and number.startswith("+62") else None,
    }
    return {name: value for name, value in told.items() if value}


def _minutes(left: timedelta) -> int:
    return int(min(left - _DELAY, _LONGEST_PAGE).total_seconds() // 60)


def _code(answer: Answer) -> int:
    """What Midtrans says in the body, which counts more than a friendly status around it."""
    told = text(answer.body, "status_code") or ""
    return int(told) if told.isascii() and told.isdigit() else answer.status


def _require_success(answer: Answer) -> None:
    code = max(_code(answer), answer.status)
    if code >= _ERROR:
        raise GatewayRefused(str(code))


def _require_refundable(found: Transaction, *, is_partial: bool) -> None:
    method = text(found.body, "payment_type")
    if method not in words.REFUNDABLE:
        raise RefundRefused(wishes.REFUND_NOT_SUPPORTED)
    if is_partial and method in words.REFUNDED_WHOLE:
        raise RefundRefused(wishes.PARTIAL_REFUND_NOT_SUPPORTED)
    if found.status == "capture":
        # A card's money goes back once it is settled, the day after.
        raise unavailable(words.NAME, "not_settled")


def _refunds_key(told: Json) -> str | None:
    """Tells the notice of a refund from the next refund's, and from the bank's word on it."""
    refunds = [
        (refund.get("refund_chargeback_id"), refund.get("refund_key"), refund.get("bank_confirmed_at"))
        for refund in objects(told, "refunds")
    ]
    return sha256(repr(refunds).encode()).hexdigest()[:16] if refunds else None
