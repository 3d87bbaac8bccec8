"""Where a visitor may be sent next: within this site, nowhere else."""

from urllib.parse import quote, urlsplit

from starlette.requests import Request

LOGIN_PATH = "/backoffice/login"
ACCOUNT_LOGIN_PATH = "/account/login"
FACTORS_PATH = "/account/factors?needed=true"
_OF_STAFF = ("/backoffice", "/organizer")
MAX_LENGTH = 1_000


def safe_next(value: str | None, default: str = "/") -> str:
    r"""`value` when it is a path of this site, else `default`: `//evil`, `/\evil`, `https:evil` are not."""
    if not value or len(value) > MAX_LENGTH or not value.isprintable() or "\\" in value:
        return default
    if not value.startswith("/") or value.startswith("//"):
        return default
    try:
        parts = urlsplit(value)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else value


def login_address(request: Request) -> str:
    """The log-in page of staff or of customers, which leads back to the page that was asked for."""
    page = LOGIN_PATH if request.url.path.startswith(_OF_STAFF) else ACCOUNT_LOGIN_PATH
    if request.method not in {"GET", "HEAD"}:
        return page
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{page}?next={quote(request.url.path + query, safe='')}"
