"""The payment method forms."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

_ACCOUNT = re.compile(r"\d{6,20}")


def _account_no(value: Any) -> Any:
    digits = re.sub(r"[ .\-]", "", value) if isinstance(value, str) else ""
    if not _ACCOUNT.fullmatch(digits):
        raise PydanticCustomError("account_no", "not an account number")
    return digits


def _line(limit: int, minimum: int = 2) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=minimum, max_length=limit)


class BankForm(BaseModel):
    """A bank account that buyers transfer to."""

    model_config = ConfigDict(extra="ignore")

    bank_name: Annotated[str, _line(60)]
    account_no: Annotated[str, BeforeValidator(_account_no)]
    account_holder: Annotated[str, _line(100)]


class QrisForm(BaseModel):
    """A static QRIS code as text; the payments module checks what it says."""

    model_config = ConfigDict(extra="ignore")

    display_name: Annotated[str, _line(60)] = "QRIS"
    qris_payload: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)] = ""
