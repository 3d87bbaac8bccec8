"""What must always hold of notifications."""

from pesan.db.invariants import Invariant

INVARIANTS = [
    Invariant(
        "notifications.each_has_a_delivery",
        "A notification leaves by at least one channel.",
        """
        SELECT n.id AS notification_id FROM notifications n
        WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notification_id = n.id)
        """,
    ),
    Invariant(
        "notifications.each_delivery_is_done_or_scheduled",
        "A delivery that is not sent has a job that will send it, or that is parked for somebody to see.",
        """
        SELECT d.id AS delivery_id, d.attempts, d.last_error_code FROM deliveries d
        WHERE d.state = 'queued' AND d.created_at < now() - interval '2 minutes' AND NOT EXISTS (
            SELECT 1 FROM procrastinate_jobs j WHERE j.task_name = 'notifications.deliver'
            AND j.args ->> 'delivery_id' = d.id::text AND j.status IN ('todo', 'doing', 'failed'))
        """,
    ),
]
