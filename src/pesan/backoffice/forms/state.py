"""A submitted form: what was typed, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from pesan.backoffice.forms.messages import mend
from pesan.kit.i18n import Text

M = TypeVar("M", bound=BaseModel)


@dataclass(slots=True)
class FormState:
    """What a form page shows: values as they were typed, and a mend per field (`""` is the form's own)."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: dict[str, Text] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """What to put back into a field."""
        found = self.values.get(name)
        return "" if found is None else found

    def chosen(self, name: str) -> list[str]:
        """The values of a group of check boxes."""
        found = self.values.get(name) or []
        return [str(item) for item in found]


@dataclass(slots=True)
class Submitted(Generic[M]):
    """A form that was sent; `valid` is None exactly when `state` has errors."""

    state: FormState
    valid: M | None


def read_form(schema: type[M], values: Mapping[str, Any], **context: Any) -> Submitted[M]:
    """Check what was typed against `schema`; `context` is for validators that need the merchant's zone."""
    try:
        return Submitted(FormState(values), schema.model_validate(dict(values), context=context))
    except ValidationError as error:
        errors: dict[str, Text] = {}
        for fault in error.errors():
            context_of = fault.get("ctx", {})
            name = str(fault["loc"][0] if fault["loc"] else context_of.get("field", ""))
            errors.setdefault(name, mend(fault["type"], context_of))
        return Submitted(FormState(values, errors), None)
