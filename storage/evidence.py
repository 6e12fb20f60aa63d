"""What stands behind an incident: counts, complaints and texts out of the journal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from signals import Level, Span, StoredMention, seconds
from storage.database import reading
from storage.reader import MENTION_COLUMNS, read_mention

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

_DAY = timedelta(days=1)
_STANDING = "time >= ? AND time < ? AND withdrawn IS NULL AND NOT copy"


class Counts(NamedTuple):
    """What was said of a topic in a stretch of time; copies count for themselves alone.

    Attributes:
        total: Mentions.
        negative: Complaints.
        unavailable: Complaints that say that it does not work or cannot be reached.
        copies: Mentions that repeat another one.
        authors: Distinct authors of all of these.
    """

    total: int
    negative: int
    unavailable: int
    copies: int
    authors: int


class EvidenceReader:
    """Answers questions about one incident; thread-safe, as ``Reader`` is."""

    def __init__(self, path: Path) -> None:
        """Read the journal at ``path``; every method raises ``StoreError`` if it cannot be."""
        self._path = path

    def counts(self, topic: str, span: Span) -> Counts:
        """Return what was said of ``topic`` in ``span``."""
        with reading(self._path) as database:
            row = database.execute(
                "SELECT coalesce(sum(NOT copy), 0),"
                " coalesce(sum(polarity = 'negative' AND NOT copy), 0),"
                " coalesce(sum(polarity = 'negative' AND availability AND NOT copy), 0),"
                " coalesce(sum(copy), 0), count(DISTINCT author)"
                " FROM mention JOIN series ON series.id = series"
                " WHERE topic = ? AND time >= ? AND time < ? AND withdrawn IS NULL",
                (topic, seconds(span.start), seconds(span.end)),
            ).fetchone()
        return Counts(*row)

    def complaints(self, topic: str, span: Span, limit: int) -> list[StoredMention]:
        """Return the complaints whose texts are still there, the most telling first.

        Those of availability lead, then the strongest words; copies are left out.
        """
        with reading(self._path) as database:
            found = database.execute(
                f"SELECT {MENTION_COLUMNS} FROM mention JOIN series ON series.id = series"  # noqa: S608 - constants
                f" WHERE topic = ? AND {_STANDING} AND polarity = 'negative' AND text != ''"
                " ORDER BY availability DESC, score, time DESC, mention.id LIMIT ?",
                (topic, seconds(span.start), seconds(span.end), limit),
            )
            return [read_mention(*row) for row in found]

    def usual(self, topic: str, span: Span) -> tuple[int, int]:
        """Return mentions and complaints of the whole hours in ``span``, copies aside."""
        with reading(self._path) as database:
            total, negative = database.execute(
                "SELECT coalesce(sum(positive + negative + neutral + unscored - copies), 0),"
                " coalesce(sum(negative - negative_copies), 0)"
                " FROM bucket WHERE level = ? AND time >= ? AND time <= ?"
                " AND series IN (SELECT id FROM series WHERE topic = ?)",
                (
                    int(Level.HOUR),
                    -(-seconds(span.start) // Level.HOUR) * Level.HOUR,
                    seconds(span.end) - Level.HOUR,
                    topic,
                ),
            ).fetchone()
        return total, negative

    def texts(self, topic: str, span: Span, limit: int) -> list[str]:
        """Return what was said of ``topic`` in ``span``, the latest texts of each source."""
        with reading(self._path) as database:
            series = _series(database, topic)
            return [
                text
                for each in series
                for text in _texts(database, each, span, -(-limit // len(series)))
            ]

    def usual_texts(self, topic: str, span: Span, limit: int) -> list[str]:
        """Return what was said in ``span`` outside of incidents, as much of each day and source."""
        with reading(self._path) as database:
            series = _series(database, topic)
            days = list(_days(span))
            each_day = -(-limit // (len(series) * len(days) or 1))
            return [
                text
                for day in days
                for each in series
                for text in _texts(database, each, day, each_day, besides=topic)
            ]


def _series(database: sqlite3.Connection, topic: str) -> list[int]:
    return [
        number for (number,) in database.execute("SELECT id FROM series WHERE topic = ?", (topic,))
    ]


def _texts(
    database: sqlite3.Connection, series: int, span: Span, limit: int, *, besides: str = ""
) -> list[str]:
    """Return the latest texts outside of the incidents of ``besides``."""
    return [
        text
        for (text,) in database.execute(
            "SELECT text FROM mention"  # noqa: S608 - constants
            f" WHERE series = ? AND {_STANDING} AND text != ''"
            " AND NOT EXISTS (SELECT 1 FROM incident WHERE topic = ?"
            " AND opened <= mention.time AND changed >= mention.time)"
            " ORDER BY time DESC LIMIT ?",
            (series, seconds(span.start), seconds(span.end), besides, limit),
        )
    ]


def _days(span: Span) -> Iterator[Span]:
    """Yield the days of ``span``, counted back from its end."""
    end = span.end
    while end > span.start:
        start = max(end - _DAY, span.start)
        yield Span(start, end)
        end = start
