"""A demo that looks lived in: three merchants, their events, and orders in every state, made by the real services."""

from pesan.app.demo.people import LOG_INS, LogIn
from pesan.app.demo.prepare import DemoRefused, prepare_demo, refuse_in_production

__all__ = ["LOG_INS", "DemoRefused", "LogIn", "prepare_demo", "refuse_in_production"]
