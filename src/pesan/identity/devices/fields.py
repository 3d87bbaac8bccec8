"""What devices say of themselves, as fields of the bodies that they send."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator, StrictInt, StringConstraints, WithJsonSchema

from pesan.identity.devices.tokens import MAX_LENGTH

_MOST_MS = 1 << 53
_LONGEST_BYTES = 200


def _bytes(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > _LONGEST_BYTES:
        raise ValueError("base64url without padding")
    try:
        padded = value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4)
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("base64url without padding") from error


def _in_a_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("characters that cannot be shown")
    return value


Bytes = Annotated[
    bytes, PlainValidator(_bytes), WithJsonSchema({"type": "string", "maxLength": _LONGEST_BYTES})
]
Milliseconds = Annotated[StrictInt, Field(ge=0, le=_MOST_MS)]
AppVersion = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=20), AfterValidator(_in_a_line)
]
Battery = Annotated[StrictInt, Field(ge=0, le=100)]
DeviceName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(_in_a_line)
]
PairingCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=20)]
PublicKey = Annotated[
    Bytes, Field(description="Base64url: 32 bytes of Ed25519, or the uncompressed point of P-256 (65 bytes).")
]
Token = Annotated[str, StringConstraints(max_length=MAX_LENGTH)]
