"""Payment providers behind one protocol: hosted pages only, so that card data never touches this instance."""

from pesan.payments.gateways.base import (
    Checkout,
    Gateway,
    Notice,
    Opened,
    RemotePayment,
    RemoteRefund,
    RemoteState,
)

__all__ = ["Checkout", "Gateway", "Notice", "Opened", "RemotePayment", "RemoteRefund", "RemoteState"]
