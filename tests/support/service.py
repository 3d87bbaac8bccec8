"""A whole instance as an operator runs it: `pesan serve` and the other commands, as processes of their own."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import httpx
import psutil

from pesan.settings import Settings
from tests.support.certificates import certificates

PESAN = Path(sys.executable).parent / "pesan"
START_SECONDS = 150  # a machine that does much else takes a minute and a half
STOP_SECONDS = 40
_FIRST_PORT, _PORTS_EACH = 20_000, 3_000


@dataclass
class Service:
    """An instance that is started, watched, killed in parts and stopped; `home` holds what it keeps and its log."""

    home: Path
    environment: Mapping[str, str]
    port: int
    program: Sequence[str] = (str(PESAN), "serve")
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it said, all processes together."""
        return self.home / "service.log"

    def run(self, *arguments: str, check: bool = True, typed: str = "") -> Any:
        """Run a command of the instance; what it printed with --json."""
        done = self.attempt(*arguments, typed=typed)
        if check and done.returncode:
            raise RuntimeError(f"pesan {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout)

    def attempt(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of the instance that may fail; `typed` is its standard input."""
        command = [str(PESAN), *arguments, "--json"]
        return subprocess.run(
            command,
            env=self._env(),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    async def start(self, *, workers: int = 1) -> None:
        """Start it and wait until it is ready."""
        self._process = self._spawn(workers)
        await self.wait_until_ready()

    async def wait_until_ready(self, *, within: float = START_SECONDS) -> float:
        """Wait for /readyz; the seconds that took."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with httpx.AsyncClient(base_url=self.url, timeout=5, verify=certificates()) as client:
            while loop.time() - started < within:
                if self._process is None or self._process.poll() is not None:
                    break
                if await _is_ready(client):
                    return loop.time() - started
                await asyncio.sleep(0.1)
        raise RuntimeError(f"the service is not ready; its log ends:\n{self.tail()}")

    async def stop(self) -> int:
        """Ask it to stop, as an operator would; its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self._process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill_everything()
            raise
        finally:
            self._process = None

    def processes(self) -> list[psutil.Process]:
        """Every process of the service, the foreground one first."""
        if self._process is None:
            return []
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def kill_everything(self) -> None:
        """Leave nothing running."""
        for process in self.processes():
            process.kill()
        if self._process is not None:
            self._process.wait()

    def tail(self, characters: int = 3_000) -> str:
        """The end of the log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def _spawn(self, workers: int) -> subprocess.Popen[bytes]:
        command = [*self.program, "--port", str(self.port), "--workers", str(workers)]
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, env=self._env(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _env(self) -> dict[str, str]:
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
        }
        return {**inherited, "PESAN_HOME": str(self.home), **self.environment}


class StartService(Protocol):
    """Starts a service on the test's database; further variables as keyword arguments."""

    async def __call__(self, *, workers: int = 1, port: int | None = None, **environment: str) -> Service:
        """Start it and wait until it is ready; on any free port unless one is named."""
        ...


@asynccontextmanager
async def services(
    settings: Settings, folder: Path, *, program: Sequence[str] = Service.program
) -> AsyncIterator[StartService]:
    """Starts services with these settings, each with a home in `folder`, and stops them all at the end."""
    started: list[Service] = []

    async def start(*, workers: int = 1, port: int | None = None, **environment: str) -> Service:
        variables = {**environment_of(settings), **environment}
        service = Service(folder / f"service-{len(started)}", variables, port or free_port(), program)
        started.append(service)
        await service.start(workers=workers)
        return service

    try:
        yield start
    finally:
        await asyncio.gather(*(service.stop() for service in started))


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that make a process an instance with these settings."""
    return {
        "PESAN_DATABASE_URL": settings.database_url,
        "PESAN_DATABASE_ROLE_PREFIX": settings.database_role_prefix,
        "PESAN_SECRET_KEY": settings.secret_key.get_secret_value(),
        "PESAN_RATE_LIMITS": settings.rate_limits,
    }


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now, nor is given while its server is still starting.

    Below those that the kernel hands out, and apart from other processes of the run: a server shares its port with
    another that wants the same one, and each would get half of the requests.
    """
    while True:
        port = next(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def _list_ports() -> Iterator[int]:
    """Those of this process, over and over; two runs on one machine begin at different ones."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST_PORT + worker % 4 * _PORTS_EACH
    begin = os.getpid() * 7 % _PORTS_EACH
    return (first + (begin + turn) % _PORTS_EACH for turn in count())


_PORTS = _list_ports()


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
