"""Turning what the journal holds into lines for InfluxDB, each exactly once.

A bucket is *sealed* when its source was read past its end, or a day after it: its counts become
one line. What arrives for it later is gathered in ``late`` and becomes an additional line at
bucket + k ns that carries only the difference, because InfluxDB 3 does not say which version of an
overwritten point wins; queries use ``sum()``. Readings, events, verdicts, changes and attempts are
never altered and become lines in the order in which they were stored.

The lines, and the marks of how far this has come, commit together.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from signals import Level, Phase, State
from storage.coverage import watched, watched_until
from storage.line import point
from storage.rollup import SCORE_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from storage.database import Database
    from storage.rollup import Counts, Key

NANOSECONDS = 1_000_000_000
MEASUREMENTS = {Level.MINUTE: "mention_1m", Level.HOUR: "mention_1h", Level.DAY: "mention_1d"}
BATCH = 5_000
"""Lines made in one transaction."""


def note_late(database: Database, counts: Mapping[Key, Counts]) -> None:
    """Gather what was just counted in buckets that are already sealed.

    Runs in the transaction that counts.
    """
    series = {key[:2] for key in counts}
    sealed = {
        key: row[0]
        for key in series
        if (
            row := database.execute(
                "SELECT until FROM sealed WHERE level = ? AND series = ?", key
            ).fetchone()
        )
    }
    database.executemany(
        "INSERT INTO late VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET"
        " positive = positive + excluded.positive, negative = negative + excluded.negative,"
        " neutral = neutral + excluded.neutral, authors = authors + excluded.authors,"
        " score = score + excluded.score, pending = 1",
        [
            (*key, *bucket.values())
            for key, bucket in counts.items()
            if key[2] < sealed.get(key[:2], key[2])
        ],
    )


def seal(database: Database, now: int) -> int:
    """Put lines for what is new into the outbox; return how many (at most about ``BATCH``).

    Runs in a transaction of the caller's, who calls again while it returns more than zero.
    """
    lines = list(_corrections(database, BATCH))
    lines.extend(_buckets(database, now, BATCH - len(lines)))
    lines.extend(_rows(database, now, BATCH - len(lines)))
    database.executemany("INSERT INTO outbox (line) VALUES (?)", ((line,) for line in lines))
    return len(lines)


def _bucket_line(
    level: int, topic: str, source: str, time: int, counts: tuple[int, ...], **extra: float
) -> str:
    positive, negative, neutral, authors, score = counts
    fields: dict[str, Any] = {
        "positive": positive,
        "negative": negative,
        "neutral": neutral,
        "total": positive + negative + neutral,
        "authors": authors,
        "score_sum": score / SCORE_UNIT,
        **extra,
    }
    return point(MEASUREMENTS[Level(level)], {"topic": topic, "source": source}, fields, time)


def _corrections(database: Database, limit: int) -> Iterator[str]:
    """Make a line for each sealed bucket to which something was added."""
    pending = database.execute(
        "SELECT level, series, time, lines, positive, negative, neutral, authors, score,"
        " topic, source FROM late JOIN series ON series.id = late.series WHERE pending LIMIT ?",
        (limit,),
    ).fetchall()
    for level, series, time, lines, *counts, topic, source in pending:
        database.execute(
            "UPDATE late SET lines = lines + 1, positive = 0, negative = 0, neutral = 0,"
            " authors = 0, score = 0, pending = 0 WHERE level = ? AND series = ? AND time = ?",
            (level, series, time),
        )
        moment = time * NANOSECONDS + lines + 1
        yield _bucket_line(level, topic, source, moment, tuple(counts))


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
                start = _first(database, level, series)
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
            "SELECT time, positive, negative, neutral, authors, score FROM bucket"
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
        _bucket_line(
            level,
            topic,
            source,
            time * NANOSECONDS,
            counted.get(time, (0, 0, 0, 0, 0)),
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


def _first(database: Database, level: int, series: int) -> int:
    """Return the first bucket of a series: the first counted or the first watched."""
    counted, heard, since = database.execute(
        "SELECT (SELECT min(time) FROM bucket WHERE level = ? AND series = id),"
        " (SELECT min(start) FROM coverage WHERE coverage.source = series.source), since"
        " FROM series WHERE id = ?",
        (level, series),
    ).fetchone()
    first: int = max(heard, since)
    return min(first, counted if counted is not None else first) // level * level


def _rows(database: Database, now: int, limit: int) -> Iterator[str]:
    """Make a line for each row of the tables that only grow; set aside what no line can hold."""
    for kind, (query, line) in _GROWING.items():
        if limit <= 0:
            return
        done = database.execute("SELECT row FROM exported WHERE kind = ?", (kind,)).fetchone()
        fresh = database.execute(query, (done[0] if done else 0, limit)).fetchall()
        if not fresh:
            continue
        limit -= len(fresh)
        database.execute("INSERT OR REPLACE INTO exported VALUES (?, ?)", (kind, fresh[-1][0]))
        for row in fresh:
            try:
                yield line(*row)
            except ValueError as error:
                database.execute(
                    "INSERT INTO refused (line, reason, time) VALUES (?, ?, ?)",
                    (f"{kind} {row}", str(error), now),
                )


def _moment(time: int, row: int) -> int:
    """Return nanoseconds that keep rows of the same second apart."""
    return time * NANOSECONDS + row % NANOSECONDS


def _verdict(_row: int, topic: str, time: int, *values: float) -> str:
    names = ("observed", "expected", "low", "high", "score")
    fields: dict[str, Any] = {
        name: float(value) for name, value in zip(names, values[:-1], strict=True)
    }
    return point(
        "spike", {"topic": topic}, {**fields, "state": int(values[-1])}, time * NANOSECONDS
    )


_STATES = {
    Phase.POSSIBLE: State.POSSIBLE,
    Phase.CONFIRMED: State.CONFIRMED,
    Phase.RESOLVED: State.QUIET,
}


def _change(*columns: Any) -> str:  # noqa: ANN401 - a row of the table
    row, topic, incident, phase, time, reason, url = columns
    fields: dict[str, Any] = {
        "id": incident,
        "title": f"{topic}: {phase}",
        "text": reason,
        "url": url,
        "state": int(_STATES[Phase(phase)]),
        "end_ms": time * 1_000 if phase == Phase.RESOLVED else 0,
    }
    return point("incident", {"topic": topic}, fields, _moment(time, row))


def _event(*columns: Any) -> str:  # noqa: ANN401 - a row of the table
    row, kind, identity, topic, time, end, title, text = columns
    fields = {"id": identity, "title": title, "text": text, "end_ms": (end or 0) * 1_000}
    return point("event", {"kind": kind, "topic": topic}, fields, _moment(time, row))


def _reading(*columns: Any) -> str:  # noqa: ANN401 - a row of the table
    _, distro, source, span, day, rank, hits = columns
    tags = {"distro": distro, "source": source, "span": span}
    return point("distro_rank", tags, {"rank": rank, "hits": hits}, day * NANOSECONDS)


def _attempt(*columns: Any) -> str:  # noqa: ANN401 - a row of the table
    row, source, time, ok, items, new, lag, duration = columns
    fields = {"ok": ok, "items": items, "new": new, "lag_s": lag, "duration_s": duration}
    return point("collector", {"source": source}, fields, _moment(time, row))


_GROWING: dict[str, tuple[str, Callable[..., str]]] = {
    "verdict": (
        """SELECT row, topic, time, observed, expected, low, high, score, state
           FROM verdict WHERE row > ? ORDER BY row LIMIT ?""",
        _verdict,
    ),
    "change": (
        """SELECT change.row, topic, incident, change.phase, time, reason, url
           FROM change JOIN incident ON incident.id = incident
           WHERE change.row > ? ORDER BY change.row LIMIT ?""",
        _change,
    ),
    "event": (
        """SELECT row, kind, id, topic, time, end, title, text
           FROM event WHERE row > ? ORDER BY row LIMIT ?""",
        _event,
    ),
    "reading": (
        """SELECT row, distro, source, span, day, rank, hits
           FROM reading WHERE row > ? ORDER BY row LIMIT ?""",
        _reading,
    ),
    "attempt": (
        """SELECT row, source, time, ok, items, new, lag, duration
           FROM attempt WHERE row > ? ORDER BY row LIMIT ?""",
        _attempt,
    ),
}
"""Tables that only grow: how to read new rows, and how to make a line of one."""
