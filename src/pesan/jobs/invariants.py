"""What must always hold of the queue."""

from pesan.db.invariants import Invariant

INVARIANTS = [
    Invariant(
        "jobs.no_job_past_its_lease",
        "No job is running whose worker has been silent for minutes: the rescuer takes such jobs back.",
        """
        SELECT job.id, job.task_name FROM procrastinate_jobs job
        LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
        WHERE job.status = 'doing' AND coalesce(worker.last_heartbeat, '-infinity') < now() - interval '2 minutes'
        """,
    ),
    Invariant(
        "jobs.arguments_are_ids",
        "Job arguments carry ids and no content.",
        """
        SELECT job.id, job.task_name, argument.key FROM procrastinate_jobs job, jsonb_each(job.args) AS argument
        WHERE jsonb_typeof(argument.value) NOT IN ('string', 'number', 'boolean')
           OR argument.value #>> '{}' !~ '^[A-Za-z0-9_.:/-]{1,128}$'
        """,
    ),
]
