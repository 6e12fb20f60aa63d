"""Windows of maintenance that somebody asked for: within one nothing is announced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signals import from_seconds, seconds
from storage.texts import storable_line

if TYPE_CHECKING:
    from datetime import datetime

    from storage.database import Database


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A stretch of time in which nothing is announced.

    Attributes:
        id: Its number.
        topic: The topic that it is for; empty for everything.
        start: When it begins.
        end: When it ends by itself.
        reason: What is being done.
    """

    id: int
    topic: str
    start: datetime
    end: datetime
    reason: str


class MaintenanceLog:
    """Keeps the windows."""

    def __init__(self, database: Database) -> None:
        """Work on an open journal."""
        self._database = database

    def begin(self, topic: str, start: datetime, end: datetime, reason: str) -> int:
        """Store a window; return its number."""
        with self._database.transaction():
            return int(
                self._database.execute(
                    "INSERT INTO maintenance (topic, start, end, reason) VALUES (?, ?, ?, ?)"
                    " RETURNING id",
                    (topic, seconds(start), seconds(end), storable_line(reason)),
                ).fetchone()[0]
            )

    def end(self, number: int, now: datetime) -> bool:
        """End a window that has not ended yet; return whether there was one."""
        at = seconds(now)
        with self._database.transaction():
            ended = self._database.execute(
                "UPDATE maintenance SET end = ?, start = min(start, ?) WHERE id = ? AND end > ?",
                (at, at, number, at),
            )
        return ended.rowcount > 0

    def current(self, now: datetime) -> list[MaintenanceWindow]:
        """Return the windows that have not ended, the next to begin first."""
        found = self._database.query(
            "SELECT id, topic, start, end, reason FROM maintenance WHERE end > ?"
            " ORDER BY start, id",
            (seconds(now),),
        )
        return [
            MaintenanceWindow(number, topic, from_seconds(start), from_seconds(end), reason)
            for number, topic, start, end, reason in found
        ]

    def is_on(self, topic: str | None, now: datetime) -> bool:
        """Tell whether nothing is announced of ``topic`` now; None for what is no topic."""
        return any(
            window.start <= now and window.topic in ("", topic) for window in self.current(now)
        )
