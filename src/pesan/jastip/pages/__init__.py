"""The jastip desk's public pages, whose forms post plainly, and the short links that lead to them."""

from fastapi import APIRouter

from pesan.jastip.pages import invoices, joining, leaving, ordering, prices, profiles, ratings, shortlinks

router = APIRouter(include_in_schema=False)
for part in (shortlinks, profiles, joining, ordering, leaving, invoices, prices, ratings):
    router.include_router(part.router)
slugs = shortlinks.slugs

__all__ = ["router", "slugs"]
