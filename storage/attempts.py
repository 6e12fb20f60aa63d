"""What became of the attempts to listen to a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signals import BUCKET, from_seconds
from storage.database import reading

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime, timedelta
    from pathlib import Path

_BUCKET = int(BUCKET.total_seconds())


class Attempts:
    """Answers questions about attempts; thread-safe, as ``Reader`` is."""

    def __init__(self, path: Path) -> None:
        """Read the journal at ``path``; every method raises ``StoreError`` if it cannot be."""
        self._path = path

    def items(self, source: str, history: timedelta) -> list[tuple[datetime, int]]:
        """Return how many items each minute brought in which ``source`` was heard, in order.

        A minute of failures alone, or without an attempt, is not in it.

        Args:
            source: The source.
            history: How long before the latest minute that brought anything it begins.
        """
        with reading(self._path) as database:
            latest = _latest(database, source, "items > 0")
            if latest is None:
                return []
            return [
                (from_seconds(minute * _BUCKET), items)
                for minute, items in database.execute(
                    f"SELECT time / {_BUCKET}, sum(items) FROM attempt"  # noqa: S608 - a constant
                    f" WHERE source = ? AND time >= ? AND ok GROUP BY time / {_BUCKET} ORDER BY 1",
                    (source, latest - history.total_seconds()),
                )
            ]

    def brought(self, source: str) -> datetime | None:
        """Return when ``source`` last brought a mention that was not known, as far as is kept."""
        with reading(self._path) as database:
            latest = _latest(database, source, "new > 0")
        return from_seconds(latest) if latest is not None else None


def _latest(database: sqlite3.Connection, source: str, condition: str) -> int | None:
    found = database.execute(
        f"SELECT time FROM attempt WHERE source = ? AND {condition} ORDER BY time DESC LIMIT 1",  # noqa: S608 - constants
        (source,),
    ).fetchone()
    return found[0] if found else None
