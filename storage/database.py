"""Opening the SQLite file: settings, migrations, transactions, and errors a user can act on."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

import stamina

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BUSY_SECONDS = 30.0
PORTION = 1_000
"""Values that one statement takes in a list; SQLite's limit is 32,766."""

T = TypeVar("T")


class StoreError(Exception):
    """The journal cannot be used; the message says why and what to do."""


class Database:
    """The journal open for writing; created and migrated where needed.

    WAL lets other processes read while this one writes. ``synchronous=FULL`` makes a commit survive
    a power cut, which delivery relies on: a line is only dropped from the outbox after it was
    stored elsewhere. Not thread-safe: use it from one thread at a time.

    Attributes:
        path: The file.
        execute: Runs one statement; for use within a transaction.
        executemany: Runs one statement for each of many rows; likewise.
    """

    def __init__(self, path: Path) -> None:
        """Open the file at ``path``.

        Raises:
            StoreError: It cannot be opened, is no journal, or is newer than this program.
        """
        self.path = path
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self.execute = self._connection.execute
            self.executemany = self._connection.executemany
            try:
                self._refuse_strangers()
                self._use_wal()
                self.execute("PRAGMA synchronous = FULL")
                self.execute("PRAGMA foreign_keys = ON")
                self.execute("PRAGMA cache_size = -16384")
                self._migrate()
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def query(self, statement: str, parameters: tuple[Any, ...] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows that a statement outside any transaction finds.

        Raises:
            StoreError: The file is damaged, was taken away, ...
        """
        with explained(self.path):
            return self.execute(statement, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block whole, or nothing of it.

        Raises:
            StoreError: The disk is full, the file is locked by another program, ...
        """
        with explained(self.path):
            self.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self.execute("ROLLBACK")
                raise

    def _refuse_strangers(self) -> None:
        """Refuse another program's SQLite file before anything in it is changed.

        Raises:
            StoreError: The file has tables, but not ours.
        """
        tables = {name for (name,) in self.execute("SELECT name FROM sqlite_schema")}
        if tables and "bucket_author" not in tables:
            raise StoreError(f"{self.path}: {_STRANGER}")

    def _use_wal(self) -> None:
        """Switch to WAL; where two processes create the same file, SQLite lets one of them fail."""
        for attempt in stamina.retry_context(
            on=_is_locked, attempts=None, timeout=BUSY_SECONDS, wait_initial=0.01, wait_max=0.5
        ):
            with attempt:
                self.execute("PRAGMA journal_mode = WAL")

    def _migrate(self) -> None:
        """Apply the numbered files of ``schema/`` that this journal has not seen yet."""
        folder = resources.files("storage").joinpath("schema")
        scripts = sorted(folder.iterdir(), key=lambda file: file.name)
        known = self.execute("PRAGMA user_version").fetchone()[0]
        if known > len(scripts):
            raise StoreError(
                f"{self.path}: written by a newer hubbub (schema {known}, this one knows "
                f"{len(scripts)}); upgrade hubbub, or choose another file with --store"
            )
        for version, script in enumerate(scripts[known:], start=known + 1):
            with self.transaction():
                if self.execute("PRAGMA user_version").fetchone()[0] >= version:
                    continue  # another process was faster
                for statement in _statements(script.read_text(encoding="utf-8")):
                    self.execute(statement)
                self.execute(f"PRAGMA user_version = {version}")


def portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Split a list of values into parts that a statement can take."""
    return (values[at : at + PORTION] for at in range(0, len(values), PORTION))


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the journal read-only for the time of the block; other processes may be writing.

    Raises:
        StoreError: There is no journal at ``path``, or it cannot be read.
    """
    with explained(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
        try:
            connection.execute("BEGIN")  # one snapshot for all that is read in the block
            yield connection
        finally:
            connection.close()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and the file system into a ``StoreError`` with a remedy."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: {_remedy(error)}") from error


_STRANGER = "not a hubbub journal; choose another file with --store"
_REMEDIES = {
    "locked": f"another program has held the journal locked for {BUSY_SECONDS:.0f} s; stop it, "
    "or choose another file with --store",
    "disk is full": "the disk is full; nothing was half-stored. Free some space and start again",
    "disk I/O error": "reading or writing it failed; is it a file, and is the disk full? "
    "Nothing was half-stored",
    "not a database": _STRANGER,
    "no such column": "written by an older hubbub, and not brought up to date yet; "
    "start 'hubbub run' once, which does",
    "no such": "not a journal of this version of hubbub; choose another file with --store",
    "malformed": "a damaged file; restore it from a backup, or choose another with --store",
    "unable to open": "cannot open it; does it exist, and may this user read it? (see --store)",
    "readonly": "this user may not write it; change its owner, or choose another with --store",
}


def _remedy(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror}; choose another file with --store"
    return next((say for part, say in _REMEDIES.items() if part in str(error)), str(error))


def _is_locked(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _statements(script: str) -> Iterator[str]:
    """Split a script; ``executescript`` would commit before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
