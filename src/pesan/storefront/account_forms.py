"""What people type about their account; the forms' HTML constraints come from here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from pesan.checkout.schemas import EMAIL_MEND, NAME_MEND, WA_MEND
from pesan.identity.passwords import MAX_LENGTH, MIN_LENGTH
from pesan.kit.i18n import Text

F = TypeVar("F", bound=BaseModel)
Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]
Given = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH)]
MAX_LABEL = 60
# One line of anything that can be seen.
Label = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=MAX_LABEL, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
# What a device says, with room for the certificates that some send along.
Answered = Annotated[str, StringConstraints(min_length=2, max_length=50_000)]
Chosen = Annotated[str, StringConstraints(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]

MENDS: Mapping[str, Text] = {
    "name": NAME_MEND,
    "email": EMAIL_MEND,
    "wa": WA_MEND,
    "password": Text(
        id=f"Pakai {MIN_LENGTH} sampai {MAX_LENGTH} karakter.",
        en=f"Use {MIN_LENGTH} to {MAX_LENGTH} characters.",
    ),
    "code": Text(
        id="Tulis 6 angka dari aplikasi, atau satu kode pemulihan.",
        en="Enter the 6 digits of your app, or one recovery code.",
    ),
    "given": Text(id="Isi kata sandimu.", en="Enter your password."),
    "label": Text(
        id=f"Beri nama, paling panjang {MAX_LABEL} huruf.",
        en=f"Give it a name of up to {MAX_LABEL} characters.",
    ),
    "passkey": Text(
        id="Perangkatmu belum menjawab. Tekan tombolnya sekali lagi.",
        en="Your device has not answered. Press the button once more.",
    ),
}


class AccountForm(BaseModel):
    """Unknown fields are ignored, so that nobody sets what the form does not ask."""

    model_config = ConfigDict(extra="ignore")


class LogInForm(AccountForm):
    """Who one says one is."""

    email: Email
    given: Given


class RegisterForm(AccountForm):
    """A new account."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=100)]
    email: Email
    password: Chosen


class JoinForm(AccountForm):
    """A new account for an invited address."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=100)]
    password: Chosen


class AddressForm(AccountForm):
    """Where a link goes."""

    email: Email


class NewPasswordForm(AccountForm):
    """A password to set by a link."""

    password: Chosen


class ConfirmForm(AccountForm):
    """One's password, for something that matters."""

    given: Given


class CodeForm(AccountForm):
    """A code of one's app, or a recovery code."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=6, max_length=40)]


class LabelForm(AccountForm):
    """What one calls a passkey."""

    label: Label


class PasskeyForm(AccountForm):
    """What a device answered, as JSON."""

    passkey: Answered


class AddPasskeyForm(LabelForm, PasskeyForm):
    """A new passkey."""


class PasswordForm(AccountForm):
    """One's own new password."""

    given: Given
    password: Chosen


@dataclass(frozen=True, slots=True)
class Filled(Generic[F]):
    """A form as it was sent; `valid` is None exactly when `errors` has something. Passwords are not kept."""

    schema: type[F]
    valid: F | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)


def read_account_form(schema: type[F], typed: Mapping[str, Any]) -> Filled[F]:
    """Check what was typed against `schema`."""
    kept: dict[str, str] = {
        name: str(typed.get(name, ""))
        for name in ("name", "email", "wa", "label")
        if name in schema.model_fields
    }
    try:
        return Filled(schema, schema.model_validate(dict(typed)), kept)
    except ValidationError as error:
        wrong = {str(item["loc"][0]) for item in error.errors()}
        return Filled(schema, None, kept, {name: MENDS[name] for name in MENDS if name in wrong})
