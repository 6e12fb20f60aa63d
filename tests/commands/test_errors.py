"""Bad input: the cause, the remedy, the exit code, and never a traceback."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from signals import BUCKET
from tests.support.running import ROOT
from tests.support.running import hubbub as run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Configure, Hubbub

ARCHIVE = "time,text\n2026-11-01T12:00:00Z,GitHub is down\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[page\n", "not valid TOML"),
        ("[detection]\nflor = 3\n", "detection.flor: unknown key; did you mean floor?"),
        ("[page]\nport = 99999\n", "page.port:"),
        ("[[sources]]\nkind = 'hackernew'\n", "did you mean hackernews?"),
        ("[[sources]]\nkind = 'simulator'\nrat = 1\n", "sources[0].rat: unknown key"),
        ("[[sources]]\nkind = 'simulator'\n" * 2, "another source is simulator already"),
        ("[[channels]]\nkind = 'webhok'\nname = 'x'\n", "did you mean webhook?"),
        ("[influx]\nurl = '${NO_SUCH_VARIABLE}'\n", "NO_SUCH_VARIABLE is not set"),
    ],
)
@pytest.mark.parametrize("command", [("check",), ("status",), ("score", "x")], ids=" ".join)
def test_a_wrong_configuration_is_code_2_for_every_command(
    hubbub: Hubbub, configure: Configure, command: tuple[str, ...], text: str, words: str
) -> None:
    """The message names the file, the key and the remedy."""
    path = configure(text)
    ended = hubbub(*command, "--config", path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"hubbub: {path}: ")
    assert words in ended.err


def test_a_configuration_that_is_not_there_is_code_2(hubbub: Hubbub, tmp_path: Path) -> None:
    """Somebody named it, so the sample is no substitute."""
    ended = hubbub("check", "--config", tmp_path / "nowhere.toml")
    assert ended.code == 2
    assert "nowhere.toml: cannot read it: No such file or directory" in ended.err


@pytest.mark.parametrize("command", [("status",), ("incidents",), ("distros",)], ids=" ".join)
def test_a_journal_that_is_not_there_is_code_1(
    hubbub: Hubbub, journal: Path, command: tuple[str, ...]
) -> None:
    """Reading creates none."""
    ended = hubbub(*command, "--store", journal)
    assert ended.code == 1
    assert "--store" in ended.err
    assert not journal.exists()


def test_a_file_that_is_no_journal_is_code_1(hubbub: Hubbub, journal: Path) -> None:
    """It is left as it is."""
    journal.write_bytes(b"something else entirely" * 100)
    ended = hubbub("mark", "deploy", "x", "--store", journal)
    assert ended.code == 1
    assert "not a hubbub journal; choose another file with --store" in ended.err
    assert journal.read_bytes() == b"something else entirely" * 100


def test_a_locked_journal_is_code_1_and_loses_nothing(
    hubbub: Hubbub, journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds it; once that is gone the import succeeds."""
    monkeypatch.setattr("storage.database.BUSY_SECONDS", 0.1)
    archive = tmp_path / "posts.csv"
    archive.write_text(ARCHIVE, encoding="utf-8")
    arguments = ("import", archive, "--topic", "GitHub", "--store", journal, "--json")
    assert hubbub("mark", "deploy", "x", "--store", journal).code == 0
    with closing(sqlite3.connect(journal, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = hubbub(*arguments)
        assert ended.code == 1
        assert "another program has held the journal locked" in ended.err
    assert hubbub(*arguments).document["stored"] == 1


def test_a_full_disk_is_code_1_and_loses_nothing(journal: Path, tmp_path: Path) -> None:
    """What was stored before stays, and a repetition stores the rest."""
    archive = tmp_path / "posts.csv"
    rows = (f"2026-11-01T12:00:00Z,GitHub is down for the {n}th time" for n in range(20_000))
    archive.write_text("time,text\n" + "\n".join(rows), encoding="utf-8")
    command = f"{sys.executable} scheduler.py import {archive} --topic GitHub --store {journal}"
    limited = subprocess.run(
        ["sh", "-c", f"ulimit -f 3000; exec {command}"],  # blocks of 512 bytes
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 1
    assert "full" in limited.stderr
    assert "Traceback" not in limited.stderr
    again = run("import", archive, "--topic", "GitHub", "--store", journal)
    assert again.returncode == 0, again.stderr
    known = int(again.stdout.split(" known already")[0].split()[-1])
    assert 0 < known < 20_000
    assert f"{20_000 - known} stored" in again.stdout


@pytest.mark.parametrize(
    "arguments",
    ["score --csv {file}", "detect --csv {file} --total-column n", "init", "try simulator"],
)
def test_a_reader_who_leaves_early_sees_no_traceback(tmp_path: Path, arguments: str) -> None:
    """As with ``| head -1``."""
    file = tmp_path / "rows.csv"
    start = datetime(2026, 11, 1, tzinfo=UTC)
    rows = (f"{(start + n * BUCKET).isoformat()},{n % 7},bad" for n in range(9_000))
    file.write_text("timestamp,n,text\n" + "\n".join(rows), encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        ended = run(
            *arguments.format(file=file).split(),
            capture_output=False,
            stdout=pipe,
            stderr=subprocess.PIPE,
        )
    assert ended.returncode == 1
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("ascii", ("score", "bad \udce9\udcff 🔥")), ("utf-8", ("mark", "deploy", "\udce9"))],
)
def test_text_that_is_none_is_shown_somehow(
    journal: Path, words: tuple[str, ...], encoding: str
) -> None:
    """Bytes that are no UTF-8, and a terminal that does not know every letter."""
    environment = {"PYTHONIOENCODING": encoding}
    ended = run(*words, "--store", journal, environment=environment)
    assert ended.returncode == 0, ended.stderr
    ended = run(*words, "--store", journal, "--json", environment=environment)
    assert ended.returncode == 0, ended.stderr


def test_a_topic_that_is_no_text_is_code_2(journal: Path, tmp_path: Path) -> None:
    """The journal keeps text in UTF-8."""
    archive = tmp_path / "posts.csv"
    archive.write_text(ARCHIVE, encoding="utf-8")
    ended = run("import", archive, "--topic", "\udce9", "--store", journal)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr == "hubbub: an argument is not valid text in UTF-8\n"
