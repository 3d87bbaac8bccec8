"""What the two sides agreed on beforehand: numbers, secrets, and where webhooks go."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Number:
    """One business number; programs name it by `id`, people by `display`."""

    id: str = "106540352242922"
    display: str = "6281100000001"
    name: str = "Toko Contoh"


@dataclass(frozen=True, slots=True)
class Terms:
    """One business account. With `fetches_links` media sent as a link is downloaded, as the real service does."""

    numbers: tuple[Number, ...] = field(default_factory=lambda: (Number(),))
    business_id: str = "102290129340398"
    access_token: str = "EAAcontoh"  # noqa: S105  made up, and known to whoever starts this server
    app_secret: str = "contoh_app_secret_0123456789abcdef"  # noqa: S105
    verify_token: str = "rahasia"  # noqa: S105
    webhook_url: str = ""
    fetches_links: bool = False
    retry_seconds: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError when a number is named twice, or none is."""
        names = [number.id for number in self.numbers]
        if not names or len(set(names)) != len(names):
            raise ValueError("a business has at least one number, and each has an id of its own")

    def find_number(self, sender: str) -> Number | None:
        """The number that programs call `sender`."""
        return next((number for number in self.numbers if number.id == sender), None)
