"""Every page of the back office, one file per noun."""

from fastapi import APIRouter

from pesan.backoffice.pages import (
    attendees,
    booking_money,
    bookings,
    brand,
    events,
    exports,
    gateways,
    home,
    jobs,
    legal,
    letter_texts,
    letters,
    methods,
    offers,
    pictures,
    privacy,
    refund_exports,
    refunds,
    review,
    sales,
    session,
    statements,
    team,
    trials,
)

router = APIRouter(include_in_schema=False)
for part in (
    session,
    home,
    review,
    bookings,
    booking_money,
    letters,
    exports,
    refund_exports,
    refunds,
    statements,
    events,
    offers,
    sales,
    attendees,
    pictures,
    methods,
    gateways,
    trials,
    brand,
    legal,
    privacy,
    letter_texts,
    team,
    jobs,
):
    router.include_router(part.router)
