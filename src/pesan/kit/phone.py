"""WhatsApp numbers: from what people type to E.164 (protocols §5.5)."""

import re
import unicodedata

import phonenumbers
from phonenumbers import PhoneNumberType

REGION = "ID"
_PREFIX = re.compile(r"^(?:tel:|(?:https?://)?wa\.me/)", re.IGNORECASE)
_ALLOWED = re.compile(r"^[0-9+(). \u2010-\u2015\-]+$")
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
MAX_TYPED_LENGTH = 40


def normalise_phone(text: str) -> str:
    """The E.164 form of a mobile number; raises ValueError when it is not one that WhatsApp could reach."""
    number = _parse(_international(text))
    kind = phonenumbers.number_type(number)
    accepted = {PhoneNumberType.MOBILE} if number.country_code == 62 else _MOBILE
    if not phonenumbers.is_valid_number(number) or kind not in accepted:
        raise ValueError("not a mobile number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def display_phone(e164: str) -> str:
    """`+6281234567890` as `0812-3456-7890`; foreign numbers in international form."""
    number = phonenumbers.parse(e164, REGION)
    style = phonenumbers.PhoneNumberFormat.NATIONAL
    if number.country_code != 62:
        style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def mask_phone(e164: str) -> str:
    """`+62812****7890`: enough to recognise, not enough to call."""
    return f"{e164[:6]}****{e164[-4:]}"


def _international(text: str) -> str:
    typed = unicodedata.normalize("NFKC", text)
    typed = "".join(char for char in typed if unicodedata.category(char) != "Cf").strip()
    typed = _PREFIX.sub("", typed)
    if not _ALLOWED.match(typed) or len(typed) > MAX_TYPED_LENGTH:
        raise ValueError("not a phone number")
    plus = typed.lstrip("( ").startswith("+")
    digits = re.sub(r"\D", "", typed)
    if plus:
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+{digits}" if digits.startswith("62") else digits


def _parse(text: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a phone number") from error
