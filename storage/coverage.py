"""Which stretches of time were really watched."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from storage.database import Database

Stretch = tuple[int, int]
"""``(start, end)`` in seconds, half-open."""

# Stretches are apart, so only one of those that begin before an instant can reach it.
_LAST_BEFORE = "coalesce((SELECT max(start) FROM coverage WHERE source = ?1 AND start <= ?2), ?2)"


class Timeline:
    """Sorted stretches of time that neither touch nor overlap."""

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        """Keep ``stretches``, which must be sorted and apart, as the journal keeps them."""
        self.stretches = list(stretches)
        self._starts = [start for start, _ in self.stretches]

    def part(self, start: int, end: int) -> float:
        """Return which part of ``[start, end)`` is covered, in [0, 1]."""
        covered = 0
        for at in range(max(bisect_right(self._starts, start) - 1, 0), len(self.stretches)):
            left, right = self.stretches[at]
            if left >= end:
                break
            covered += max(min(right, end) - max(left, start), 0)
        return covered / (end - start)

    def meets(self, start: int, end: int) -> bool:
        """Tell whether any of ``[start, end)`` is covered."""
        at = bisect_left(self._starts, end) - 1
        return at >= 0 and self.stretches[at][1] > start

    def buckets(self, level: int, start: int, end: int) -> Iterable[int]:
        """Yield the starts of the buckets in ``[start, end)`` that are covered at all, in order."""
        after = start
        for left, right in self.stretches:
            first = max(left // level * level, after)
            for bucket in range(first, min(right, end), level):
                yield bucket
                after = bucket + level


def watched(database: Database | sqlite3.Connection, series: int, start: int, end: int) -> Timeline:
    """Return when the source of ``series`` was listened to for its topic, between two instants."""
    source, since = database.execute(
        "SELECT source, since FROM series WHERE id = ?", (series,)
    ).fetchone()
    start = max(start, since)
    return Timeline(
        (max(left, since), right)
        for left, right in database.execute(
            f"SELECT start, end FROM coverage WHERE source = ?1 AND start >= {_LAST_BEFORE}"  # noqa: S608 - a constant
            " AND end > ?2 AND start < ?3 ORDER BY start",
            (source, start, end),
        )
    )


def watched_until(database: Database | sqlite3.Connection, source: str) -> int | None:
    """Return the end of the latest stretch in which ``source`` was watched."""
    row: Stretch | None = database.execute(
        "SELECT start, end FROM coverage WHERE source = ? ORDER BY start DESC LIMIT 1", (source,)
    ).fetchone()
    return row[1] if row else None


def gaps(
    database: Database | sqlite3.Connection, start: int, end: int
) -> list[tuple[str, int, int]]:
    """Return source, start and end of what lies between watched stretches in ``[start, end)``.

    What follows the latest stretch of a source is no gap yet, and an archive, which has no health,
    is no source that could have one.
    """
    return database.execute(
        "SELECT source, max(end, ?1), min(next, ?2) FROM (SELECT source, end,"
        " lead(start) OVER (PARTITION BY source ORDER BY start) AS next FROM coverage)"
        " WHERE end < ?2 AND next > ?1 AND source IN (SELECT source FROM health)"
        " ORDER BY source, end",
        (start, end),
    ).fetchall()


def add(database: Database | sqlite3.Connection, source: str, start: int, end: int) -> None:
    """Record that ``source`` was watched; stretches that touch become one."""
    if start >= end:
        return
    touching = database.execute(
        f"SELECT start, end FROM coverage WHERE source = ?1 AND start >= {_LAST_BEFORE}"  # noqa: S608 - a constant
        " AND end >= ?2 AND start <= ?3",
        (source, start, end),
    ).fetchall()
    for left, right in touching:
        start, end = min(start, left), max(end, right)
    database.execute(
        "DELETE FROM coverage WHERE source = ? AND start BETWEEN ? AND ?", (source, start, end)
    )
    database.execute("INSERT INTO coverage VALUES (?, ?, ?)", (source, start, end))
