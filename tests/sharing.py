"""How the files of tests are shared out among the processes of a run."""

from xdist.scheduler import LoadFileScheduling

# What these folders start is for all of their files: one process runs them.
TOGETHER = ("tests/concurrency/served",)


class FolderScheduling(LoadFileScheduling):
    """The tests of one file stay together, and so do the files of a folder that share something."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        folder = file.rpartition("/")[0]
        return folder if folder in TOGETHER else file
