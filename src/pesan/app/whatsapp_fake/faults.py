"""What is made to go wrong, and how patient the other side must be."""

import random
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Milliseconds = Annotated[int, Field(ge=0, le=600_000)]
Range = tuple[Milliseconds, Milliseconds]
Rate = Annotated[float, Field(ge=0, le=1)]
# Beside codes of the Graph API: a gateway's own error page; a connection that ends before the message was taken, after
# it was taken, or only long after that.
Way = Literal["http_500", "cut_before", "cut", "hang"]


class Failure(BaseModel):
    """A share of the messages fails, all of them or those to one recipient; `times` ends it after so many."""

    model_config = ConfigDict(extra="forbid")

    code: int | Way
    rate: Rate = 1.0
    to: str = ""
    times: Annotated[int, Field(ge=1)] | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the message counts although nobody hears so."""
        return self.code in {"cut", "hang"}


class Faults(BaseModel):
    """Everything that can be set. Ranges are milliseconds, drawn evenly between both ends.

    `undeliverable` names customers whose messages are taken and then reported as failed with a code. `statuses` is how
    far messages get by themselves. `throughput` is a number's limit per second, beyond which it answers 130429.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    delay_ms: Range = (0, 0)
    failures: list[Failure] = Field(default_factory=list, max_length=50)
    throughput: Annotated[int, Field(ge=1)] | None = None
    pair_rate: bool = False
    undeliverable: dict[str, int] = Field(default_factory=dict)
    duplicates: Rate = 0.0
    reorder: bool = False
    batch: Annotated[int, Field(ge=1, le=1000)] = 1
    webhook_delay_ms: Range = (0, 0)
    statuses: Literal["none", "sent", "delivered", "read"] = "read"
    status_delay_ms: Range = (0, 0)
    templates: Literal["APPROVED", "REJECTED", "PENDING"] = "APPROVED"
    template_delay_ms: Range = (0, 0)

    @field_validator("delay_ms", "webhook_delay_ms", "status_delay_ms", "template_delay_ms", mode="before")
    @classmethod
    def _one_number_is_both_ends(cls, value: object) -> object:
        return (value, value) if isinstance(value, int) else value


@dataclass
class Chance:
    """Draws by the faults that are set; the same seed draws the same again."""

    faults: Faults = field(default_factory=Faults)
    seed: int | None = None

    def __post_init__(self) -> None:
        """Begin the row of draws."""
        self._random = random.Random(self.seed)  # noqa: S311  nothing secret

    def hits(self, rate: float) -> bool:
        """Whether it happens this time."""
        return rate > 0 and self._random.random() < rate

    def seconds(self, between: Range) -> float:
        """How long it takes this time."""
        return self._random.uniform(*between) / 1000 if between[1] else 0.0

    def shuffle(self, items: list[object]) -> None:
        """Put them in any order."""
        self._random.shuffle(items)

    def find_failure(self, recipient: str) -> Failure | None:
        """What goes wrong with a message to `recipient`, if anything does."""
        for failure in self.faults.failures:
            if failure.to in {"", recipient} and self.hits(failure.rate):
                self._count(failure)
                return failure
        return None

    def _count(self, failure: Failure) -> None:
        if failure.times is None:
            return
        failure.times -= 1
        if not failure.times:
            self.faults.failures.remove(failure)
