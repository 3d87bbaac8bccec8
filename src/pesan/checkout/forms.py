"""The booking sheet's rules and complaints; the rules come from the schema that the server checks with."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pesan.checkout.schemas import EMAIL_MEND, MAX_NOTES, NAME_MEND, WA_MEND, HoldForm
from pesan.kit.i18n import Text

M = TypeVar("M", bound=BaseModel)
FIELDS = ("name", "wa", "email", "notes")
_ATTRIBUTES = {
    "minLength": "minlength",
    "maxLength": "maxlength",
    "html_pattern": "pattern",
    "minimum": "min",
    "maximum": "max",
}

MENDS: Mapping[str, Text] = {
    "name": NAME_MEND,
    "wa": WA_MEND,
    "email": EMAIL_MEND,
    "notes": Text(id=f"Singkatkan sampai {MAX_NOTES} huruf.", en=f"Shorten it to {MAX_NOTES} characters."),
}
"""What to do about a field that is refused; the browser says the same words as the server."""


@cache
def html_rules(schema: type[BaseModel]) -> Mapping[str, Mapping[str, str]]:
    """Per field, the HTML attributes that make a browser refuse what `schema` refuses."""
    document = schema.model_json_schema(by_alias=False)
    required = set(document.get("required", ()))
    return {
        name: {**_attributes(described), **({"required": ""} if name in required else {})}
        for name, described in document["properties"].items()
    }


def read_hold_form(typed: Mapping[str, Any]) -> tuple[HoldForm | None, dict[str, Text]]:
    """The valid form, or None and a mend for each field that needs one."""
    return read_person_form(HoldForm, typed)


def read_person_form(schema: type[M], typed: Mapping[str, Any]) -> tuple[M | None, dict[str, Text]]:
    """The same for any form that asks for a person."""
    try:
        return schema.model_validate(dict(typed)), {}
    except ValidationError as error:
        wrong = {str(item["loc"][0]) for item in error.errors()}
        return None, {name: MENDS[name] for name in FIELDS if name in wrong}


def _attributes(described: Mapping[str, Any]) -> dict[str, str]:
    """Of an optional field, the rules are those of the branch that is not null."""
    branches = [described, *(branch for branch in described.get("anyOf", ()) if branch.get("type") != "null")]
    return {
        html: str(branch[rule]) for branch in branches for rule, html in _ATTRIBUTES.items() if rule in branch
    }
