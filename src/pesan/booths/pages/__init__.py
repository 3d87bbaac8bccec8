"""The booth desk's pages: its customers', whose forms post plainly, so that scripts are a comfort, and its screens'."""

from fastapi import APIRouter

from pesan.booths.pages import outlets, screen, sessions, sheet

router = APIRouter(include_in_schema=False)
for part in (sessions, outlets, sheet, screen):
    router.include_router(part.router)

__all__ = ["router"]
