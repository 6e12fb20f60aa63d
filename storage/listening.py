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
TRICKLE = 0.1
"""Which part of the usual mentions a minute is judged without, rather than later."""


class Listening:
    """The coverage of one topic between two instants.

    Each source weighs as much as it usually brings: its mentions of the day and of the week before
    it, plus one. So a silent trickle hardly matters, and the loss of the main source is nearly a
    gap. A source that was not watched for a week does not count at all. What is said of a bucket
    depends on that bucket alone, not on the stretch that was asked for.
    """

    def __init__(self, database: sqlite3.Connection, topic: str, start: int, end: int) -> None:
        """Read the coverage of the topic's sources from a week before ``start`` to ``end``."""
        self._sources = [
            _Source(database, series, start, end)
            for (series,) in database.execute(
                "SELECT id FROM series WHERE topic = ?", (topic,)
            ).fetchall()
        ]
        self._span = (start, end)

    def part(self, start: int, end: int) -> float:
        """Return which part of the usual listening took place in a bucket, in [0, 1]."""
        heard, usual = 0.0, 0
        for source in self._sources:
            weight = source.weight(start, end)
            usual += weight
            heard += weight * source.timeline.part(start, end)
        return round(heard / usual, 4) if usual else 0.0

    def heard_until(self) -> int:
        """Return the instant up to which nearly all of the usual listening is done.

        Sources that bring little are not waited for, since a quiet feed that is asked every ten
        minutes would otherwise hold up all the others.
        """
        end = self._span[1]
        living = sorted(
            (source.timeline.stretches[-1][1], source.weight(end, end))
            for source in self._sources
            if source.timeline.meets(end - WEEK, end)
        )
        spare = sum(weight for _, weight in living) * TRICKLE
        for until, weight in living:
            spare -= weight
            if spare < 0:
                return until
        return 0

    def buckets(self, level: Level) -> Iterator[int]:
        """Yield the starts of all buckets that were watched at all, in no order."""
        for source in self._sources:
            yield from source.timeline.buckets(level, *self._span)

    def minutes(self, first: int, until: int) -> Iterator[int]:
        """Yield the minutes up to ``until`` that are worth a look, in order.

        Those are the watched ones, and of each gap the first ``GAP`` seconds.

        Args:
            first: The first minute known of the topic, where a gap may begin.
            until: Where to stop.
        """
        start = self._span[0]
        position = max(first, start - WEEK)
        stretches = sorted(s for source in self._sources for s in source.timeline.stretches)
        for left, right in [*stretches, (until, until)]:
            heard_from = max(left // 60 * 60, position)
            heard_to = min(-(-right // 60) * 60, until)
            yield from range(max(position, start), min(heard_from, position + GAP, until), 60)
            yield from range(max(heard_from, start), heard_to, 60)
            position = max(heard_from, heard_to)


class _Source:
    """One source of the topic: when it was watched, and how much it usually brings."""

    def __init__(self, database: sqlite3.Connection, series: int, start: int, end: int) -> None:
        self.timeline = watched(database, series, start - WEEK, end)
        self._daily: dict[int, int] = dict(
            database.execute(
                "SELECT time, positive + negative + neutral + unscored FROM bucket"
                " WHERE level = ? AND series = ? AND time >= ? AND time < ?",
                (int(Level.DAY), series, _day(start) - WEEK, end),
            ).fetchall()
        )
        self._weights: dict[int, int] = {}

    def weight(self, start: int, end: int) -> int:
        """Return how much the source counts in a bucket; 0 if it was not watched for a week."""
        if not self.timeline.meets(start - WEEK, end):
            return 0
        day = _day(start)
        if day not in self._weights:
            days = range(day - WEEK, day + Level.DAY, Level.DAY)
            self._weights[day] = 1 + sum(self._daily.get(each, 0) for each in days)
        return self._weights[day]


def _day(instant: int) -> int:
    return instant // Level.DAY * Level.DAY
