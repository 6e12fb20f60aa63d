"""Opening the journal, and errors that say what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signals import Level
from storage import Journal, Outbox, Reader, StoreError, database
from storage.database import reading
from tests.support import recorder
from tests.support.line import read_line
from tests.support.mentions import NOON, SOURCE, START, buckets, count_stored, heard, mention

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a journal may be made."""
    return tmp_path / "state" / "hubbub.db"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for locks only shortly."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the journal's write lock, as another program might."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def test_a_journal_is_made_with_its_folder(path: Path) -> None:
    """The first start needs nothing but a path."""
    Journal(path).close()
    assert Reader(path).topics() == []


def test_a_journal_is_kept(path: Path) -> None:
    """What one run stored is there in the next."""
    with Journal(path) as journal:
        journal.record(heard(cursor="7"), [mention("1")], now=NOON)
    with Journal(path) as journal:
        assert journal.cursor(SOURCE) == "7"
    assert Reader(path).topics() == ["GitHub"]


def test_several_processes_may_make_the_same_journal(tmp_path: Path) -> None:
    """The service and an import may both be the first."""
    code = "import sys; from pathlib import Path; from storage import Journal; sys.stdin.readline()"
    code += "; Journal(Path(sys.argv[1])).close()"
    for attempt in range(3):
        children = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(tmp_path / f"{attempt}.db")],
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=ROOT,
            )
            for _ in range(4)
        ]
        for child in children:
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
        errors = [child.communicate()[1] for child in children]
        assert [child.returncode for child in children] == [0] * 4, errors


def test_what_is_no_database_is_refused(path: Path) -> None:
    """A text file given by mistake is named, and stays as it was."""
    path.parent.mkdir()
    path.write_text("topics = []\n" * 100)
    with pytest.raises(StoreError, match=r"hubbub\.db: not a hubbub journal; .*--store"):
        Journal(path)
    assert path.read_text() == "topics = []\n" * 100


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    """Tables of a browser's history, say, are not mixed with ours."""
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE places (url TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"hubbub\.db: not a hubbub journal; .*--store"):
        Journal(path)
    assert path.read_bytes() == before
    with pytest.raises(StoreError, match=r"hubbub\.db: not a journal .*--store"):
        Reader(path).topics()


def test_a_newer_journal_is_refused(path: Path) -> None:
    """An older program does not guess what a newer one meant."""
    Journal(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(StoreError, match=r"hubbub\.db: written by a newer hubbub .*upgrade"):
        Journal(path)


def _of_schema_1(path: Path) -> None:
    """Make a journal as the first release left it, with a mention and its buckets."""
    path.parent.mkdir()
    schema = (ROOT / "storage" / "schema" / "0001_journal.sql").read_text(encoding="utf-8")
    minute, hour, day = (START // level * level for level in (60, 3_600, 86_400))
    with closing(sqlite3.connect(path)) as old, old:
        old.executescript(schema)
        old.execute("INSERT INTO series VALUES (7, 'GitHub', ?, 0)", (SOURCE,))
        old.execute("INSERT INTO sealed VALUES (60, 7, ?)", (minute + 60,))
        for identity in ("1", "2"):
            old.execute(
                "INSERT INTO mention VALUES (7, ?, ?, ?, x'0102030405060708', 'it is down',"
                " 'https://example.org', 'negative', -5000, 1, 'ops-1')",
                (identity, START, START),
            )
        for level, time in ((60, minute), (3_600, hour), (86_400, day)):
            old.execute("INSERT INTO bucket VALUES (?, 7, ?, 0, 2, 0, 1, -10000)", (level, time))
            old.execute(
                "INSERT INTO bucket_author VALUES (?, 7, ?, x'0102030405060708')", (level, time)
            )
        old.execute("INSERT INTO late VALUES (60, 7, ?, 1, 0, 1, 0, 0, -5000, 1)", (minute,))
        old.execute("PRAGMA user_version = 1")


def test_a_journal_of_the_first_release_is_brought_up_to_date(path: Path) -> None:
    """Its mentions and counts are kept, and can be revised and withdrawn like all others."""
    _of_schema_1(path)
    edit = mention("1", compound=0.5, text="it is up", copy=True, revised=START + 60)
    with Journal(path) as journal:
        assert buckets(path) == count_stored(path)
        (known, _) = Reader(path).mentions("GitHub", NOON, NOON + timedelta(hours=1))
        assert (known.text, known.scorer, known.copy) == ("it is down", "ops-1", False)
        assert journal.record(heard(), [mention("1")], now=NOON).known == 1
        journal.record(replace(heard(), withdrawn=("2",)), [edit], now=NOON)
    assert buckets(path) == count_stored(path)
    (known,) = Reader(path).mentions("GitHub", NOON, NOON + timedelta(hours=1))
    assert (known.id, known.text, known.polarity, known.copy) == ("1", "it is up", "positive", True)
    with closing(Outbox.open(path)) as outbox:
        outbox.fill(NOON)
        lines = [read_line(line) for _, line in outbox.pending(10)]
    (late,) = [line for line in lines if line.measurement == "mention_1m"]
    assert late.time == START * 10**9 + 2
    assert (late.fields["positive"], late.fields["negative"], late.fields["copies"]) == (1, -1, 1)


def test_a_journal_that_was_not_brought_up_to_date_yet_says_how(path: Path) -> None:
    """What only reads does not migrate, and says what does."""
    _of_schema_1(path)
    with pytest.raises(StoreError, match=r"hubbub\.db: written by an older hubbub.*'hubbub run'"):
        Reader(path).volumes("GitHub", NOON, NOON + timedelta(hours=1), Level.HOUR)


def test_a_directory_is_no_journal(tmp_path: Path) -> None:
    """A path that leads to a folder is an error, for the writer and the reader."""
    with pytest.raises(StoreError, match=rf"{tmp_path.name}: cannot open it; .*--store"):
        Journal(tmp_path)
    with pytest.raises(StoreError, match=rf"{tmp_path.name}: reading .* failed; is it a file"):
        Reader(tmp_path).topics()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in place of the folder is an error that names the path."""
    (tmp_path / "state").write_text("")
    with pytest.raises(StoreError, match=r"hubbub\.db: .*; choose another file with --store"):
        Journal(tmp_path / "state" / "hubbub.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written(path: Path) -> None:
    """Another user's journal is an error that says whose fault it is."""
    Journal(path).close()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(StoreError, match=r"hubbub\.db: .*--store"):
            Journal(path)
    finally:
        path.parent.chmod(0o700)


def test_reading_a_journal_that_is_not_there(path: Path) -> None:
    """Asking for the state of a service that never ran makes no file."""
    with pytest.raises(StoreError, match=r"hubbub\.db: cannot open it; does it exist"):
        Reader(path).sources()
    assert not path.exists()


def test_a_damaged_journal_is_named(path: Path) -> None:
    """A page of rubbish is an error with a remedy, also where nothing is written."""
    with Journal(path) as journal:
        for number in range(50):
            journal.record(recorder.collection(number), recorder.mentions(number), now=NOON)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(StoreError, match=r"hubbub\.db: a damaged file; restore it"):
        Reader(path).topics()


@pytest.mark.usefixtures("impatient")
def test_a_locked_journal_cannot_be_opened(path: Path) -> None:
    """A program that holds the journal is an error after a while, not an endless wait."""
    Journal(path).close()
    with _locked(path), pytest.raises(StoreError, match=r"hubbub\.db: another program .*locked"):
        Journal(path)


@pytest.mark.usefixtures("impatient")
def test_a_locked_journal_half_stores_nothing(path: Path) -> None:
    """What could not be stored can be stored again once the lock is gone."""
    with Journal(path) as journal, closing(Outbox.open(path)) as outbox:
        journal.declare(["GitHub"], SOURCE)
        collection, mentions = heard((0, 60), cursor="7"), [mention("1")]
        with _locked(path):
            for call in (
                lambda: journal.record(collection, mentions, now=NOON),
                lambda: journal.record_failure(SOURCE, "blocked", "403", now=NOON),
                lambda: outbox.fill(NOON),
                lambda: outbox.delivered([1], NOON),
            ):
                with pytest.raises(StoreError, match=r"hubbub\.db: another program .*locked"):
                    call()
            assert Reader(path).sources() == []
            assert journal.cursor(SOURCE) is None
        assert journal.record(collection, mentions, now=NOON).new == 1
        assert journal.cursor(SOURCE) == "7"


def _check_full(path: Path) -> None:
    """Check that a journal whose disk was full holds whole collections, and goes on later."""
    with Journal(path) as journal:
        known = int(journal.cursor(SOURCE) or 0)
    assert known > 0
    stored = {each.post.id for number in range(known) for each in recorder.mentions(number)}
    with reading(path) as connection:
        assert {row[0] for row in connection.execute("SELECT id FROM mention")} == stored
    assert buckets(path) == count_stored(path)
    recorder.record(path, known + 3)
    assert buckets(path) == count_stored(path)


def test_a_file_that_may_not_grow(path: Path) -> None:
    """A quota is an error with a remedy; whole collections remain, and recording can go on."""
    code = (
        "import resource, sys; from pathlib import Path; from tests.support import recorder\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))\n"
        "recorder.record(Path(sys.argv[1]), 10_000)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 1
    assert f"StoreError: {path}: reading or writing it failed; is it a file" in child.stderr
    _check_full(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk(path: Path) -> None:
    """A real full disk is an error with a remedy; whole collections remain."""
    disk = path.parent / "disk"
    disk.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a disk")
    try:
        with pytest.raises(StoreError, match=r"hubbub\.db: the disk is full; .* Free some space"):
            recorder.record(disk / "hubbub.db", 10_000)
        shutil.copytree(disk, path.parent / "larger")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    _check_full(path.parent / "larger" / "hubbub.db")
