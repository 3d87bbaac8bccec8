"""Writes of payments."""

from pesan.payments.service.instructions import (
    BankInstructions,
    Instructions,
    QrisInstructions,
    make_instructions,
)
from pesan.payments.service.methods import MethodDraft, create_method, update_method
from pesan.payments.service.selection import select_method

__all__ = [
    "BankInstructions",
    "Instructions",
    "MethodDraft",
    "QrisInstructions",
    "create_method",
    "make_instructions",
    "select_method",
    "update_method",
]
