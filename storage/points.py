"""What the journal holds besides buckets, as lines: each row once, in the order of storing.

Verdicts, changes, readings and attempts are never altered. An event that is gets a new row number,
and so one more line, at a nanosecond of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signals import Phase, State
from storage.line import NANOSECONDS, point

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from storage.database import Database


def points(database: Database, now: int, limit: int) -> Iterator[str]:
    """Make a line for each row that is new; set aside what no line can hold.

    Runs in the transaction that puts the lines into the outbox.
    """
    for name, kind in KINDS.items():
        if limit <= 0:
            return
        done = database.execute("SELECT row FROM exported WHERE kind = ?", (name,)).fetchone()
        fresh = rows(database, kind, done[0] if done else 0, limit)
        if not fresh:
            continue
        limit -= len(fresh)
        database.execute("INSERT OR REPLACE INTO exported VALUES (?, ?)", (name, fresh[-1][0]))
        for row in fresh:
            try:
                yield kind.line(*row)
            except ValueError as error:
                database.execute(
                    "INSERT INTO refused (line, reason, time) VALUES (?, ?, ?)",
                    (f"{name} {row}", str(error), now),
                )


def rows(
    database: Database | sqlite3.Connection, kind: Kind, after: int, limit: int
) -> list[tuple[Any, ...]]:
    """Return the rows of ``kind`` that follow row ``after``, in the order of storing."""
    return database.execute(
        f"SELECT * FROM ({kind.rows}) WHERE row > ? ORDER BY row LIMIT ?",  # noqa: S608 - constants
        (after, limit),
    ).fetchall()


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
    row, topic, incident, step, phase, time, reason, url = columns
    fields: dict[str, Any] = {
        "id": incident,
        "title": f"{topic}: {step}",
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
    fields = {"rank": rank} if hits is None else {"rank": rank, "hits": hits}
    return point("distro_rank", tags, fields, day * NANOSECONDS)


def _attempt(*columns: Any) -> str:  # noqa: ANN401 - a row of the table
    row, source, time, ok, items, new, lag, duration = columns
    fields = {"ok": ok, "items": items, "new": new, "lag_s": lag, "duration_s": duration}
    return point("collector", {"source": source}, fields, _moment(time, row))


@dataclass(frozen=True, slots=True)
class Kind:
    """A table whose rows get ever higher numbers, each of them a point.

    Attributes:
        measurement: Where the points are.
        tags: The names of their tags, in the order of the line.
        field: A field that every one of them has.
        rows: The query that gives ``row``, ``time`` and what ``line`` needs.
        line: Makes the line of a row; raises ``ValueError`` if no line can hold it.
    """

    measurement: str
    tags: tuple[str, ...]
    field: str
    rows: str
    line: Callable[..., str]


KINDS = {
    "verdict": Kind(
        "spike",
        ("topic",),
        "state",
        """SELECT row, topic, time, observed, expected, low, high, score, state
           FROM verdict""",
        _verdict,
    ),
    "change": Kind(
        "incident",
        ("topic",),
        "state",
        """SELECT change.row, topic, incident, step, change.phase, time, reason, url
           FROM change JOIN incident ON incident.id = incident WHERE subject = 'topic'""",
        _change,
    ),
    "event": Kind(
        "event",
        ("kind", "topic"),
        "end_ms",
        "SELECT row, kind, id, topic, time, end, title, text FROM event",
        _event,
    ),
    "reading": Kind(
        "distro_rank",
        ("distro", "source", "span"),
        "rank",
        "SELECT row, distro, source, span, day, rank, hits FROM reading",
        _reading,
    ),
    "attempt": Kind(
        "collector",
        ("source",),
        "ok",
        "SELECT row, source, time, ok, items, new, lag, duration FROM attempt",
        _attempt,
    ),
}
"""By the name under which ``exported`` says how far each has come."""
