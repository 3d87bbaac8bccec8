"""Base45 (RFC 9285): bytes as the alphanumeric characters that a QR code packs at 5.5 bits each."""

import struct

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NONE = 255
_VALUES = bytes(ALPHABET.find(chr(byte)) % 256 for byte in range(256))


def encode(data: bytes) -> str:
    """Three characters for every two bytes, two for a last single byte."""
    return "".join(_encode_chunk(data[start : start + 2]) for start in range(0, len(data), 2))


def decode(text: str) -> bytes:
    """The bytes behind `text`; each byte string has exactly one spelling.

    Raises ValueError for a character outside the alphabet, a length no encoder makes, or a group too large.
    """
    if len(text) % 3 == 1:
        raise ValueError("not a length of Base45")
    values = text.encode("ascii", "replace").translate(_VALUES)
    if _NONE in values:
        raise ValueError("not a character of Base45")
    # Every gate decodes every code that it sees, so all groups are done at once: a third of what one by one takes.
    triples = zip(values[::3], values[1::3], values[2::3], strict=False)
    pairs = [low + 45 * middle + 45 * 45 * high for low, middle, high in triples]
    rest = values[len(pairs) * 3 :]
    singles = [rest[0] + 45 * rest[1]] if rest else []
    try:
        return struct.pack(f">{len(pairs)}H{len(singles)}B", *pairs, *singles)
    except struct.error as error:
        raise ValueError("a Base45 group is too large") from error


def _encode_chunk(chunk: bytes) -> str:
    rest = int.from_bytes(chunk, "big")
    characters = []
    for _ in range(len(chunk) + 1):
        rest, value = divmod(rest, 45)
        characters.append(ALPHABET[value])
    return "".join(characters)
