"""A WhatsApp service of our own, for development and tests: it speaks the Graph API over a socket, and measures."""

from pesan.app.whatsapp_fake.business import Business
from pesan.app.whatsapp_fake.faults import Failure, Faults
from pesan.app.whatsapp_fake.server import free_port, serving
from pesan.app.whatsapp_fake.terms import Number, Terms

__all__ = ["Business", "Failure", "Faults", "Number", "Terms", "free_port", "serving"]
