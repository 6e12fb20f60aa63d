"""What the journal says that InfluxDB holds: the other side of ``sealing``.

Only what has left the outbox is expected: the lines that wait, or that were made since, are on
their way.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signals import Level, seconds
from storage.coverage import watched
from storage.line import NANOSECONDS, identity, key
from storage.rollup import COLUMNS
from storage.sealing import MEASUREMENTS, first_bucket

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from datetime import datetime

    from storage.database import Database

    Connection = Database | sqlite3.Connection

Place = tuple[str, int]
"""The key of a series, and a point's time in nanoseconds; for a correction that of its bucket."""

WINDOW = {Level.MINUTE: Level.DAY, Level.HOUR: 10 * Level.DAY, Level.DAY: 240 * Level.DAY}
"""Seconds compared at a time, which InfluxDB 3 Core can read in one query."""

_WIDTH = {MEASUREMENTS[level]: level * NANOSECONDS for level in Level}
_NAMES = ", ".join(COLUMNS)
_NOTHING = (0,) * len(COLUMNS)


@dataclass(frozen=True, slots=True)
class Series:
    """One topic in one source, at one level, as far as its buckets are sealed.

    Attributes:
        number: Its number in the journal.
        topic: The topic.
        source: The source.
        key: How its lines begin.
        start: The first bucket that is compared, in seconds since 1970.
        end: The end of the last.
    """

    number: int
    topic: str
    source: str
    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class State:
    """What the journal says of a bucket.

    Attributes:
        time: Its start, in seconds since 1970.
        counts: By ``rollup.COLUMNS``.
        corrections: How many were made so far.
        pending: Whether another has to be made.
        coverage: Which part of it was watched.
        has_point: Whether it is a point: it was watched, or there is something in it.
    """

    time: int
    counts: tuple[int, ...] = _NOTHING
    corrections: int = 0
    pending: bool = False
    coverage: float = 0.0
    has_point: bool = False


@dataclass(slots=True)
class OnTheWay:
    """Lines that were seen to wait in the outbox, and those set aside.

    Attributes:
        places: Where they belong; those that were delivered since are still among them.
        refused: The numbers of the lines set aside, by where they belong.
    """

    places: set[Place] = field(default_factory=set)
    refused: dict[Place, list[int]] = field(default_factory=lambda: defaultdict(list))
    _last: int = 0

    def look(self, database: Connection) -> None:
        """Take note of the lines that came into the outbox since the last look."""
        for number, line in database.execute(
            "SELECT id, line FROM outbox WHERE id > ? ORDER BY id", (self._last,)
        ):
            self.places.add(place(line))
            self._last = number

    def look_aside(self, database: Connection) -> None:
        """Take note of the lines set aside."""
        for number, line in database.execute("SELECT id, line FROM refused"):
            with suppress(ValueError):  # what no line could hold
                self.refused[place(line)].append(number)


def place(line: str) -> Place:
    """Return where ``line`` belongs."""
    begin, time = identity(line)
    width = _WIDTH.get(begin.partition(",")[0], 1)
    return begin, time // width * width


def series(database: Connection, level: Level, since: datetime | None) -> list[Series]:
    """Return what of each series is sealed, from ``since`` on, and still in the journal."""
    kept = database.execute("SELECT value FROM meta WHERE key = 'minutes_since'").fetchone()
    pruned = int(kept[0]) if kept and level is Level.MINUTE else 0
    lowest = -(-seconds(since) // level) * level if since else 0
    found = []
    for number, topic, source, live, until in database.execute(
        "SELECT series.id, topic, source, cursor.source IS NOT NULL, until FROM series"
        " JOIN sealed ON sealed.series = series.id AND level = ? LEFT JOIN cursor USING (source)"
        " ORDER BY topic, source",
        (level,),
    ).fetchall():
        start = max(first_bucket(database, level, number), lowest, pruned if live else 0)
        if start < until:
            begin = key(MEASUREMENTS[level], {"topic": topic, "source": source})
            found.append(Series(number, topic, source, begin, start, until))
    return found


def windows(database: Connection, level: Level, of: list[Series]) -> list[int]:
    """Return the starts of the windows in which any of these series has buckets, in order."""
    width = WINDOW[level]
    found: set[int] = set()
    for each in of:
        found.update(
            number * width
            for (number,) in database.execute(
                "SELECT DISTINCT time / ? FROM bucket"
                " WHERE level = ? AND series = ? AND time >= ? AND time < ?",
                (width, level, each.number, each.start, each.end),
            )
        )
        for start, end in watched(database, each.number, each.start, each.end).stretches:
            first, last = max(start, each.start), min(end, each.end)
            found.update(range(first // width * width, last, width))
    return sorted(found)


def states(
    database: Connection, level: Level, of: list[Series], window: int
) -> dict[Place, tuple[Series, State]]:
    """Return what the journal says of each bucket of a window that has a point, or had one."""
    found: dict[Place, tuple[Series, State]] = {}
    for each in of:
        start, end = max(window, each.start), min(window + WINDOW[level], each.end)
        for state in _states(database, level, each.number, start, end):
            found[each.key, state.time * NANOSECONDS] = (each, state)
    return found


def _states(
    database: Connection, level: Level, number: int, start: int, end: int
) -> Iterator[State]:
    if start >= end:
        return
    stretch = (level, number, start, end)
    counted = {
        time: tuple(counts)
        for time, *counts in database.execute(
            f"SELECT time, {_NAMES} FROM bucket"  # noqa: S608 - constants
            " WHERE level = ? AND series = ? AND time >= ? AND time < ?",
            stretch,
        )
    }
    late = {
        time: (lines, bool(pending))
        for time, lines, pending in database.execute(
            "SELECT time, lines, pending FROM late"
            " WHERE level = ? AND series = ? AND time >= ? AND time < ?",
            stretch,
        )
    }
    timeline = watched(database, number, start, end)
    covered = {
        time: round(timeline.part(time, time + level), 4)
        for time in timeline.buckets(level, start, end)
    }
    for time in sorted({*counted, *late, *covered}):
        yield State(
            time,
            counted.get(time, _NOTHING),
            *late.get(time, (0, False)),
            coverage=covered.get(time, 0.0),
            has_point=time in counted or time in covered,
        )
