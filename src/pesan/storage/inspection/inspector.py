"""The side that asks: keeps one or two inspecting processes warm and ends those that misbehave."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import structlog

from pesan.storage.errors import InspectionBusy, UploadRefused, UploadTooComplex
from pesan.storage.inspection.files import CleanFile, Version
from pesan.storage.keys import Kind

log = structlog.get_logger(__name__)

FILES_PER_PROCESS = 100
_RETRY_AFTER_SECONDS = 5
_COMMAND = (sys.executable, "-I", "-m", "pesan.storage.inspection.worker")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


class Inspector:
    """Inspects uploads, at most `size` at a time; close it when the process ends.

    `seconds` is what one file may take, `patience` how long a file waits for its turn.
    """

    def __init__(self, *, size: int = 2, seconds: float = 20.0, patience: float = 10.0) -> None:
        self._seconds = seconds
        self._patience = patience
        self._turns = asyncio.Semaphore(size)
        self._idle: list[_Process] = []

    async def inspect(self, path: Path, kind: Kind) -> CleanFile:
        """The harmless form of the file at `path`.

        Raises a kind of UploadRefused that says what is wrong, or InspectionBusy.
        """
        async with self._turn():
            process = await self._take()
            try:
                answer, found = await self._ask(process, path, kind)
            except BaseException:
                await process.kill()  # cancelled, too late or dead: nobody knows what it is doing
                raise
            await self._give_back(process)
        if found is None:
            raise _refusal(answer)
        return found

    async def close(self) -> None:
        """End every process."""
        while self._idle:
            await self._idle.pop().kill()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError as error:
            raise InspectionBusy(retry_after=_RETRY_AFTER_SECONDS) from error
        try:
            yield
        finally:
            self._turns.release()

    async def _ask(
        self, process: "_Process", path: Path, kind: Kind
    ) -> tuple[dict[str, Any], CleanFile | None]:
        with tempfile.TemporaryDirectory(prefix="pesan-inspect-") as folder:
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await process.ask({"path": str(path), "kind": kind, "folder": folder})
            except (TimeoutError, EOFError, OSError) as error:
                log.warning(
                    "upload.inspection_ended", cause=type(error).__name__, returncode=process.returncode
                )
                raise UploadTooComplex from error
            found = await asyncio.to_thread(_read, answer, Path(folder)) if "versions" in answer else None
        return answer, found

    async def _take(self) -> "_Process":
        while self._idle:
            process = self._idle.pop()
            if process.is_alive:
                return process
        try:
            return await _Process.start()
        except OSError as error:  # no memory or no process left: not the sender's fault
            raise InspectionBusy(retry_after=_RETRY_AFTER_SECONDS) from error

    async def _give_back(self, process: "_Process") -> None:
        if process.is_tired:
            await process.kill()
        else:
            self._idle.append(process)


class _Process:
    """One inspecting process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._files = 0

    @classmethod
    async def start(cls) -> "_Process":
        return cls(
            await asyncio.create_subprocess_exec(
                *_COMMAND,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
            )
        )

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    @property
    def is_tired(self) -> bool:
        return self._files >= FILES_PER_PROCESS or not self.is_alive

    @property
    def is_alive(self) -> bool:
        return self.returncode is None

    async def ask(self, request: dict[str, str]) -> dict[str, Any]:
        """Raises EOFError when the process ends instead of answering."""
        self._files += 1
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request).encode() + b"\n")
        await stdin.drain()
        line = await stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


def _read(answer: dict[str, Any], folder: Path) -> CleanFile:
    versions = tuple(
        Version(filename, mime, (folder / filename).read_bytes(), width, height)
        for filename, mime, width, height in answer["versions"]
    )
    return CleanFile(versions, phash=answer["phash"], pages=answer["pages"])


def _refusal(answer: dict[str, Any]) -> UploadRefused:
    kinds = {kind.code: kind for kind in _kinds_of(UploadRefused)}
    return kinds[answer["refused"]](**answer["params"])


def _kinds_of(kind: type[UploadRefused]) -> list[type[UploadRefused]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _kinds_of(child))]
