"""Readings, the rankings of distros: into the journal, and questions about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signals import Reading, from_seconds, seconds
from storage.database import reading
from storage.texts import storable_line

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime, timedelta
    from pathlib import Path

    from storage.database import Database

DISTROWATCH = "distrowatch"
"""The source whose rankings are meant where none is named."""

_COLUMNS = "distro, name, source, span, day, rank, hits"
_EVER = 10**15  # later than any day


def insert_readings(database: Database, readings: Iterable[Reading]) -> int:
    """Store readings and return how many told anything new. Runs in the caller's transaction.

    Those that are known stay as they are. A rank without its figure gives way to the figure of the
    same distro, or of the same place, since what has figures knows better who stood there; the row
    is made anew, so that delivery sees it.
    """
    rows = [
        (
            storable_line(each.distro),
            storable_line(each.name),
            each.source,
            each.span,
            seconds(each.day),
            each.rank,
            each.hits,
        )
        for each in readings
    ]
    database.executemany(
        "DELETE FROM reading WHERE source = ? AND span = ? AND day = ? AND hits IS NULL"
        " AND (distro = ? OR rank = ?)",
        [(*of, distro, rank) for distro, _, *of, rank, hits in rows if hits is not None],
    )
    return database.executemany(
        f"INSERT OR IGNORE INTO reading ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
        rows,
    ).rowcount


class Readings:
    """Answers questions about rankings; thread-safe, as ``Reader`` is."""

    def __init__(self, path: Path) -> None:
        """Read the journal at ``path``; every method raises ``StoreError`` if it cannot be."""
        self._path = path

    def ranking(
        self,
        span: str,
        at: datetime | None = None,
        within: timedelta | None = None,
        *,
        source: str = DISTROWATCH,
    ) -> list[Reading]:
        """Return one day's ranking, the first place first; nothing if there is no such day.

        Args:
            span: The period averaged over.
            at: The day that is nearest to this instant; None for the latest.
            within: How far from ``at`` the day may lie; None for any distance.
            source: Who published it.
        """
        with reading(self._path) as database:
            day = _day(database, source, span, seconds(at) if at else None)
            if day is None or (at and within and abs(from_seconds(day) - at) > within):
                return []
            return _readings(
                database,
                "source = ? AND span = ? AND day = ? ORDER BY rank, distro",
                (source, span, day),
            )

    def history(
        self,
        distro: str,
        span: str,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        source: str = DISTROWATCH,
    ) -> list[Reading]:
        """Return the readings of one distro in ``[start, end)`` by day; None leaves a side open."""
        with reading(self._path) as database:
            return _readings(
                database,
                "source = :source AND distro = :distro AND span = :span"
                " AND day >= :start AND day < :end ORDER BY day",
                {
                    "source": source,
                    "distro": distro,
                    "span": span,
                    "start": seconds(start) if start else -_EVER,
                    "end": seconds(end) if end else _EVER,
                },
            )

    def years(self, distro: str, *, source: str = DISTROWATCH) -> list[Reading]:
        """Return the readings of one distro over whole years, by year."""
        with reading(self._path) as database:
            return _readings(
                database,
                "source = ? AND distro = ? AND span GLOB '[0-9][0-9][0-9][0-9]' ORDER BY span",
                (source, distro),
            )

    def spans(self, *, source: str = DISTROWATCH) -> list[str]:
        """Return the spans of which there are rankings: years by year, then the others."""
        with reading(self._path) as database:
            return [span for (span,) in database.execute(_SPANS, (source,))]

    def sources(self) -> list[str]:
        """Return who published rankings, in alphabetical order."""
        with reading(self._path) as database:
            return [source for (source,) in database.execute(_SOURCES)]

    def names(self, *, source: str = DISTROWATCH) -> dict[str, str]:
        """Return the distros by what the latest ranking of each span calls them, in lower case."""
        found: dict[str, str] = {}
        with reading(self._path) as database:
            for (span,) in database.execute(_SPANS, (source,)).fetchall():
                day = _day(database, source, span, None)
                for name, distro in database.execute(
                    "SELECT name, distro FROM reading WHERE source = ? AND span = ? AND day = ?",
                    (source, span, day),
                ):
                    found[name.lower()] = distro
        return found


# One look-up for each value rather than a walk through all rows (a "loose index scan").
_SPANS = """
WITH RECURSIVE found (span) AS (
  SELECT min(span) FROM reading WHERE source = ?1
  UNION ALL
  SELECT (SELECT min(span) FROM reading WHERE source = ?1 AND span > found.span)
  FROM found WHERE found.span IS NOT NULL
)
SELECT span FROM found WHERE span IS NOT NULL
ORDER BY span NOT GLOB '[0-9][0-9][0-9][0-9]', span
"""
_SOURCES = """
WITH RECURSIVE found (source) AS (
  SELECT min(source) FROM reading
  UNION ALL
  SELECT (SELECT min(source) FROM reading WHERE source > found.source)
  FROM found WHERE found.source IS NOT NULL
)
SELECT source FROM found WHERE source IS NOT NULL
"""


def _day(database: sqlite3.Connection, source: str, span: str, at: int | None) -> int | None:
    """Return the day that is nearest to ``at``, the earlier one of two; None for the latest."""
    limits = (source, span, _EVER if at is None else at)
    of = "SELECT day FROM reading WHERE source = ? AND span = ?"
    found = [
        *database.execute(f"{of} AND day <= ? ORDER BY day DESC LIMIT 1", limits),
        *database.execute(f"{of} AND day > ? ORDER BY day LIMIT 1", limits),
    ]
    return min((day for (day,) in found), key=lambda day: abs(day - limits[2]), default=None)


def _readings(
    database: sqlite3.Connection, condition: str, values: tuple[object, ...] | dict[str, object]
) -> list[Reading]:
    return [
        Reading(distro, name, source, span, from_seconds(day), rank, hits)
        for distro, name, source, span, day, rank, hits in database.execute(
            f"SELECT {_COLUMNS} FROM reading WHERE {condition}",  # noqa: S608 - constants
            values,
        )
    ]
