"""Letters as chat messages: written down for the sender of chats, which says them when there is room."""

from collections.abc import Sequence
from uuid import UUID

from pesan.chats.catalogue import letter_template
from pesan.chats.outbox import Outgoing, say
from pesan.chats.states import Line
from pesan.chats.templates import ChatTemplate
from pesan.db import Actor, Database
from pesan.messaging.whatsapp.limits import MAX_BODY, MAX_LABEL, MAX_TEXT
from pesan.messaging.whatsapp.shapes import Link, Shape, TemplateUse, Text, fit
from pesan.notifications.letters import Letter
from pesan.notifications.render import facts_of, sentences
from pesan.notifications.states import ChannelName

_ACTOR = Actor.system("letters")
# So that all rows stand whole below the words, whatever people typed in them.
_MOST_OF_A_LINE = 100
_MOST_OF_A_ROW = 90
_PARAGRAPH = "\n\n"


class WhatsAppChannel:
    """Letters said on WhatsApp: free words to whoever wrote within a day, the approved template to everybody else."""

    name = ChannelName.WHATSAPP

    def __init__(self, database: Database, base_url: str) -> None:
        self._database = database
        self._base_url = base_url.rstrip("/")

    def message_id(self, delivery_id: UUID) -> str:
        """See Channel; the id of the message that the delivery becomes."""
        return str(delivery_id)

    async def send(self, letter: Letter, address: str, *, message_id: str) -> None:
        """See Channel. Written down once, whatever is tried how often; what became of it the message itself says.

        Whoever is known by an id of WhatsApp's and no number is written to by that.
        """
        template = letter_template(letter.kind.value, is_of_goods=letter.is_of_goods)
        is_number = address.startswith("+")
        message = Outgoing(
            id=UUID(message_id),
            line=Line.CONFIRMATION,
            category=template.category,
            to_wa=address if is_number else None,
            to_user_id=None if is_number else address,
            body=chat_of(letter),
            template=self._fill(template, letter),
            merchant_id=letter.merchant_id,
            event_id=letter.event_id,
        )
        async with self._database.write(_ACTOR) as session:
            await say(session, [message])

    def _fill(self, template: ChatTemplate, letter: Letter) -> TemplateUse:
        url: str = sentences(letter, is_chat=True)["url"]
        path = url.removeprefix(self._base_url)
        return template.use(letter.locale, facts_of(letter), path=path)


def chat_of(letter: Letter) -> Shape:
    """The letter in the words of a chat: every fact stands in it, and what people wrote at length is shortened."""
    parts = sentences(letter, is_chat=True)
    rows = [f"{label}: {fit(str(value), _MOST_OF_A_ROW)}" for label, value in parts["rows"]]
    before = [
        fit(parts["greeting"], _MOST_OF_A_LINE),
        f"*{fit(parts['heading'].replace('*', ''), _MOST_OF_A_LINE)}*",
    ]
    after = ["\n".join(rows), parts["keep_secret"]]
    limit = MAX_BODY if parts["url"] else MAX_TEXT
    body = _together(before, parts["paragraphs"], [part for part in after if part], limit)
    if not parts["url"]:
        return Text(body)
    return Link(body, fit(parts["button"], MAX_LABEL), parts["url"])


def _together(before: Sequence[str], paragraphs: Sequence[str], after: Sequence[str], limit: int) -> str:
    taken = sum(len(part) + len(_PARAGRAPH) for part in (*before, *after))
    words = fit(_PARAGRAPH.join(paragraphs), max(limit - taken, 1))
    return fit(_PARAGRAPH.join((*before, words, *after)), limit)
