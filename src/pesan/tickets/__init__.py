"""Tickets: issue, sign, render and verify what a paid order is for."""
