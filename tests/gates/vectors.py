"""Makes `vectors.json`, which the server's judge and the browser's both pass: fixed keys, so the same bytes each time.

What each vector must give is written here by hand, never computed by what is tested. `PESAN_TEST_WRITE=1` writes the
file anew.
"""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pesan.tickets import keys, qr, tokens
from pesan.tickets.keys import Algorithm, NewKey
from pesan.tickets.slices import Slices, code_of

PATH = Path(__file__).parent / "vectors.json"
SLICES = Slices(b"pesan gate vectors, not a secret", 30)
EVENT = UUID("01936b2c-0000-7000-8000-0000000000e1")
OTHER_EVENT = UUID("01936b2c-0000-7000-8000-0000000000e2")
GOOD, VOID, REISSUED, NEW, FOREIGN = (UUID(f"01936b2c-0000-7000-8000-00000000000{n}") for n in range(5))
TYPED = "0123456789ABCDEFGHJKMNPQRS"
AT = int(datetime(2026, 12, 5, 12, 0, 10, tzinfo=UTC).timestamp())
SNAPSHOT = AT - 3600
ISSUED = AT - 86_400
RETIRED = AT - 50_000
EXPIRES = AT + 86_400

READ = {"is_readable": True, "is_ours": False, "is_known": False, "is_live": False, "is_stale": False}
READ |= {"is_listed": True, "is_superseded": False, "is_void": False, "is_event_cancelled": False}
UNREADABLE = {**READ, "is_readable": False}
OURS = {**READ, "is_ours": True, "is_known": True}
LIVE = {**OURS, "is_live": True}
UNLISTED = {**OURS, "is_listed": False}
ELSEWHERE = {**UNLISTED, "is_known": False}
# Since when a ticket that is not in the bundle may have been written down without it.
UNHEARD = SNAPSHOT - 60

RULES = {
    "opens_at": "2026-12-05T08:00:00Z",
    "closes_at": "2026-12-05T18:00:00.500000Z",
    "reentry": "none",
    "static_codes": "accept",
}
OPENS_MS = int(datetime(2026, 12, 5, 8, tzinfo=UTC).timestamp() * 1000)
CLOSES_MS = int(datetime(2026, 12, 5, 18, tzinfo=UTC).timestamp() * 1000) + 500
NOON_MS = (AT - 10) * 1000


def build() -> dict[str, Any]:
    """The whole file."""
    bundle_keys = [_public(_key(1), None), _public(_key(2), RETIRED)]
    return {
        "about": "made by tests/gates/vectors.py; passed by pesan.gates and static/js/gate",
        "keys": bundle_keys,
        "bundle": _bundle(bundle_keys),
        "codes": _codes(),
        "verdicts": _verdicts(),
    }


def _key(seed: int) -> NewKey:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public = private.public_key().public_bytes_raw()
    digest = keys.thumbprint(public)
    kid = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return NewKey(kid, keys.qr_kid(digest), Algorithm.EDDSA, public, private.private_bytes_raw())


def _public(key: NewKey, retired_at: int | None) -> dict[str, Any]:
    x = base64.urlsafe_b64encode(key.public).rstrip(b"=").decode()
    return {"kid": key.kid, "qr_kid": key.qr_kid.hex(), "x": x, "retired_at_s": retired_at}


def _bundle(bundle_keys: list[dict[str, Any]]) -> dict[str, Any]:
    slice_key = base64.urlsafe_b64encode(SLICES.event_key(EVENT)).rstrip(b"=").decode()
    return {
        "version": 1,
        "snapshot_at": datetime.fromtimestamp(SNAPSHOT, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "snapshot_at_s": SNAPSHOT,
        "seq": 7,
        "roster_version": "r1",
        "event": {
            "id": str(EVENT),
            "title": "Konser",
            "starts_at": "2026-12-05T12:00:00Z",
            "ends_at": "2026-12-05T17:00:00Z",
            "timezone": "Asia/Jakarta",
            "is_cancelled": False,
        },
        "gate": {"id": str(UUID(int=9)), "name": "Utara", "location": ""},
        "rules": RULES,
        "slices": {"seconds": SLICES.seconds, "key": slice_key},
        "keys": bundle_keys,
        "types": [{"id": str(UUID(int=8)), "name": "Reguler", "colour": "#7c3aed"}],
        "tickets": [
            _row(GOOD, TYPED, "Siti Rahayu"),
            _row(VOID, "V" * 26, "Budi Santoso", flags=1),
            _row(REISSUED, "R" * 26, "Ani Wijaya", epoch=2),
        ],
    }


def _row(ticket_id: UUID, code: str, name: str, *, epoch: int = 0, flags: int = 0) -> list[Any]:
    short = base64.urlsafe_b64encode(ticket_id.bytes).rstrip(b"=").decode()
    return [short, digest_of(code), name, 0, "A-1", epoch, flags, 0, 0, 0]


def digest_of(code: str) -> str:
    """What a gate recognizes a typed code by."""
    return base64.urlsafe_b64encode(hashlib.sha256(code.encode("ascii")).digest()[:9]).decode()


# ---- codes


def _codes() -> list[dict[str, Any]]:
    ticket = qr.QrTicket(GOOD, ISSUED, EXPIRES)
    key, retired, stranger = _key(1), _key(2), _key(3)
    static = _qr(key, ticket)
    live = _qr(key, replace(ticket, slice_code=_slice(GOOD, AT)))
    return [
        _code("good static", static, OURS, GOOD),
        _code("good static with spaces around it", f"  {static}\r\n", OURS, GOOD),
        _code("good live", live, LIVE, GOOD),
        _code("live of the previous slice", live, LIVE, GOOD, at=AT + 49),
        _code("live two slices ago", live, {**LIVE, "is_stale": True}, GOOD, at=AT + 50),
        _code("live of a slice to come", live, {**LIVE, "is_stale": True}, GOOD, at=AT - 11),
        _code("live of the next slice, by a clock that may be behind", live, LIVE, GOOD, at=AT - 11, error=1),
        _code("live of the next slice, by a clock that is not", live, {**LIVE, "is_stale": True}, GOOD,
              at=AT - 12, error=1.5),
        _code("live of the slice after that", live, {**LIVE, "is_stale": True}, GOOD, at=AT - 41, error=2),
        _code("live signature on a static code", _static_from(live), READ, None),
        _code("live with the slice of all", _qr(key, replace(ticket, slice_code=qr.LIVE_SLICE)),
              {**LIVE, "is_stale": True}, GOOD),
        _code("forged signature", _altered(static, -1), READ, None),
        _code("altered byte", _altered(static, 12), READ, None),
        _code("altered epoch", _altered(static, 30), READ, None),
        _code("key of somebody else", _qr(stranger, ticket), READ, None, needs_network=True),
        _code("another key under our name", _qr(replace(stranger, qr_kid=key.qr_kid), ticket), READ, None),
        _code("retired key before it was", _qr(retired, replace(ticket, issued_at=RETIRED)), OURS, GOOD),
        _code("retired key afterwards", _qr(retired, replace(ticket, issued_at=RETIRED + 1)), READ, None),
        _code("secret key under our name", _hmac(ticket, key), READ, None),
        _code("secret key", _hmac(ticket, stranger), READ, None, needs_network=True),
        _code("superseded", _qr(key, qr.QrTicket(REISSUED, ISSUED, EXPIRES, 1)),
              {**OURS, "is_superseded": True}, REISSUED),
        _code("reissued", _qr(key, qr.QrTicket(REISSUED, ISSUED, EXPIRES, 2)), OURS, REISSUED),
        _code("void", _qr(key, qr.QrTicket(VOID, ISSUED, EXPIRES)), {**OURS, "is_void": True}, VOID),
        _code("sold after the bundle", _qr(key, qr.QrTicket(NEW, UNHEARD + 1, EXPIRES)), UNLISTED, NEW),
        _code("sold a moment ago", _qr(key, qr.QrTicket(NEW, AT, EXPIRES)), UNLISTED, NEW),
        _code("not in the bundle", _qr(key, qr.QrTicket(FOREIGN, UNHEARD, EXPIRES)), ELSEWHERE, FOREIGN),
        *_tokens(key, stranger),
        _code("typed", TYPED, OURS, GOOD),
        _code("typed in small letters and groups", "01234-56789-abcde-fghjk-mnpqrs", OURS, GOOD),
        _code("typed with look-alikes", "O" + "i" + TYPED[2:], OURS, GOOD),
        _code("typed and unknown", "Z" * 26, {**READ, "is_ours": True}, None),
        *(_code(name, text, UNREADABLE, None) for name, text in _rubbish(static)),
    ]  # fmt: skip


def _tokens(key: NewKey, stranger: NewKey) -> list[dict[str, Any]]:
    claims = tokens.TicketClaims(GOOD, EVENT, ISSUED, EXPIRES)
    good = _token(key, claims)
    head, payload, signature = good.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT","kid":"' + key.kid.encode() + b'"}').decode()
    return [
        _code("good token", good, OURS, GOOD),
        _code("token of another event", _token(key, replace(claims, ticket_id=FOREIGN, event_id=OTHER_EVENT)),
              ELSEWHERE, FOREIGN),
        _code("token of this event, not in the bundle", _token(key, replace(claims, ticket_id=FOREIGN)),
              UNLISTED, FOREIGN),
        _code("token superseded", _token(key, replace(claims, ticket_id=REISSUED)),
              {**OURS, "is_superseded": True}, REISSUED),
        _code("token by somebody else", _token(replace(stranger, kid=key.kid), claims), READ, None),
        _code("token of an unknown key", _token(stranger, claims), READ, None, needs_network=True),
        _code("token of a secret key", _token(replace(stranger, algorithm=Algorithm.HS256), claims), READ, None,
              needs_network=True),
        _code("token of a secret key under our name", _token(replace(key, algorithm=Algorithm.HS256), claims),
              READ, None),
        _code("token with another payload", f"{head}.{payload[:-2]}AA.{signature}", READ, None),
        _code("token without a signature", f"{head}.{payload}.", READ, None),
        _code("token of no algorithm", f"{none.rstrip('=')}.{payload}.", READ, None),
        _code("token in pieces", "eyJ", READ, None),
        _code("token over a QR code's body", _qr_as_token(key), READ, None),
    ]  # fmt: skip


def _rubbish(static: str) -> list[tuple[str, str]]:
    return [
        ("10 KB", "A" * 10_240),
        ("10 KB of a token", "eyJ" + "A" * 10_240),
        ("NUL", static[:75] + "\x00" + static[76:]),
        ("only NUL", "\x00"),
        ("emoji", "🎫" * 40),
        ("letters that look right", static[:-1] + "０"),
        ("SQL", "'; DROP TABLE tickets; --"),
        ("markup", "<script>alert(1)</script>" * 4),
        ("address", "https://example.com/t/0123456789ABCDEFGHJKMNPQRS?x=1234567890123456"),
        ("small letters", static.lower()),
        ("one character short", static[:-1]),
        ("two characters more", static + "00"),
        ("another version", qr.assemble(b"\x02" + qr.read(static).body[1:], qr.read(static).signature)),
        ("group too large", ":::" + static[3:]),
        ("typed too short", TYPED[:-1]),
        ("typed with a U", "U" + TYPED[1:]),
        ("empty", ""),
        ("blank", " \t\n "),
    ]


def _code(
    name: str,
    text: str,
    expect: dict[str, bool],
    tid: UUID | None,
    *,
    at: int = AT,
    error: float = 0,
    needs_network: bool = False,
) -> dict[str, Any]:
    """`error` is how far the clock may be off, `needs_network` what a gate alone cannot check: the server can."""
    expected = {**expect, "tid": tid and str(tid)}
    asked = {"name": name, "text": text, "at_s": at, "error_s": error}
    return {**asked, "needs_network": needs_network, "expect": expected}


def _qr(key: NewKey, ticket: qr.QrTicket) -> str:
    body = qr.body_of(ticket, key.qr_kid)
    return qr.assemble(body, keys.sign(key.algorithm, key.private, qr.message_of(body)))


def _hmac(ticket: qr.QrTicket, key: NewKey) -> str:
    body = qr.body_of(ticket, key.qr_kid)
    return qr.assemble(body, keys.sign(Algorithm.HS256, bytes(32), qr.message_of(body)))


def _slice(ticket_id: UUID, at: int) -> bytes:
    return code_of(SLICES.event_key(EVENT), ticket_id, 0, at // SLICES.seconds)


def _static_from(live: str) -> str:
    code = qr.read(live)
    return qr.assemble(code.body[:-6] + qr.STATIC_SLICE, code.signature)


def _altered(text: str, place: int) -> str:
    code = qr.read(text)
    data = bytearray(code.body + code.signature)
    data[place] ^= 1
    return qr.assemble(bytes(data), b"")


def _token(key: NewKey, claims: tokens.TicketClaims) -> str:
    message = tokens.signing_input(claims, key.kid, key.algorithm)
    return tokens.assemble(message, keys.sign(key.algorithm, key.private, message))


def _qr_as_token(key: NewKey) -> str:
    claims = tokens.TicketClaims(GOOD, EVENT, ISSUED, EXPIRES)
    body = qr.body_of(qr.QrTicket(GOOD, ISSUED, EXPIRES), key.qr_kid)
    signature = keys.sign(key.algorithm, key.private, qr.message_of(body))
    return tokens.assemble(tokens.signing_input(claims, key.kid, key.algorithm), signature)


# ---- verdicts


def _verdicts() -> list[dict[str, Any]]:
    return [*_refusals(), *_precedence(), *_times(), *_ways_in(), *_static_codes(), *_unlisted()]


def _refusals() -> list[dict[str, Any]]:
    """Each fact alone."""
    return [
        _verdict("good", "ok"),
        _verdict("unreadable", "invalid", shown={"is_readable": False}),
        _verdict("forged", "invalid", shown={"is_ours": False}),
        _verdict("other_event", "wrong_event", shown={"is_known": False, "is_listed": False}),
        _verdict("event_cancelled", "void", shown={"is_event_cancelled": True}),
        _verdict("voided", "void", shown={"is_void": True}),
        _verdict("superseded", "void", shown={"is_superseded": True}),
        _verdict("slice_over", "invalid", shown={"is_live": True, "is_stale": True}),
    ]


def _precedence() -> list[dict[str, Any]]:
    """Everything wrong at once, and one thing less each time: the first of them is what is said."""
    wrong: dict[str, bool] = {
        "is_readable": False,
        "is_ours": False,
        "is_known": False,
        "is_event_cancelled": True,
        "is_void": True,
        "is_superseded": True,
    }
    answers = [
        ("unreadable", "invalid"),
        ("forged", "invalid"),
        ("other_event", "wrong_event"),
        ("event_cancelled", "void"),
        ("voided", "void"),
        ("superseded", "void"),
        ("already_in", "duplicate"),
    ]
    worst = {"rules": {"static_codes": "refuse"}, "at_ms": CLOSES_MS, "standing": (1, True)}
    found = []
    for place, (reason, result) in enumerate(answers):
        shown = dict(list(wrong.items())[place:])
        found.append(_verdict(reason, result, shown={**shown, "is_stale": True, "is_live": False}, **worst))
    late = {"shown": {"is_stale": True}, "rules": {"static_codes": "refuse"}}
    return [
        *found,
        _verdict("already_used", "duplicate", standing=(1, False), at_ms=CLOSES_MS, **late),
        _verdict("closed", "too_late", at_ms=CLOSES_MS, **late),
        _verdict("not_open", "not_yet", at_ms=OPENS_MS - 1, **late),
        _verdict("slice_over", "invalid", **late),
        _verdict("not_in", "duplicate", direction="exit", at_ms=CLOSES_MS, **late),
    ]


def _times() -> list[dict[str, Any]]:
    return [
        _verdict("not_open", "not_yet", at_ms=OPENS_MS - 1),
        _verdict("good", "ok", at_ms=OPENS_MS),
        _verdict("good", "ok", at_ms=CLOSES_MS - 1),
        _verdict("closed", "too_late", at_ms=CLOSES_MS),
        _verdict("good", "ok", at_ms=OPENS_MS - 1, direction="exit", standing=(1, True)),
        _verdict("good", "ok", at_ms=CLOSES_MS, direction="exit", standing=(1, True)),
    ]


def _ways_in() -> list[dict[str, Any]]:
    again = {"reentry": "after_exit"}
    return [
        _verdict("already_in", "duplicate", standing=(1, True)),
        _verdict("already_used", "duplicate", standing=(1, False)),
        _verdict("already_in", "duplicate", standing=(1, True), rules=again),
        _verdict("good", "ok", standing=(1, False), rules=again),
        _verdict("good", "ok", standing=(3, False), rules=again),
        _verdict("not_in", "duplicate", direction="exit"),
        _verdict("not_in", "duplicate", direction="exit", standing=(1, False), rules=again),
        _verdict("good", "ok", direction="exit", standing=(2, True), rules=again),
        _verdict("good", "ok", direction="exit", standing=(1, True)),
        _verdict("voided", "void", direction="exit", standing=(1, True), shown={"is_void": True}),
    ]


def _static_codes() -> list[dict[str, Any]]:
    live = {"is_live": True}
    warn, refuse = {"static_codes": "warn"}, {"static_codes": "refuse"}
    return [
        _verdict("good", "ok", rules=warn, is_warning=True),
        _verdict("good", "ok", rules=warn, shown=live),
        _verdict("good", "ok", rules=warn, direction="exit", standing=(1, True), is_warning=True),
        _verdict("voided", "void", rules=warn, shown={"is_void": True}),
        _verdict("static_refused", "invalid", rules=refuse),
        _verdict("static_refused", "invalid", rules=refuse, direction="exit", standing=(1, True)),
        _verdict("good", "ok", rules=refuse, shown=live),
        _verdict("slice_over", "invalid", rules=warn, shown={**live, "is_stale": True}),
    ]


def _unlisted() -> list[dict[str, Any]]:
    live, unlisted = {"is_live": True, "is_listed": False}, {"is_listed": False}
    return [
        _verdict("good", "ok", shown=unlisted, is_warning=True),
        _verdict("good", "ok", shown=live, is_warning=True),
        _verdict("good", "ok", shown=live, rules={"static_codes": "refuse"}, is_warning=True),
        _verdict("already_in", "duplicate", shown=unlisted, standing=(1, True)),
        _verdict("closed", "too_late", shown=unlisted, at_ms=CLOSES_MS),
    ]


def _verdict(
    reason: str,
    result: str,
    *,
    shown: dict[str, bool] | None = None,
    rules: dict[str, str] | None = None,
    standing: tuple[int, bool] = (0, False),
    direction: str = "entry",
    at_ms: int = NOON_MS,
    is_warning: bool = False,
) -> dict[str, Any]:
    cycle, is_inside = standing
    return {
        "shown": {**OURS, **(shown or {})},
        "rules": {**RULES, **(rules or {})},
        "standing": {"cycle": cycle, "is_inside": is_inside},
        "direction": direction,
        "at_ms": at_ms,
        "expect": {"result": result, "reason": reason, "is_warning": is_warning},
    }


def written() -> str:
    """The file's text; every vector on a line of its own, so that a change of one is seen as one."""
    parts = build()
    lines = ",\n".join(f'  "{name}": {_section(part)}' for name, part in parts.items())
    return "{\n" + lines + "\n}\n"


def _section(part: Any) -> str:
    if not isinstance(part, list):
        return json.dumps(part)
    return "[\n" + ",\n".join(f"    {json.dumps(one)}" for one in part) + "\n  ]"
