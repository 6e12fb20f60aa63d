"""Writing what was collected; one collection is one transaction.

Mentions, roll-ups, what is late for InfluxDB, coverage, readings, events and the collector's cursor
commit together. So a crash at any point loses nothing, and what is read again after it is counted
once: only rows that were really inserted count.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, Self

from signals import Level, Polarity, seconds
from storage import coverage, sealing
from storage.database import Database
from storage.incidents import IncidentLog
from storage.outbox import Outbox
from storage.rollup import SCORE_UNIT, Counts, Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from settings import Store
    from signals import Collection, Event, Mention, Reading

_LEVELS = tuple(int(level) for level in Level)  # plain numbers are quicker keys

MAX_TEXT = 20_000
"""Characters of a text that are kept."""

MAX_LINE = 2_000
"""Characters of an address, a title or an identity that are kept."""

# An imported archive has no cursor.
_LIVE = "(SELECT {} FROM series JOIN cursor USING (source))"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one collection.

    Attributes:
        new: Mentions that were not known before.
        known: Mentions that were.
    """

    new: int = 0
    known: int = 0


class _Row(NamedTuple):
    """What the roll-ups need of a mention that was really inserted."""

    series: int
    time: int
    polarity: Polarity
    score: int
    author: bytes | None


class Journal:
    """The journal's one writer. Not thread-safe: call it from one thread at a time.

    Attributes:
        path: The file.
        incidents: The detector's state, incidents and notifications.
        outbox: What waits for delivery to InfluxDB.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the journal.

        Raises:
            StoreError: It cannot be used; the message says what to do. Every method may raise it.
        """
        self.path = path
        self._database = Database(path)
        self.incidents = IncidentLog(self._database)
        self.outbox = Outbox(self._database)
        self._series: dict[tuple[str, str], int] = {}
        self._author_key = self._read_author_key()

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
            self._know(topic, source)

    def cursor(self, source: str) -> str | None:
        """Return where the collector of ``source`` resumes; None before its first success."""
        found = self._database.query("SELECT value FROM cursor WHERE source = ?", (source,))
        return found[0][0] if found else None

    def record(
        self, collection: Collection, mentions: Sequence[Mention], *, now: datetime, took: float = 0
    ) -> Stored:
        """Store what a collector yielded and what was made of it, with its cursor.

        Args:
            collection: As the collector yielded it; its posts are not stored.
            mentions: The posts that matched, judged; each time lies at or before ``now``.
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
                (source, kind, _storable(reason, MAX_LINE), at, lag),
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
        """Store an event; return whether it was not known before."""
        with self._database.transaction():
            return self._insert_events([event]) > 0

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
        fresh = self._insert(mentions, seconds(now))
        self._roll_up(fresh)
        for span in collection.watched:
            coverage.add(self._database, collection.source, seconds(span.start), seconds(span.end))
        self._insert_readings(collection.readings)
        self._insert_events(collection.events)
        if collection.cursor is not None:
            self._database.execute(
                "INSERT OR REPLACE INTO cursor VALUES (?, ?)",
                (collection.source, collection.cursor),
            )
        return Stored(new=len(fresh), known=len(mentions) - len(fresh))

    def _lag(self, source: str, now: datetime) -> int:
        """Return the seconds from the end of what was watched until now; 0 if nothing was."""
        until = coverage.watched_until(self._database, source)
        return max(seconds(now) - until, 0) if until is not None else 0

    def _insert(self, mentions: Sequence[Mention], at: int) -> list[_Row]:
        """Insert the mentions; return those that were not known before."""
        fresh: list[_Row] = []
        execute = self._database.execute
        for mention in mentions:
            post, judgement = mention.post, mention.judgement
            series = self._series[mention.topic, post.source]
            score = round(judgement.compound * SCORE_UNIT)
            time = seconds(post.time)
            author = self._hash(post.source, post.author) if post.author else None
            inserted = execute(
                "INSERT OR IGNORE INTO mention VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    series,
                    _storable(post.id, MAX_LINE),
                    time,
                    at,
                    author,
                    _storable(post.text),
                    _storable(post.url, MAX_LINE),
                    judgement.polarity.value,
                    score,
                    judgement.availability,
                    judgement.scorer,
                ),
            ).rowcount
            if inserted:
                fresh.append(_Row(series, time, judgement.polarity, score, author))
        return fresh

    def _roll_up(self, fresh: Sequence[_Row]) -> None:
        """Add the fresh mentions to their minute, hour and day."""
        counts: defaultdict[Key, Counts] = defaultdict(Counts)
        authors: defaultdict[Key, set[bytes]] = defaultdict(set)
        for row in fresh:
            for level in _LEVELS:
                key = (level, row.series, row.time // level * level)
                counts[key].add(row.polarity, row.score)
                if row.author is not None:
                    authors[key].add(row.author)
        for key, seen in authors.items():
            counts[key].authors = self._database.executemany(
                "INSERT OR IGNORE INTO bucket_author VALUES (?, ?, ?, ?)",
                [(*key, author) for author in seen],
            ).rowcount
        self._database.executemany(
            "INSERT INTO bucket VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " positive = positive + excluded.positive, negative = negative + excluded.negative,"
            " neutral = neutral + excluded.neutral, authors = authors + excluded.authors,"
            " score = score + excluded.score",
            [(*key, *bucket.values()) for key, bucket in counts.items()],
        )
        sealing.note_late(self._database, counts)

    def _insert_readings(self, readings: Sequence[Reading]) -> None:
        self._database.executemany(
            "INSERT OR IGNORE INTO reading (source, span, day, distro, name, rank, hits)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    r.source,
                    r.span,
                    seconds(r.day),
                    _storable(r.distro, MAX_LINE),
                    _storable(r.name, MAX_LINE),
                    r.rank,
                    r.hits,
                )
                for r in readings
            ],
        )

    def _insert_events(self, events: Sequence[Event]) -> int:
        return self._database.executemany(
            "INSERT OR IGNORE INTO event (kind, id, topic, time, end, title, text, url)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    event.kind,
                    _storable(event.id, MAX_LINE),
                    event.topic,
                    seconds(event.time),
                    seconds(event.end) if event.end else None,
                    _storable(event.title, MAX_LINE),
                    _storable(event.text),
                    _storable(event.url, MAX_LINE),
                )
                for event in events
            ],
        ).rowcount

    def _know_series(self, mentions: Sequence[Mention], since: int | None = None) -> None:
        for topic, source in {(mention.topic, mention.post.source) for mention in mentions}:
            self._know(topic, source, since)

    def _know(self, topic: str, source: str, since: int | None = None) -> None:
        """Number the mentions of ``topic`` in ``source``, listened to from now or ``since``."""
        key = (topic, source)
        if key in self._series:
            return
        with self._database.transaction():
            if since is None:
                since = coverage.watched_until(self._database, source) or 0
            self._database.execute(
                "INSERT OR IGNORE INTO series (topic, source, since) VALUES (?, ?, ?)",
                (*key, since),
            )
            (number,) = self._database.execute(
                "SELECT id FROM series WHERE topic = ? AND source = ?", key
            ).fetchone()
        self._series[key] = number

    def _read_author_key(self) -> bytes:
        """Return the key of the author hashes, made with the journal."""
        with self._database.transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO meta VALUES ('author_key', ?)", (secrets.token_hex(32),)
            )
            (key,) = self._database.execute(
                "SELECT value FROM meta WHERE key = 'author_key'"
            ).fetchone()
        return bytes.fromhex(key)

    def _hash(self, source: str, author: str) -> bytes:
        """Return the keyed hash under which an author is known; the key never leaves the file."""
        return blake2b(
            f"{source}\0{author}".encode(errors="replace"), digest_size=8, key=self._author_key
        ).digest()


def _storable(text: str, longest: int = MAX_TEXT) -> str:
    """Return the beginning of ``text``, without halves of surrogate pairs, which have no UTF-8."""
    if len(text) > longest:
        text = text[:longest]
    return text if text.isascii() else text.encode(errors="replace").decode()
