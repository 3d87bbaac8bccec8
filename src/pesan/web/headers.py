"""The headers of every answer (pestapora.md §21.6): what a browser may do with it, and who may keep it."""

from pesan.web.context import RequestContext

Header = tuple[bytes, bytes]

# A page: frontend.md §6. The nonce is there only when the page used it, so that a page that may be cached has none.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'{nonce}; style-src 'self'{nonce}; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
# Data, files and images are never documents of ours; opened as one they can do nothing.
_DATA_POLICY = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
# A worker takes its policy from its own answer.
_SCRIPT_POLICY = (
    b"default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SCRIPT_TYPES = (b"text/javascript", b"application/javascript")

_ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
_PAGE: tuple[Header, ...] = (
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (
        b"permissions-policy",
        (
            b"accelerometer=(), autoplay=(), browsing-topics=(), camera=(self), clipboard-write=(self), "
            b"display-capture=(), encrypted-media=(), fullscreen=(self), geolocation=(), gyroscope=(), hid=(), "
            b"magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(self), "
            b"screen-wake-lock=(self), serial=(), usb=(), xr-spatial-tracking=()"
        ),
    ),
)
# A page that asks this of what it embeds starts no worker that does not ask it too.
_SCRIPT: tuple[Header, ...] = ((b"cross-origin-embedder-policy", b"require-corp"),)
_STRICT_TRANSPORT: Header = (b"strict-transport-security", b"max-age=31536000; includeSubDomains; preload")
_NO_STORE: Header = (b"cache-control", b"no-store")
_OWN_POLICY = b"content-security-policy"


def security_headers(context: RequestContext, given: list[Header]) -> list[Header]:
    """What must be added to an answer that already has `given`; a route's own policy and caching stand."""
    names = dict(given)
    kind = names.get(b"content-type", b"")
    wanted = (*_ALWAYS, *_kind_headers(kind))
    # A second value beside a route's own would contradict it, and browsers differ in which one they take.
    added = [header for header in wanted if header[0] not in names]
    if _OWN_POLICY not in names:
        added.append((_OWN_POLICY, _policy(context, kind) if kind else _DATA_POLICY))
    if b"cache-control" not in names:
        added.append(_NO_STORE)
    if context.scheme == "https":
        added.append(_STRICT_TRANSPORT)
    return added


def page_policy(nonce: str | None) -> bytes:
    """The policy of an HTML page, with the nonce that its inline parts carry."""
    source = f" 'nonce-{nonce}'" if nonce else ""
    return _PAGE_POLICY.replace("{nonce}", source).encode("ascii")


def _kind_headers(kind: bytes) -> tuple[Header, ...]:
    if kind.startswith(b"text/html"):
        return _PAGE
    return _SCRIPT if kind.startswith(_SCRIPT_TYPES) else ()


def _policy(context: RequestContext, kind: bytes) -> bytes:
    if kind.startswith(b"text/html"):
        return page_policy(context.nonce_made)
    return _SCRIPT_POLICY if kind.startswith(_SCRIPT_TYPES) else _DATA_POLICY
