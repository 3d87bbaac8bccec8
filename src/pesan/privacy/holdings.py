"""Which kinds of personal data a booking may hold, what they are called, and how to see that one does."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, true

from pesan.kit.i18n import Text
from pesan.orders.models import Order
from pesan.payments.models import PaymentProof
from pesan.privacy.models import Consent
from pesan.tickets.models import Ticket


class DataClass(StrEnum):
    """A kind of personal data."""

    NAME = "name"
    EMAIL = "email"
    WHATSAPP = "whatsapp"
    NOTES = "notes"
    HOLDER = "holder"
    PROOF = "proof"
    ACCOUNT = "account"
    NETWORK = "network"
    DEVICE = "device"
    GUARDIAN = "guardian"


WORDS: Mapping[DataClass, Text] = {
    DataClass.NAME: Text(id="nama pemesan", en="buyer's name"),
    DataClass.EMAIL: Text(id="alamat email", en="e-mail address"),
    DataClass.WHATSAPP: Text(id="nomor WhatsApp", en="WhatsApp number"),
    DataClass.NOTES: Text(id="catatan yang ditulis pemesan", en="notes that the buyer wrote"),
    DataClass.HOLDER: Text(id="nama pemegang tiket", en="ticket holder's name"),
    DataClass.PROOF: Text(id="gambar bukti bayar", en="picture of a payment"),
    DataClass.ACCOUNT: Text(id="pesanan dalam akun pembeli", en="booking in a buyer's account"),
    DataClass.NETWORK: Text(id="sidik alamat jaringan", en="digest of a network address"),
    DataClass.DEVICE: Text(id="sidik peramban", en="digest of a browser"),
    DataClass.GUARDIAN: Text(id="nama orang tua atau wali", en="parent's or guardian's name"),
}

HELD: Mapping[DataClass, ColumnElement[bool]] = {
    DataClass.NAME: true(),
    DataClass.EMAIL: Order.email.is_not(None),
    DataClass.WHATSAPP: Order.wa.is_not(None),
    DataClass.NOTES: Order.notes.is_not(None),
    DataClass.HOLDER: exists().where(Ticket.order_id == Order.id),
    DataClass.PROOF: exists().where(PaymentProof.order_id == Order.id),
    DataClass.ACCOUNT: Order.user_id.is_not(None),
    DataClass.NETWORK: Order.ip_digest.is_not(None),
    DataClass.DEVICE: Order.device_digest.is_not(None),
    DataClass.GUARDIAN: exists().where(Consent.order_id == Order.id, Consent.guardian_name.is_not(None)),
}
"""Whether an order that was not erased holds it."""
