"""What a message is charged as, which comes with its statuses (protocols.md §6.9)."""

from datetime import UTC, datetime
from typing import Any

from pesan.app.whatsapp_fake.rules.templates import Template

# Until then utility templates inside an open window were free.
UTILITY_IS_CHARGED_FROM = datetime(2026, 10, 1, tzinfo=UTC).timestamp()


def price(template: Template | None, *, is_open: bool, now: float) -> dict[str, Any]:
    """The `pricing` of a status; free-form messages are taken to be within the month's free ones."""
    category = template.category.lower() if template else "service"
    is_free = template is None or (category == "utility" and is_open and now < UTILITY_IS_CHARGED_FROM)
    kind = "free_customer_service" if is_free else "regular"
    return {"billable": not is_free, "pricing_model": "PMP", "type": kind, "category": category}
