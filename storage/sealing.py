"""Turning what the journal holds into lines for InfluxDB, each exactly once.

A bucket is *sealed* when its source was read past its end, or a day after it: its counts become
one line. What arrives for it later is gathered in ``late`` and becomes an additional line at
bucket + k ns that carries only the difference, because InfluxDB 3 does not say which version of an
overwritten point wins; queries use ``sum()``. What an edit or a withdrawal takes away is a negative
difference.

The lines, and the marks of how far this has come, commit together.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from signals import Level
from storage.coverage import watched, watched_until
from storage.line import NANOSECONDS, point
from storage.points import points
from storage.rollup import COLUMNS, SCORE_UNIT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from storage.database import Database

MEASUREMENTS = {Level.MINUTE: "mention_1m", Level.HOUR: "mention_1h", Level.DAY: "mention_1d"}
BATCH = 5_000
"""Lines made in one transaction."""

_NAMES = ", ".join(COLUMNS)
_ZEROS = ", ".join(f"{name} = 0" for name in COLUMNS)
_NOTHING = (0,) * len(COLUMNS)


def seal(database: Database, now: int) -> int:
    """Put lines for what is new into the outbox; return how many (at most about ``BATCH``).

    Runs in a transaction of the caller's, who calls again while it returns more than zero.
    """
    lines = list(_corrections(database, BATCH))
    lines.extend(_buckets(database, now, BATCH - len(lines)))
    lines.extend(points(database, now, BATCH - len(lines)))
    database.executemany("INSERT INTO outbox (line) VALUES (?)", ((line,) for line in lines))
    return len(lines)


def bucket_line(
    level: int, topic: str, source: str, time: int, counts: tuple[int, ...], **extra: float
) -> str:
    """Return the line of a bucket, or of what a correction changes in it.

    Args:
        level: The bucket's width.
        topic: Its topic.
        source: Its source.
        time: In nanoseconds: the bucket's start; a correction's is so many nanoseconds later.
        counts: By the names of ``rollup.COLUMNS``.
        extra: Further fields.
    """
    positive, negative, neutral, unscored, copies, _, authors, score = counts
    fields: dict[str, Any] = {
        "positive": positive,
        "negative": negative,
        "neutral": neutral,
        "unscored": unscored,
        "total": positive + negative + neutral + unscored,
        "copies": copies,
        "authors": authors,
        "score_sum": score / SCORE_UNIT,
        **extra,
    }
    return point(MEASUREMENTS[Level(level)], {"topic": topic, "source": source}, fields, time)


def _corrections(database: Database, limit: int) -> Iterator[str]:
    """Make a line for each sealed bucket that has changed."""
    pending = database.execute(
        f"SELECT level, series, time, lines, {_NAMES}, topic, source"  # noqa: S608 - constants
        " FROM late JOIN series ON series.id = late.series WHERE pending LIMIT ?",
        (limit,),
    ).fetchall()
    for level, series, time, lines, *counts, topic, source in pending:
        database.execute(
            f"UPDATE late SET lines = lines + 1, pending = 0, {_ZEROS}"  # noqa: S608 - constants
            " WHERE level = ? AND series = ? AND time = ?",
            (level, series, time),
        )
        moment = time * NANOSECONDS + lines + 1
        yield bucket_line(level, topic, source, moment, tuple(counts))


def _buckets(database: Database, now: int, limit: int) -> Iterator[str]:
    """Make a line for each bucket that its source was read past since the last time."""
    for series, topic, source in database.execute(
        "SELECT id, topic, source FROM series"
    ).fetchall():
        end = watched_until(database, source)
        if end is None:
            continue
        for level in Level:
            if limit <= 0:
                return
            until = max(end, now - Level.DAY) // level * level
            start = _sealed_until(database, level, series)
            if start is None:
                start = first_bucket(database, level, series)
            if start >= until:
                continue
            made, until = _seal(database, level, (series, topic, source), (start, until), limit)
            limit -= len(made)
            database.execute(
                "INSERT OR REPLACE INTO sealed VALUES (?, ?, ?)", (level, series, until)
            )
            yield from made


def _seal(
    database: Database,
    level: Level,
    series: tuple[int, str, str],
    stretch: tuple[int, int],
    limit: int,
) -> tuple[list[str], int]:
    """Return the lines of at most ``limit`` buckets, and the end of the last of them."""
    number, topic, source = series
    start, until = stretch
    counted: dict[int, tuple[int, ...]] = {
        time: tuple(counts)
        for time, *counts in database.execute(
            f"SELECT time, {_NAMES} FROM bucket"  # noqa: S608 - constants
            " WHERE level = ? AND series = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?",
            (level, number, start, until, limit),
        )
    }
    timeline = watched(database, number, start, until)
    covered = list(islice(timeline.buckets(level, start, until), limit))
    moments = sorted({*counted, *covered})[:limit]
    if len(moments) == limit:
        until = moments[-1] + level
    lines = [
        bucket_line(
            level,
            topic,
            source,
            time * NANOSECONDS,
            counted.get(time, _NOTHING),
            coverage=round(timeline.part(time, time + level), 4),
        )
        for time in moments
    ]
    return lines, until


def _sealed_until(database: Database, level: int, series: int) -> int | None:
    row = database.execute(
        "SELECT until FROM sealed WHERE level = ? AND series = ?", (level, series)
    ).fetchone()
    return row[0] if row else None


def first_bucket(database: Database | sqlite3.Connection, level: int, series: int) -> int:
    """Return the first bucket of a series: the first counted or the first watched."""
    counted, heard, since = database.execute(
        "SELECT (SELECT min(time) FROM bucket WHERE level = ? AND series = id),"
        " (SELECT min(start) FROM coverage WHERE coverage.source = series.source), since"
        " FROM series WHERE id = ?",
        (level, series),
    ).fetchone()
    first: int = max(heard, since)
    return min(first, counted if counted is not None else first) // level * level
