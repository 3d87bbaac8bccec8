"""Base45 (RFC 9285): bytes as the alphanumeric characters that a QR code packs at 5.5 bits each."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {char: value for value, char in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """Three characters for every two bytes, two for a last single byte."""
    return "".join(_encode_chunk(data[start : start + 2]) for start in range(0, len(data), 2))


def decode(text: str) -> bytes:
    """The bytes behind `text`; each byte string has exactly one spelling.

    Raises ValueError for a character outside the alphabet, a length no encoder makes, or a group too large.
    """
    if len(text) % 3 == 1:
        raise ValueError("not a length of Base45")
    return b"".join(_decode_chunk(text[start : start + 3]) for start in range(0, len(text), 3))


def _encode_chunk(chunk: bytes) -> str:
    rest = int.from_bytes(chunk, "big")
    characters = []
    for _ in range(len(chunk) + 1):
        rest, value = divmod(rest, 45)
        characters.append(ALPHABET[value])
    return "".join(characters)


def _decode_chunk(chunk: str) -> bytes:
    number = 0
    for char in reversed(chunk):
        if char not in _VALUES:
            raise ValueError("not a character of Base45")
        number = number * 45 + _VALUES[char]
    try:
        return number.to_bytes(len(chunk) - 1, "big")
    except OverflowError as error:
        raise ValueError("a Base45 group is too large") from error
