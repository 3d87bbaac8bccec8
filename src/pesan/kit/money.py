"""Rupiah as integers, the way shops write and people type them."""

import re

NO_BREAK_SPACE = "\u00a0"
_UNITS = {"rb": 1_000, "ribu": 1_000, "k": 1_000, "jt": 1_000_000, "juta": 1_000_000}
_PLAIN = re.compile(r"^(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,00)?$")
_SHORT = re.compile(r"^(\d+)(?:[.,](\d{1,3}))? ?(rb|ribu|k|jt|juta)$")
MAX_AMOUNT = 10**12


def format_rupiah(amount: int) -> str:
    """150000 as `Rp 150.000`, with a no-break space; negative amounts carry a leading minus."""
    digits = f"{abs(amount):,}".replace(",", ".")
    return f"{'-' if amount < 0 else ''}Rp{NO_BREAK_SPACE}{digits}"


def parse_rupiah(text: str) -> int:
    """The whole rupiah that a person typed: `150.000`, `Rp 150.000,00`, `150rb`, `1,5jt`.

    Raises ValueError for anything else; `150,000` is ambiguous and refused (protocols §5.3).
    """
    cleaned = text.strip().lower().replace(NO_BREAK_SPACE, " ").removeprefix("rp").strip(" .")
    amount = _parse_short(cleaned) if _SHORT.match(cleaned) else _parse_plain(cleaned)
    if amount > MAX_AMOUNT:
        raise ValueError("amount is too large")
    return amount


def _parse_plain(text: str) -> int:
    if not _PLAIN.match(text):
        raise ValueError("not an amount in rupiah")
    return int(text.removesuffix(",00").replace(".", ""))


def _parse_short(text: str) -> int:
    match = _SHORT.match(text)
    assert match is not None
    whole, fraction, unit = match.groups()
    scale = _UNITS[unit]
    digits = fraction or ""
    value, remainder = divmod(int(whole + digits) * scale, int(10 ** len(digits)))
    if remainder:
        raise ValueError("not a whole number of rupiah")
    return value
