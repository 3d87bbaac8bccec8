"""Procrastinate's tables as this system wants them: no notifications, and requests that may only enqueue."""

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

from pesan.db.access import IDENTITY, REQUEST, SALE, SYSTEM, Access

_DEFER = "procrastinate_defer_jobs_v1(procrastinate_job_to_defer_v1[])"
# A notification inside a transaction takes a lock that all committing transactions share; workers poll instead.
_DROP_NOTIFICATIONS = (
    "DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON procrastinate_jobs",
    "DROP TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 ON procrastinate_jobs",
)
# For the gauges and the rescuer: what is alive is a sliver of a table that also keeps a day of finished jobs.
_INDEX = (
    "CREATE INDEX ix_procrastinate_jobs_live ON procrastinate_jobs (queue_name, status)"
    " WHERE status IN ('todo', 'doing', 'failed')"
)

FUNCTIONS = (
    f"ALTER FUNCTION {_DEFER} SECURITY DEFINER SET search_path = public, pg_temp",
    """
    CREATE OR REPLACE FUNCTION jobs_retry_parked(_job_id bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        UPDATE procrastinate_jobs job
        SET status = 'todo', attempts = 0, scheduled_at = NULL, worker_id = NULL
        WHERE job.id = _job_id AND job.status = 'failed'
          -- one waiting run of a periodic job is enough, and its unique index would refuse a second
          AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs waiting
                          WHERE waiting.queueing_lock = job.queueing_lock AND waiting.status = 'todo');
        RETURN FOUND;
    END $$
    """,
    # PostgreSQL lets everybody call a new function; only those named in ACCESS may call these.
    """
    DO $$ DECLARE f regprocedure; BEGIN
        FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
                 AND (proname LIKE 'procrastinate\\_%' OR proname = 'jobs_retry_parked')
        LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f); END LOOP;
    END $$
    """,
)

# What the queue monitor shows; never `args`, `lock` and `queueing_lock`.
_VISIBLE = "SELECT (id, queue_name, task_name, priority, status, scheduled_at, attempts, worker_id)"
_ALL = "SELECT, INSERT, UPDATE, DELETE"
_WORKER_FUNCTIONS = (
    "procrastinate_defer_periodic_job_v2(varchar, varchar, varchar, varchar, integer, varchar, bigint, jsonb)",
    "procrastinate_fetch_job_v2(varchar[], bigint)",
    "procrastinate_finish_job_v1(bigint, procrastinate_job_status, boolean)",
    "procrastinate_retry_job_v2(bigint, timestamptz, integer, varchar, varchar)",
    "procrastinate_register_worker_v1()",
    "procrastinate_unregister_worker_v1(bigint)",
    "procrastinate_prune_stalled_workers_v1(double precision)",
)

ACCESS = [
    Access("procrastinate_jobs", {REQUEST: _VISIBLE, SYSTEM: _ALL}),
    Access("procrastinate_events", {REQUEST: "SELECT", SYSTEM: _ALL}),
    Access("procrastinate_workers", {REQUEST: "SELECT", SYSTEM: _ALL}),
    Access("procrastinate_periodic_defers", {SYSTEM: _ALL}),
    Access("SEQUENCE procrastinate_jobs_id_seq", {SYSTEM: "USAGE"}),
    Access("SEQUENCE procrastinate_events_id_seq", {SYSTEM: "USAGE"}),
    Access("SEQUENCE procrastinate_periodic_defers_id_seq", {SYSTEM: "USAGE"}),
    Access("SEQUENCE procrastinate_workers_id_seq", {SYSTEM: "USAGE"}),
    Access(
        f"FUNCTION {_DEFER}", {REQUEST: "EXECUTE", SALE: "EXECUTE", IDENTITY: "EXECUTE", SYSTEM: "EXECUTE"}
    ),
    Access("FUNCTION jobs_retry_parked(bigint)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
    *(Access(f"FUNCTION {signature}", {SYSTEM: "EXECUTE"}) for signature in _WORKER_FUNCTIONS),
]


def install(connection: Connection) -> None:
    """Create Procrastinate's schema on an owner's connection; for a migration, once.

    FUNCTIONS and ACCESS of this module follow it, as for every other table.
    """
    # Several statements in one string need the protocol without parameters.
    connection.exec_driver_sql(SchemaManager.get_schema(), execution_options={"no_parameters": True})
    for statement in (*_DROP_NOTIFICATIONS, _INDEX):
        connection.execute(text(statement))
