"""A demo that looks lived in: four merchants, their events, and orders in every state, made by the real services."""

from pesan.app.demo.guard import DemoPresent, DemoRefused, refuse_demo_people, refuse_in_production
from pesan.app.demo.people import LOG_INS, LogIn
from pesan.app.demo.prepare import prepare_demo
from pesan.app.demo.travels import TRIP

__all__ = [
    "LOG_INS",
    "TRIP",
    "DemoPresent",
    "DemoRefused",
    "LogIn",
    "prepare_demo",
    "refuse_demo_people",
    "refuse_in_production",
]
