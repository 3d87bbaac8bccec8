"""Roles, and the arithmetic of sessions and lock-outs."""

from datetime import timedelta
from enum import StrEnum

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=7)
TOUCH_AFTER = timedelta(minutes=5)
"""How stale `last_seen_at` may get, so that a busy reviewer does not write once per request."""

ATTEMPTS_BEFORE_LOCK = 5
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=1)
"""Of a password's log-in: anybody can cause one who knows an address, so it must not keep its owner out for long."""
LONGEST_FACTOR_LOCK = timedelta(hours=24)
"""Of the second step: only who knows the password can cause one, and a code has six digits only."""
FORGET_ATTEMPTS_AFTER = timedelta(hours=24)


STEP_LIFE = timedelta(minutes=10)
"""How long a log-in waits for its second factor."""

SETUP_LIFE = timedelta(minutes=10)
"""How long an app may take to be set up; then it is begun again, with another secret."""

ACCESS_LIFE = timedelta(hours=12)
API_LIFE = timedelta(days=7)
"""How long a refresh token may wait for its use."""
REFRESH_OVERLAP = timedelta(seconds=20)
"""How long a refresh token that was just replaced may come back without harm: a second tab, or an answer lost."""
API_LONGEST = timedelta(days=30)
"""After this a program signs in again, however often it came back."""

ACCOUNT_LETTER_TASK = "notifications.send_account_letter"
SECURITY_LETTER_TASK = "notifications.send_security_letter"
JOIN_ORDERS_TASK = "orders.join_account"
VERIFY_WITHIN = timedelta(days=3)
RESET_WITHIN = timedelta(hours=1)


class LinkPurpose(StrEnum):
    """What a link in a mail is for; it opens nothing else."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  no password


class SessionKind(StrEnum):
    """Whose session it is: a browser's, opened by its cookie, or a program's, kept alive by refresh tokens."""

    BROWSER = "browser"
    API = "api"
    WAITING = "waiting"
    """The password was right, and the second factor is still to come; it opens nothing."""


class PlatformRole(StrEnum):
    """A role over every merchant of the instance."""

    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"


class MerchantRole(StrEnum):
    """A role at one merchant. An organizer may do all that staff may."""

    ORGANIZER = "organizer"
    STAFF = "staff"


def lock_after(failed_count: int, longest: timedelta = LONGEST_LOCK) -> timedelta | None:
    """How long log-in stays closed after the `failed_count`-th wrong try in a row; None leaves it open."""
    beyond = failed_count - ATTEMPTS_BEFORE_LOCK
    if beyond < 0:
        return None
    return min(FIRST_LOCK * (1 << min(beyond, 10)), longest)
