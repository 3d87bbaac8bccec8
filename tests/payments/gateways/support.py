"""What the tests of every provider ask for."""

import json
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pesan.payments.gateways.base import Checkout, Item
from pesan.payments.gateways.errors import GatewayRefused, GatewayUnavailable
from pesan.payments.gateways.wire import Bounds

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())
# A provider that hangs must not hold up the tests as long as it may hold up a job.
QUICK = Bounds(connect=1.0, total=1.0, pause=0.01, size=100_000)
# For what needs a client and asks nobody.
UNUSED = httpx.AsyncClient(verify=False)
REFERENCE = "01jf0000-0000-7000-8000-000000000001"
AMOUNT = 147_356


def wanted(**changes: Any) -> Checkout:
    """A basket of two kinds with a discount, for the next hour."""
    told: dict[str, Any] = {
        "reference": REFERENCE,
        "amount": AMOUNT,
        "items": (
            Item(title="Festival " + "é" * 80, quantity=2, unit_amount=75_000),
            Item(title="Diskon pelanggan", quantity=1, unit_amount=-3_000),
            Item(title="Biaya layanan", quantity=1, unit_amount=356),
        ),
        "buyer_name": "Sari Wulandari",
        "expires_at": datetime.now(UTC) + timedelta(hours=1),
        "return_url": "https://toko.example/pesanan/1",
        "email": "sari@example.com",
        "phone": "0812-3456-7890",
    }
    return Checkout(**(told | changes))


async def refusal(call: Awaitable[object]) -> str:
    """The reason with which a provider, or we for it, said no."""
    with pytest.raises(GatewayRefused) as refused:
        await call
    return refused.value.reason


async def unknown(call: Awaitable[object]) -> str:
    """Why nobody knows what happened."""
    with pytest.raises(GatewayUnavailable) as error:
        await call
    return str(error.value.params["reason"])
