"""Lines that wait for delivery to InfluxDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from signals import seconds
from storage import sealing
from storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

LIMIT = 100_000
"""Lines that may wait; beyond it buckets stay unsealed, from which nothing is lost."""


class Outbox:
    """The lines in the journal that InfluxDB does not have yet, oldest first."""

    def __init__(self, database: Database) -> None:
        """Work on an open journal."""
        self._database = database

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the outbox of the journal at ``path`` on a connection of its own.

        Raises:
            StoreError: The journal cannot be used.
        """
        return cls(Database(path))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def fill(self, now: datetime) -> int:
        """Make lines of what is new in the journal; return how many."""
        made = 0
        while self.counts()[0] < LIMIT:
            with self._database.transaction():
                lines = sealing.seal(self._database, seconds(now))
            if not lines:
                break
            made += lines
        return made

    def pending(self, limit: int) -> list[tuple[int, str]]:
        """Return the oldest lines with their numbers."""
        return self._database.query("SELECT id, line FROM outbox ORDER BY id LIMIT ?", (limit,))

    def delivered(self, ids: Sequence[int], at: datetime) -> None:
        """Drop lines that InfluxDB has stored."""
        with self._database.transaction():
            self._database.executemany("DELETE FROM outbox WHERE id = ?", [(i,) for i in ids])
            self._database.execute(
                "INSERT OR REPLACE INTO meta VALUES ('delivered', ?)", (str(seconds(at)),)
            )

    def refuse(self, row: int, reason: str, at: datetime) -> None:
        """Set aside a line that InfluxDB will never take, with its reason."""
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO refused (line, reason, time)"
                " SELECT line, ?, ? FROM outbox WHERE id = ?",
                (reason, seconds(at), row),
            )
            self._database.execute("DELETE FROM outbox WHERE id = ?", (row,))

    def note_problem(self, problem: str) -> None:
        """Keep why nothing is delivered at the moment, for ``hubbub status``; empty while well."""
        with self._database.transaction():
            self._database.execute("INSERT OR REPLACE INTO meta VALUES ('problem', ?)", (problem,))

    def counts(self) -> tuple[int, int]:
        """Return how many lines wait and how many were refused."""
        ((waiting, refused),) = self._database.query(
            "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM refused)"
        )
        return waiting, refused
