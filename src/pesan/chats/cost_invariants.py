"""What must always hold of what chats cost."""

from pesan.db.invariants import Invariant

COST_INVARIANTS = (
    Invariant(
        "chats.only_regular_messages_cost",
        "A message that WhatsApp does not charge as usual costs nothing.",
        "SELECT message_id, kind, amount FROM chat_charges WHERE kind <> 'regular' AND amount <> 0",
    ),
    Invariant(
        "chats.charges_follow_the_card",
        "A template costs what the card of its day says.",
        """
        SELECT c.message_id, c.category, c.amount FROM chat_charges c
        WHERE c.kind = 'regular' AND c.category <> 'service' AND c.amount IS DISTINCT FROM (
            SELECT r.amount FROM chat_rates r
            WHERE r.category = c.category AND NOT r.in_window
            AND r.valid_from <= (c.at AT TIME ZONE 'UTC')::date ORDER BY r.valid_from DESC LIMIT 1)
        """,
    ),
    Invariant(
        "chats.answers_are_counted",
        "Every answer that was charged as usual since answers cost something counts towards its month's free ones.",
        """
        SELECT a.phone_number_id, a.month, a.used FROM chat_allowances a
        WHERE a.used <> (
            SELECT count(*) FROM chat_charges c
            WHERE c.phone_number_id = a.phone_number_id AND c.category = a.category AND c.kind = 'regular'
            AND date_trunc('month', c.at AT TIME ZONE 'UTC')::date = a.month)
        """,
    ),
)
