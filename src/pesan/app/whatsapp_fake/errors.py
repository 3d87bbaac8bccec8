"""Errors as the Graph API words them; programs decide by `code` alone (protocols.md §6.8)."""

from secrets import token_urlsafe
from typing import Any

HELP = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
BAD_REQUEST = 400

_TITLES: dict[int, tuple[int, str]] = {
    0: (401, "Authentication Error"),
    1: (400, "An unknown error occurred"),
    2: (503, "Service temporarily unavailable"),
    3: (403, "Application does not have the capability to make this API call"),
    4: (400, "Application request limit reached"),
    10: (403, "Application does not have permission for this action"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
    200: (403, "Permissions error"),
    368: (403, "Temporarily blocked for policies violations"),
    80007: (400, "Rate limit issues"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country"),
    131000: (500, "Something went wrong"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131037: (400, "Display name approval needed"),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement"),
    131050: (400, "User has stopped marketing messages"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131062: (400, "Business-scoped user ids are not supported for this message"),
    131063: (400, "Message cannot be sent to this user"),
    131064: (400, "Messaging limit lowered for template misclassification"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132007: (400, "Template format character policy violated"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132068: (400, "Flow is blocked"),
    132069: (400, "Flow is throttled"),
    133004: (503, "Server temporarily unavailable"),
    133010: (400, "Phone number not registered"),
    134011: (403, "Terms of service not accepted"),
    135000: (400, "Generic user error"),
}


class GraphError(Exception):
    """A request that is refused; `details` is for people."""

    def __init__(self, code: int, details: str = "") -> None:
        super().__init__(code, details)
        self.code = code
        self.details = details or title_of(code)

    @property
    def status(self) -> int:
        """The HTTP status: throttling is 400 there, not 429."""
        return _TITLES.get(self.code, (BAD_REQUEST, ""))[0]

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        return {
            "error": {
                "message": f"(#{self.code}) {title_of(self.code)}",
                "type": "OAuthException",
                "code": self.code,
                "error_data": {"messaging_product": "whatsapp", "details": self.details},
                "fbtrace_id": f"A{token_urlsafe(16)}",
            }
        }


def title_of(code: int) -> str:
    """What the code is called."""
    return _TITLES.get(code, (BAD_REQUEST, "Unknown error"))[1]


def in_status(code: int, details: str = "") -> dict[str, Any]:
    """The error as a webhook tells it, in `errors` of a status or a message."""
    title = title_of(code)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or title},
        "href": HELP,
    }
