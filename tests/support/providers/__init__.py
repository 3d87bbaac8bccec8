"""Payment providers of the tests' own: they speak the real protocols over a socket, and fail as real ones do."""

from tests.support.providers.midtrans import FakeMidtrans
from tests.support.providers.server import Asked, FakeProvider, Fault, Reply, Signed, running_provider
from tests.support.providers.stripe import FakeStripe
from tests.support.providers.xendit import FakeXendit

__all__ = [
    "Asked",
    "FakeMidtrans",
    "FakeProvider",
    "FakeStripe",
    "FakeXendit",
    "Fault",
    "Reply",
    "Signed",
    "running_provider",
]
