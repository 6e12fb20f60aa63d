"""Running a command as ``main`` runs it, within the test's own process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

import commands

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Its exit code.
        out: Its standard output.
        err: Its standard error.
    """

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Return the JSON document that it printed."""
        return json.loads(self.out)

    @property
    def documents(self) -> list[Any]:
        """Return the JSON documents that it printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def complaint(self) -> str:
        """Return what it complains of, in one line without the box around it."""
        return " ".join(self.err.replace("│", " ").split())


class Hubbub(Protocol):
    """Runs ``hubbub`` with these arguments, to its end."""

    def __call__(self, *arguments: str | Path) -> Ended:
        """Do it."""
        ...


@pytest.fixture
def hubbub(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hubbub:
    """Return what runs a command."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr("sys.argv", ["hubbub", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            commands.main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, out, err)

    return run


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return where the journal of this test lies."""
    return tmp_path / "hubbub.db"


class Configure(Protocol):
    """Writes a configuration and returns its path."""

    def __call__(self, text: str) -> Path:
        """Do it."""
        ...


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Return what writes a configuration."""

    def write(text: str) -> Path:
        path = tmp_path / "hubbub.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
