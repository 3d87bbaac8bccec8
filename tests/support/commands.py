"""Commands of `pesan` in the process of the tests: all that a command does but its own start, which takes longer."""

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pesan.cli.main import main


@dataclass(frozen=True)
class Commands:
    """The commands of one instance, asked as `tests.support.service.Service` asks those that are processes."""

    home: Path
    environment: Mapping[str, str]

    def but(self, **environment: str) -> "Commands":
        """The same instance with other settings."""
        return replace(self, environment={**self.environment, **environment})

    def run(self, *arguments: str, typed: str = "") -> Any:
        """Run a command that must not fail; what it printed with --json."""
        done = self.attempt(*arguments, typed=typed)
        if done.returncode:
            raise RuntimeError(f"pesan {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout)

    def attempt(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command that may fail; `typed` is its standard input."""
        # A thread of its own: a command brings its event loop, and the caller may be in one.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._invoke, ["pesan", *arguments, "--json"], typed).result()

    def _invoke(self, command: list[str], typed: str) -> subprocess.CompletedProcess[str]:
        variables = {"PESAN_HOME": str(self.home), **self.environment}
        runner = CliRunner()
        with (
            runner.isolation(typed, env=variables) as (printed, said, _),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(sys, "argv", command)
            status = _status_of(main)
            sys.stdout.flush()
            sys.stderr.flush()
        return subprocess.CompletedProcess(
            command, status, printed.getvalue().decode(), said.getvalue().decode()
        )


def _status_of(command: Any) -> int:
    """What a process would have ended with."""
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
