"""How the files of tests are shared out among the processes of a run."""

from collections import Counter

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

# Files of these wait for processes, browsers and clocks; the longest come first, so that none is left over at the end.
WAITING = ("contract", "concurrency", "journeys", "db", "cli", "jobs", "realtime", "worker")
# What these folders start is for all of their files: one process runs them.
TOGETHER = ("tests/concurrency/served",)


def put_long_files_first(items: list[pytest.Item]) -> None:
    """Several processes take one file after another in this order: the last ones should be short."""
    tests = Counter(_unit_of(item.nodeid) for item in items)
    items.sort(key=lambda item: (_wait_of(item.nodeid), -tests[_unit_of(item.nodeid)]))


class FolderScheduling(LoadFileScheduling):
    """The tests of one file stay together, and so do the files of a folder that share something.

    Of more than two processes one begins with what computes, so that the cores have something to do whatever the
    others wait for.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if len(self.nodes) > 2 and node is self.nodes[-1]:
            computing = next((unit for unit in self.workqueue if _wait_of(unit) == len(WAITING)), None)
            if computing is not None:
                self.workqueue.move_to_end(computing, last=False)
        super()._assign_work_unit(node)


def _unit_of(nodeid: str) -> str:
    file = nodeid.split("::", 1)[0]
    folder = file.rpartition("/")[0]
    return folder if folder in TOGETHER else file


def _wait_of(nodeid: str) -> int:
    """The place of its folder among those that wait; the last of all places, if it does not."""
    folder = nodeid.split("/", 2)[1]
    return WAITING.index(folder) if folder in WAITING else len(WAITING)
