"""Refunds: money that has to go back, who let it go, and that it went. One row for each time it has to."""
