"""Saying "this changed" to everybody who looks at it: across processes, coalesced, and never as truth."""

from pesan.realtime.hub import Hub, Signal, Subscription

__all__ = ["Hub", "Signal", "Subscription"]
