"""What must always hold of messages on their way."""

from pesan.chats.cost_invariants import COST_INVARIANTS
from pesan.chats.states import LEASE_SECONDS
from pesan.db import Invariant

INVARIANTS = (
    Invariant(
        "chats.no_message_past_its_lease",
        "No message is being handed over by a process that died minutes ago: such messages are taken back.",
        "SELECT id AS message_id, line, lease_until FROM chat_messages WHERE state = 'sending'"
        " AND lease_until < clock_timestamp() - interval '2 minutes'",
    ),
    Invariant(
        "chats.accepted_have_a_name",
        "Every message that WhatsApp accepted has the name that WhatsApp gave it.",
        "SELECT id AS message_id, line, accepted_at FROM chat_messages WHERE state = 'accepted' AND wamid IS NULL",
    ),
    Invariant(
        "chats.slots_are_given_back",
        "No place in a number's second is taken for longer than its lease, and none is missing in between.",
        "SELECT phone_number_id, count(*) AS slots, max(free_at) AS free_at FROM chat_slots"
        " GROUP BY phone_number_id HAVING count(*) <> max(slot) + 1 OR min(slot) <> 0"
        f" OR max(free_at) > clock_timestamp() + make_interval(secs => {LEASE_SECONDS} + 1)",
    ),
    Invariant(
        "chats.updates_are_applied",
        "What WhatsApp told of messages and wishes is acted on within a quarter of an hour.",
        "SELECT id AS update_id, kind, received_at FROM chat_updates WHERE handled_at IS NULL AND kind <> 'message'"
        " AND received_at < clock_timestamp() - interval '15 minutes'",
    ),
    *COST_INVARIANTS,
)
