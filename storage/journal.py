"""Writing what was collected; one collection is one transaction.

Mentions, roll-ups, what is late for InfluxDB, coverage, readings, events and the collector's cursor
commit together. So a crash at any point loses nothing, and what is read again after it is counted
once: only what really changed the mentions changes the counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from signals import Level, Span, from_seconds, seconds
from storage import coverage, events
from storage.database import Database
from storage.incidents import IncidentLog
from storage.maintenance import MaintenanceLog
from storage.mentions import Mentions
from storage.outbox import Outbox
from storage.readings import insert_readings
from storage.rescoring import Rescoring
from storage.texts import storable_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from settings import Store
    from signals import Collection, Event, Mention

# An imported archive has no cursor.
_LIVE = "(SELECT {} FROM series JOIN cursor USING (source))"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one collection.

    Attributes:
        new: Mentions that were not known before.
        known: Mentions that were.
        gap: From the end of what was watched before to the start of what is newly watched, if time
            lies between: what the source could no longer give.
        readings: Readings that were not known before.
    """

    new: int = 0
    known: int = 0
    gap: Span | None = None
    readings: int = 0


class Journal:
    """The journal's one writer. Not thread-safe: call it from one thread at a time.

    Attributes:
        path: The file.
        incidents: The detector's state, incidents and notifications.
        maintenance: Windows in which nothing is announced.
        outbox: What waits for delivery to InfluxDB.
        rescoring: Judging anew what is stored.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the journal.

        Raises:
            StoreError: It cannot be used; the message says what to do. Every method may raise it.
        """
        self.path = path
        self._database = Database(path)
        self.incidents = IncidentLog(self._database)
        self.maintenance = MaintenanceLog(self._database)
        self.outbox = Outbox(self._database)
        self.rescoring = Rescoring(self._database)
        self._mentions = Mentions(self._database)

    def close(self) -> None:
        """Close the file; the journal must not be used afterwards."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def declare(self, topics: Iterable[str], source: str) -> None:
        """Note that ``source`` listens for ``topics``, so that hearing nothing counts as zero.

        What was watched before a topic was first declared stays a gap in it.
        """
        for topic in topics:
            self._mentions.know(topic, source)

    def cursor(self, source: str) -> str | None:
        """Return where the collector of ``source`` resumes; None before its first success."""
        found = self._database.query("SELECT value FROM cursor WHERE source = ?", (source,))
        return found[0][0] if found else None

    def author(self, source: str, name: str) -> str:
        """Return the keyed hash, in hexadecimal, under which ``name`` is known, if it is one."""
        found = self._mentions.author(source, name)
        return found.hex() if found else ""

    def record(
        self, collection: Collection, mentions: Sequence[Mention], *, now: datetime, took: float = 0
    ) -> Stored:
        """Store what a collector yielded and what was made of it, with its cursor.

        Of a post that its author revised, the latest version counts: it replaces the text and the
        judgement of known mentions, and those of topics that it is no longer about are withdrawn.
        What is withdrawn loses text, address and author, and counts no more. A withdrawal of what
        is not known is ignored.

        Args:
            collection: As the collector yielded it. Of its posts only ids and revisions matter.
            mentions: The posts that matched, judged; each time lies at or before ``now``, and a
                revised post is there with all the topics that it is about.
            now: The present.
            took: Seconds that the collector needed.
        """
        self._know_series(mentions)
        items = len(collection.posts) + len(collection.readings) + len(collection.events)
        with self._database.transaction():
            stored = self._store(collection, mentions, now)
            at, lag = seconds(now), self._lag(collection.source, now)
            self._database.execute(
                "INSERT OR REPLACE INTO health VALUES (?, 1, 'ok', '', ?, ?, ?, ?)",
                (collection.source, at, at, items, lag),
            )
            self._database.execute(
                "INSERT INTO attempt (source, time, ok, items, new, lag, duration)"
                " VALUES (?, ?, 1, ?, ?, ?, ?)",
                (collection.source, at, items, stored.new, lag, took),
            )
        return stored

    def record_failure(
        self, source: str, kind: str, reason: str, *, now: datetime, took: float = 0
    ) -> None:
        """Note that ``source`` was not heard, and why; its coverage does not grow."""
        with self._database.transaction():
            at, lag = seconds(now), self._lag(source, now)
            self._database.execute(
                "INSERT INTO health VALUES (?, 0, ?, ?, ?, NULL, 0, ?)"
                " ON CONFLICT (source) DO UPDATE SET ok = 0, kind = excluded.kind,"
                " reason = excluded.reason, tried = excluded.tried, lag = excluded.lag",
                (source, kind, storable_line(reason), at, lag),
            )
            self._database.execute(
                "INSERT INTO attempt (source, time, ok, items, new, lag, duration)"
                " VALUES (?, ?, 0, 0, 0, ?, ?)",
                (source, at, lag, took),
            )

    def load(self, collection: Collection, mentions: Sequence[Mention], *, now: datetime) -> Stored:
        """Store a part of an archive, which is no source that could be well or unwell.

        An archive was listened to for all its topics from its beginning.
        """
        self._know_series(mentions, since=0)
        with self._database.transaction():
            return self._store(collection, mentions, now)

    def record_event(self, event: Event) -> bool:
        """Store an event, or what became known of it; return whether that tells anything new."""
        with self._database.transaction():
            return events.write_event(self._database, event)

    def prune(self, store: Store, now: datetime) -> None:
        """Drop what the user does not want to be kept longer.

        Texts go when they have been stored for ``keep_texts``. Minutes go when they are older than
        ``keep_minutes``, but not those of an imported archive, which is old from the beginning.
        """
        texts = seconds(now - store.keep_texts)
        minutes = -(-seconds(now - store.keep_minutes) // Level.MINUTE) * Level.MINUTE
        with self._database.transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO meta VALUES ('minutes_since', ?)", (str(minutes),)
            )
            self._database.execute(
                "UPDATE mention SET text = NULL, url = '' WHERE stored < ? AND text IS NOT NULL",
                (texts,),
            )
            for old in (
                f"bucket WHERE level = 60 AND time < ? AND series IN {_LIVE.format('id')}",
                f"verdict WHERE time < ? AND topic IN {_LIVE.format('topic')}",
                "attempt WHERE time < ?",
            ):
                self._database.execute(f"DELETE FROM {old}", (minutes,))  # noqa: S608 - constants
            for level in Level:
                self._database.execute(
                    "DELETE FROM bucket_author"  # noqa: S608 - constants
                    f" WHERE level = ? AND time <= ? AND series IN {_LIVE.format('id')}",
                    (level.value, minutes - level),
                )

    def _store(self, collection: Collection, mentions: Sequence[Mention], now: datetime) -> Stored:
        new = self._mentions.store(collection, mentions, seconds(now))
        gap = self._watch(collection)
        readings = insert_readings(self._database, collection.readings)
        for event in collection.events:
            events.write_event(self._database, event)
        if collection.cursor is not None:
            self._database.execute(
                "INSERT OR REPLACE INTO cursor VALUES (?, ?)",
                (collection.source, collection.cursor),
            )
        return Stored(new, len(mentions) - new, gap, readings)

    def _watch(self, collection: Collection) -> Span | None:
        """Note what was watched; return the gap before it."""
        before = coverage.watched_until(self._database, collection.source)
        stretches = [(seconds(span.start), seconds(span.end)) for span in collection.watched]
        for start, end in stretches:
            coverage.add(self._database, collection.source, start, end)
        if before is None:
            return None
        resumed = min((start for start, end in stretches if end > before), default=before)
        return Span(from_seconds(before), from_seconds(resumed)) if resumed > before else None

    def _know_series(self, mentions: Sequence[Mention], since: int | None = None) -> None:
        for topic, source in {(mention.topic, mention.post.source) for mention in mentions}:
            self._mentions.know(topic, source, since)

    def _lag(self, source: str, now: datetime) -> int:
        """Return the seconds from the end of what was watched until now; 0 if nothing was."""
        until = coverage.watched_until(self._database, source)
        return max(seconds(now) - until, 0) if until is not None else 0
