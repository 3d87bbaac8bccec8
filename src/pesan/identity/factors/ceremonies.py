"""What a browser is asked about passkeys, and how its answer is judged (W3C Web Authentication Level 3, §7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pesan.identity.factors.challenges import CHALLENGE_LIFE
from pesan.identity.policies import SignedIn

# The toolkit brings every vendor's certificates along, a twelfth of what a process loads at its start. Most
# processes never meet a passkey: the function that does imports it.
if TYPE_CHECKING:
    from webauthn.helpers.structs import AuthenticationCredential, PublicKeyCredentialDescriptor

_WAIT_MS = int(CHALLENGE_LIFE.total_seconds() * 1000)
_LONGEST_ID = 1023
_NAME = "Pesan"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whom passkeys are made for: the base URL's host, on pages of its one origin; without `id` there are none."""

    id: str
    origin: str

    @classmethod
    def of(cls, base_url: str) -> "RelyingParty":
        """What the standard takes: a name and no number, over TLS or on this machine."""
        parts = urlsplit(base_url.lower())
        name = parts.hostname or ""
        is_local = name == "localhost" or name.endswith(".localhost")
        if _is_number(name) or not (parts.scheme == "https" or is_local):
            name = ""
        port = f":{parts.port}" if parts.port and parts.port != _PORTS.get(parts.scheme) else ""
        return cls(name, f"{parts.scheme}://{name}{port}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a device said of the key pair it has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def creation_options(
    relying: RelyingParty, person: SignedIn, challenge: bytes, known: Sequence[bytes]
) -> str:
    """The question for a new passkey, as JSON. It stays on the device, so that it signs in without a password too."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import structs

    # The device asks for a finger, a face or a PIN each time, so that a passkey that was found opens nothing.
    wanted = structs.AuthenticatorSelectionCriteria(
        resident_key=structs.ResidentKeyRequirement.REQUIRED,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    options = generate_registration_options(
        rp_id=relying.id,
        rp_name=_NAME,
        user_id=person.user_id.bytes,
        user_name=person.email,
        user_display_name=person.name,
        challenge=challenge,
        timeout=_WAIT_MS,
        authenticator_selection=wanted,
        exclude_credentials=_described(known),
    )
    return options_to_json(options)


def request_options(relying: RelyingParty, challenge: bytes, known: Sequence[bytes] = ()) -> str:
    """The question for a passkey that is there, as JSON; without `known` ones the device offers what it has."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=relying.id,
        challenge=challenge,
        timeout=_WAIT_MS,
        allow_credentials=_described(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def read_new_key(relying: RelyingParty, answer: str, challenge: bytes) -> NewKey | None:
    """The key of a new passkey; None when the answer is not one to this challenge, from this site."""
    from webauthn import verify_registration_response

    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=relying.id,
            expected_origin=relying.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001  whatever its parsers stumble over is a wrong answer
        return None
    if len(made.credential_id) > _LONGEST_ID:
        return None
    return NewKey(made.credential_id, made.credential_public_key, made.sign_count)


def read_answer(answer: str) -> "AuthenticationCredential | None":
    """Which passkey answers; None when it is no answer at all. Nothing of it is proven yet."""
    from webauthn.helpers import parse_authentication_credential_json

    try:
        return parse_authentication_credential_json(answer)
    except Exception:  # noqa: BLE001  as above
        return None


def count_of(
    relying: RelyingParty, answer: "AuthenticationCredential", challenge: bytes, public_key: bytes
) -> int | None:
    """How often the device says it has signed; None unless this key signed this challenge for this site."""
    from webauthn import verify_authentication_response

    try:
        proof = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=relying.id,
            expected_origin=relying.origin,
            credential_public_key=public_key,
            # Whoever keeps the count compares it, to tell a key that counts back from a wrong answer.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001  as above
        return None
    return proof.new_sign_count


def _described(known: Sequence[bytes]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known]


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
