"""The queue: handlers that register by name, and jobs enqueued in the transaction of their cause."""

from pesan.jobs.errors import GiveUp
from pesan.jobs.registry import TaskSpec, find_task, registered_tasks, task
from pesan.jobs.service import enqueue, enqueue_many

__all__ = ["GiveUp", "TaskSpec", "enqueue", "enqueue_many", "find_task", "registered_tasks", "task"]
