"""What the staff's programs may do without a page."""

from pesan.backoffice.api.statements import router as statements

ROUTERS = (statements,)

TAGS = (
    {
        "name": "back office",
        "description": "What an organizer's own programs do: tell of the money that came to their accounts.",
    },
)

__all__ = ["ROUTERS", "TAGS"]
