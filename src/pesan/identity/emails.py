"""E-mail addresses as identity stores and compares them."""

from email_validator import EmailNotValidError, validate_email

from pesan.errors import InvalidInput
from pesan.kit.i18n import Text

_INVALID = Text(
    id="Tulis alamat e-mail yang lengkap, misalnya nama@contoh.id.",
    en="Write a complete e-mail address, such as name@example.com.",
)


def fold_email(text: str) -> str:
    """The form under which addresses are compared."""
    return text.strip().lower()


def clean_email(text: str) -> str:
    """The address to store; raises InvalidInput when mail could not be sent to it."""
    try:
        return fold_email(validate_email(text.strip(), check_deliverability=False).normalized)
    except EmailNotValidError as error:
        raise InvalidInput("email", _INVALID) from error
