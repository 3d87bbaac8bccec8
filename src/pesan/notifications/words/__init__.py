"""The sentences of every notification, in Indonesian and English."""

from collections.abc import Mapping

from pesan.notifications.states import Kind
from pesan.notifications.words import holders, money, orders, parcels, sessions
from pesan.notifications.words.base import CLOSING, GREETING, ROWS, USUAL_ROWS, Words

__all__ = ["CLOSING", "GREETING", "ROWS", "USUAL_ROWS", "WORDS", "Words"]

WORDS: Mapping[Kind, Words] = {
    **orders.WORDS,
    **sessions.WORDS,
    **parcels.WORDS,
    **money.WORDS,
    **holders.WORDS,
}
