"""Every page of the back office, one file per noun."""

from fastapi import APIRouter

from pesan.backoffice.pages import (
    bookings,
    brand,
    events,
    exports,
    home,
    jobs,
    methods,
    pictures,
    review,
    session,
)

router = APIRouter(include_in_schema=False)
for part in (session, home, review, bookings, exports, events, pictures, methods, brand, jobs):
    router.include_router(part.router)
