"""Indonesian banks by their clearing codes, so that one account is known by one name."""

import re

BANKS = {
    "002": "BRI",
    "008": "Mandiri",
    "009": "BNI",
    "011": "Danamon",
    "013": "Permata",
    "014": "BCA",
    "016": "Maybank",
    "019": "Panin",
    "022": "CIMB Niaga",
    "028": "OCBC",
    "110": "BJB",
    "111": "Bank DKI",
    "200": "BTN",
    "213": "SMBC (Jenius)",
    "426": "Bank Mega",
    "451": "BSI",
    "490": "Bank Neo Commerce",
    "501": "blu by BCA Digital",
    "535": "SeaBank",
    "542": "Bank Jago",
    "567": "Allo Bank",
}

_ALIASES = {
    "BANKRAKYATINDONESIA": "002",
    "BANKNEGARAINDONESIA": "009",
    "BANKCENTRALASIA": "014",
    "CIMB": "022",
    "BANKTABUNGANNEGARA": "200",
    "JENIUS": "213",
    "BTPN": "213",
    "BANKSYARIAHINDONESIA": "451",
    "BLU": "501",
}
_NOISE = re.compile(r"[^A-Z0-9]|\bPT\b|\bTBK\b|\(PERSERO\)")


def account_key(bank_name: str, account_no: str) -> str:
    """The account that a transfer reaches, however its bank was written."""
    return f"bank:{_code_of(bank_name)}:{account_no}"


def _code_of(bank_name: str) -> str:
    name = _NOISE.sub("", bank_name.upper())
    return _CODES.get(name) or _CODES.get(name.removeprefix("BANK")) or name.removeprefix("BANK") or name


_CODES = {_NOISE.sub("", name.upper()).removeprefix("BANK"): code for code, name in BANKS.items()} | _ALIASES
