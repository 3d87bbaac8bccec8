"""The rate card that an instance begins with; `pesan migrate` adds what is not there, and changes nothing."""

from decimal import Decimal

RUPIAH_PER_DOLLAR = 15_500
"""jastipin.md §12 converts by it."""
_CHECKED_ON = "2026-11-22"
_CARD = "WhatsApp rate card Indonesia (USD) x 15500, protocols 6.9"
_MARKETING, _UTILITY, _AUTHENTICATION, _ABROAD = "0.0411", "0.0250", "0.0250", "0.1360"
_FREE = "0"
FREE_SERVICE_MESSAGES = 1_000
"""For each number in each calendar month, since answers cost something at all."""

# Category, whether inside the window, from which day, dollars, free ones in a month. Only what changes has a new row.
_RATES = (
    ("marketing", False, "2025-07-01", _MARKETING, 0),
    ("marketing", True, "2025-07-01", _MARKETING, 0),
    ("utility", False, "2025-07-01", _UTILITY, 0),
    ("utility", True, "2025-07-01", _FREE, 0),
    ("authentication", False, "2025-07-01", _AUTHENTICATION, 0),
    ("authentication", True, "2025-07-01", _AUTHENTICATION, 0),
    ("authentication_international", False, "2025-07-01", _ABROAD, 0),
    ("authentication_international", True, "2025-07-01", _ABROAD, 0),
    ("service", True, "2025-07-01", _FREE, 0),
    ("marketing", False, "2026-07-01", _MARKETING, 0),
    ("utility", False, "2026-07-01", _UTILITY, 0),
    ("utility", True, "2026-10-01", _UTILITY, 0),
    ("service", True, "2026-10-01", _UTILITY, FREE_SERVICE_MESSAGES),
)


def _seed() -> str:
    rows = ", ".join(
        f"('{category}', {in_window}, '{since}', {Decimal(dollars) * RUPIAH_PER_DOLLAR}, {free}, '{_CARD}',"
        f" '{_CHECKED_ON}')"
        for category, in_window, since, dollars, free in _RATES
    )
    columns = "category, in_window, valid_from, amount, free_units, source, checked_on"
    return f"INSERT INTO chat_rates ({columns}) VALUES {rows} ON CONFLICT DO NOTHING"  # noqa: S608


FUNCTIONS = (_seed(),)
