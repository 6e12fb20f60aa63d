"""The service as a child process, as a user or systemd would start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
QUICKLY = 12.0  # seconds; draining may take eight


@dataclass(frozen=True)
class Running:
    """A service that runs.

    Attributes:
        process: The child.
        url: The address that it printed.
        log_file: Where its standard error goes.
    """

    process: subprocess.Popen[str]
    url: str
    log_file: Path

    @property
    def log(self) -> str:
        """Return what it has logged so far."""
        return self.log_file.read_text(encoding="utf-8")

    def get(self, path: str) -> httpx.Response:
        """Ask the page."""
        return httpx.get(self.url + path, timeout=10, trust_env=False)

    def json(self, path: str) -> dict[str, Any]:
        """Ask the page for a document."""
        document: dict[str, Any] = self.get(path).json()
        return document

    def await_ready(self) -> None:
        """Wait until it says that it is ready."""
        wait_for(lambda: self.get("/readyz").status_code == 200)

    def await_log(self, words: str, times: int = 1) -> None:
        """Wait until it has logged ``words``."""
        wait_for(lambda: self.log.count(words) >= times)

    def terminate(self) -> int:
        """Ask it to stop; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(QUICKLY)


@contextmanager
def running(
    configuration: Path, journal: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Start ``python scheduler.py run``; kill it at the end if it is still there."""
    command = [sys.executable, "scheduler.py", "run"]
    options = ["--config", str(configuration), "--store", str(journal)]
    log_file = journal.with_suffix(".log")
    with (
        log_file.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env={**os.environ, "NO_PROXY": "127.0.0.1", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "the page is at http://" in line, line + log_file.read_text(encoding="utf-8")
            yield Running(process, line.split()[-1], log_file)
        finally:
            process.kill()


def hubbub(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(  # noqa: PLW1510 - among the options
        [sys.executable, "scheduler.py", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "COLUMNS": "200", **(environment or {})},
        **{"capture_output": True, "text": True, "check": False, "timeout": 100, **options},
    )
