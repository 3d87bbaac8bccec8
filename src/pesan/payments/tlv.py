"""The notation of EMVCo codes: two digits of id, two of length, the value; nothing between, nothing after."""

from collections.abc import Iterable

Fields = tuple[tuple[str, str], ...]
MAX_VALUE = 99


def decode(text: str) -> Fields:
    """The fields of `text`, strictly to its end; lengths count characters.

    Raises ValueError for a cut, overrunning, empty or repeated field.
    """
    fields: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        tag, length = text[at : at + 2], text[at + 2 : at + 4]
        if not (_is_number(tag) and _is_number(length)):
            raise ValueError("a field has no id or length")
        value = text[at + 4 : at + 4 + int(length)]
        if not value or len(value) != int(length):
            raise ValueError("a field is empty or longer than the code")
        fields.append((tag, value))
        at += 4 + len(value)
    if len({tag for tag, _ in fields}) != len(fields):
        raise ValueError("a field is repeated")
    return tuple(fields)


def encode(fields: Iterable[tuple[str, str]]) -> str:
    """The inverse of `decode`; raises ValueError for a value of no or more than 99 characters."""
    return "".join(_encode_field(tag, value) for tag, value in fields)


def _encode_field(tag: str, value: str) -> str:
    if not (_is_number(tag) and 1 <= len(value) <= MAX_VALUE):
        raise ValueError(f"field {tag} cannot be written")
    return f"{tag}{len(value):02d}{value}"


def _is_number(text: str) -> bool:
    # str.isdigit alone also accepts the digits of other scripts
    return len(text) == 2 and text.isascii() and text.isdigit()
