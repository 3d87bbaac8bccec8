"""What a buyer has chosen so far, as it stands in the address of a page: nothing is kept until the hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

QUANTITY = "q-"
SEAT = "seat"
PROMO = "promo"
ACCESS = "access"
MAX_TYPES = 50
MAX_SEATS = 100
MAX_QUANTITY = 1_000
MAX_CODE = 40


@dataclass(frozen=True, slots=True)
class Choice:
    """Tickets by type, seats, and the codes that were typed."""

    quantities: Mapping[UUID, int] = field(default_factory=dict)
    seat_ids: tuple[UUID, ...] = ()
    promo: str = ""
    access: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing was chosen yet."""
        return not (self.quantities or self.seat_ids)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same as fields of a form."""
        named = [(f"{QUANTITY}{type_id}", str(number)) for type_id, number in self.quantities.items()]
        seats = [(SEAT, str(seat_id)) for seat_id in self.seat_ids]
        codes = [(name, value) for name, value in ((PROMO, self.promo), (ACCESS, self.access)) if value]
        return [*named, *seats, *codes]

    @property
    def query(self) -> str:
        """The same in an address."""
        return urlencode(self.pairs)


def read_choice(pairs: Iterable[tuple[str, str]]) -> Choice:
    """What the fields say; what makes no sense chooses nothing. `more` and `less` are the steppers' buttons."""
    quantities: dict[UUID, int] = {}
    seats: dict[UUID, None] = {}
    codes = {PROMO: "", ACCESS: ""}
    for name, value in pairs:
        if name in codes:
            codes[name] = value.strip()[:MAX_CODE]
        elif name == SEAT and (seat_id := read_id(value)):
            seats[seat_id] = None
        elif name in {"more", "less"} and (type_id := read_id(value)):
            quantities[type_id] = quantities.get(type_id, 0) + (1 if name == "more" else -1)
        elif name.startswith(QUANTITY) and (type_id := read_id(name.removeprefix(QUANTITY))):
            quantities[type_id] = quantities.get(type_id, 0) + _number(value)
    wanted = {type_id: min(number, MAX_QUANTITY) for type_id, number in quantities.items() if number > 0}
    kept = dict(list(wanted.items())[:MAX_TYPES])
    return Choice(kept, tuple(seats)[:MAX_SEATS], codes[PROMO], codes[ACCESS])


def parse_choice(query: str) -> Choice:
    """The choice of an address's query."""
    try:
        return read_choice(parse_qsl(query, max_num_fields=MAX_SEATS + MAX_TYPES + 4))
    except ValueError:
        return Choice()


def read_id(value: str) -> UUID | None:
    """An id that somebody sent, or None."""
    try:
        return UUID(value)
    except ValueError:
        return None


def _number(value: str) -> int:
    digits = value.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 4 else 0
