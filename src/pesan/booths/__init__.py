"""The booth desk: outlets, their booths, booked sessions and what happens to them on the day."""
