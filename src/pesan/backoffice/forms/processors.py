"""What an organizer types about one processor."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class ProcessorForm(BaseModel):
    """Where it is, what makes a transfer there safe, and whether buyers read its name."""

    model_config = ConfigDict(extra="ignore")

    country: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)] = ""
    safeguard: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    is_named: bool = False
