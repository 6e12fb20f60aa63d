"""How well a topic was listened to, over all the sources that listen for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signals import Level
from storage.coverage import watched

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

WEEK = 7 * Level.DAY
GAP = Level.DAY + Level.HOUR
"""Seconds of a gap that are reported minute by minute."""


class Listening:
    """The coverage of one topic between two instants.

    Each source weighs as much as it usually brings: its mentions of the week before, plus one. So a
    silent trickle hardly matters, and the loss of the main source is nearly a gap. A source that
    was not watched within the stretch or the week before it does not count at all.
    """

    def __init__(self, database: sqlite3.Connection, topic: str, start: int, end: int) -> None:
        """Read the coverage of the topic's sources from a week before ``start`` to ``end``."""
        self._timelines = []
        for series, source in database.execute(
            "SELECT id, source FROM series WHERE topic = ?", (topic,)
        ).fetchall():
            timeline = watched(database, source, start - WEEK, end)
            if not timeline.stretches:
                continue
            usual: int = database.execute(
                "SELECT coalesce(sum(positive + negative + neutral), 0) FROM bucket"
                " WHERE level = ? AND series = ? AND time >= ? AND time < ?",
                (int(Level.DAY), series, start - WEEK, end),
            ).fetchone()[0]
            self._timelines.append((usual + 1, timeline))
        self._weight = sum(weight for weight, _ in self._timelines)
        self._span = (start, end)

    def part(self, start: int, end: int) -> float:
        """Return which part of the usual listening took place in ``[start, end)``, in [0, 1]."""
        if not self._timelines:
            return 0.0
        heard = sum(weight * timeline.part(start, end) for weight, timeline in self._timelines)
        return round(heard / self._weight, 4)

    def heard_until(self) -> int:
        """Return the instant up to which every source was read."""
        return min((t.stretches[-1][1] for _, t in self._timelines), default=0)

    def buckets(self, level: Level) -> Iterator[int]:
        """Yield the starts of all buckets that were watched at all, in no order."""
        start, end = self._span
        for _, timeline in self._timelines:
            yield from timeline.buckets(level, start, end)

    def minutes(self, start: int, until: int) -> Iterator[int]:
        """Yield the minutes from ``start`` to ``until`` that are worth a look, in order.

        Those are the watched ones, and of each gap the first ``GAP`` seconds.
        """
        stretches = sorted(
            stretch for _, timeline in self._timelines for stretch in timeline.stretches
        )
        position = start
        for left, right in [*stretches, (until, until)]:
            heard_from = max(left // 60 * 60, position)
            yield from range(position, min(heard_from, position + GAP, until), 60)
            heard_to = min(-(-right // 60) * 60, until)
            yield from range(heard_from, heard_to, 60)
            position = max(heard_from, heard_to)
