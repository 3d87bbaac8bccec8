"""The sentences of every notification, in Indonesian and English."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind
from pesan.notifications.words import goods, holders, money, orders, parcels, prices, sessions
from pesan.notifications.words.base import CLOSING, GREETING, ROWS, USUAL_ROWS, Words

__all__ = ["CLOSING", "GREETING", "USUAL_ROWS", "WORDS", "Words", "row_of", "words_of"]

WORDS: Mapping[Kind, Words] = {
    **orders.WORDS,
    **sessions.WORDS,
    **parcels.WORDS,
    **prices.WORDS,
    **money.WORDS,
    **holders.WORDS,
}


def words_of(kind: Kind, *, is_of_goods: bool = False) -> Words:
    """The words of a letter; about goods there are others where those of places would not be true."""
    return goods.WORDS.get(kind, WORDS[kind]) if is_of_goods else WORDS[kind]


def row_of(fact: str, *, is_of_goods: bool = False) -> Text:
    """What the table of facts calls one of them."""
    return goods.ROWS.get(fact, ROWS[fact]) if is_of_goods else ROWS[fact]
