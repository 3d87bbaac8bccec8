"""How pages name a booking: by its code to people who may have it, by its id and the code's end to others."""

from dataclasses import dataclass
from uuid import UUID

from pesan.kit.ids import CODE_TAIL, shown_code


@dataclass(frozen=True, slots=True)
class Naming:
    """`is_open` is for people whose role may change things."""

    shop_path: str
    is_open: bool

    def code(self, code: str) -> str:
        """A booking's or ticket's code as it may be shown."""
        return shown_code(code, is_open=self.is_open)

    def searched(self, code: str) -> str:
        """What finds the booking in a list."""
        return code if self.is_open else code[-CODE_TAIL:]

    def ref(self, order_id: UUID, code: str) -> str:
        """What an address calls the booking."""
        return code if self.is_open else str(order_id)

    def booking(self, order_id: UUID, code: str) -> str:
        """Where the booking is looked at."""
        return f"{self.shop_path}/bookings/{self.ref(order_id, code)}"

    def review(self, order_id: UUID, code: str) -> str:
        """Where its proof is reviewed."""
        return f"{self.shop_path}/review/{self.ref(order_id, code)}"
