"""Reading the journal while another thread or process writes it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from signals import (
    DeliveryHealth,
    Event,
    Level,
    Observation,
    Polarity,
    SourceHealth,
    Span,
    StoredMention,
    Subject,
    Verdict,
    Volume,
    from_seconds,
    seconds,
)
from storage import coverage
from storage.database import reading
from storage.incidents import INCIDENT_COLUMNS, Record, read_incident, read_record, read_verdict
from storage.listening import Listening
from storage.rollup import SCORE_UNIT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from signals import Incident

MENTION_COLUMNS = (
    "topic, source, mention.id, time, coalesce(text, ''), url, coalesce(lower(hex(author)), ''),"
    " polarity, score, availability, scorer, copy"
)


class Reader:
    """Answers questions about the journal; every call sees one consistent state of it.

    Thread-safe: each call opens the file anew, read-only.
    """

    def __init__(self, path: Path) -> None:
        """Read the journal at ``path``; every method raises ``StoreError`` if it cannot be."""
        self.path = path

    def topics(self) -> list[str]:
        """Return the names of all topics ever listened for, in alphabetical order."""
        with reading(self.path) as database:
            return [
                name
                for (name,) in database.execute("SELECT DISTINCT topic FROM series ORDER BY topic")
            ]

    def extent(self, topic: str) -> Span | None:
        """Return from the first to the end of the last minute with mentions or coverage."""
        with reading(self.path) as database:
            return _extent(database, topic)

    def volumes(self, topic: str, start: datetime, end: datetime, level: Level) -> list[Volume]:
        """Return the buckets of ``topic`` in ``[start, end)`` over all its sources.

        A bucket without a mention is there only if it was watched; what is missing is a gap, or a
        minute older than minutes are kept.
        Authors are distinct within a source, and added up over sources.
        """
        left, right = seconds(level.floor(start)), -(-seconds(end) // level) * level
        with reading(self.path) as database:
            counted = database.execute(
                "SELECT time, sum(positive), sum(negative), sum(neutral), sum(unscored),"
                " sum(copies), sum(authors), sum(score)"
                " FROM bucket WHERE level = ? AND time >= ? AND time < ?"
                " AND series IN (SELECT id FROM series WHERE topic = ?) GROUP BY time",
                (int(level), left, right, topic),
            ).fetchall()
            listening = Listening(database, topic, left, right)
            since = _minutes_since(database, topic) if level is Level.MINUTE else 0
        buckets = {
            time: Volume(from_seconds(time)) for time in listening.buckets(level) if time >= since
        }
        for time, positive, negative, neutral, unscored, copies, authors, score in counted:
            buckets[time] = Volume(
                from_seconds(time),
                positive,
                negative,
                neutral,
                authors,
                score / SCORE_UNIT,
                unscored=unscored,
                copies=copies,
            )
        return [
            replace(buckets[time], coverage=listening.part(time, time + level))
            for time in sorted(buckets)
        ]

    def observations(
        self, topic: str, after: datetime | None, *, now: datetime, lateness: timedelta, limit: int
    ) -> list[Observation]:
        """Return what the detector has not seen yet: closed minutes of ``topic``, in order.

        Near-duplicates are left aside, since one text that is copied is one complaint.
        A minute is closed once every source that listens for the topic was read past it, or
        ``lateness`` after it. In a gap minutes are reported for a day at most; then time jumps to
        the next minute that was watched.

        Args:
            topic: The topic.
            after: The end of the last minute seen; None to start with the first one known.
            now: The present.
            lateness: How long to wait for a slow source.
            limit: How many minutes at most.
        """
        latest = seconds(now - lateness)
        with reading(self.path) as database:
            if (extent := _extent(database, topic)) is None:
                return []
            first = seconds(Level.MINUTE.floor(extent.start))
            first = max(first, _minutes_since(database, topic))
            start = seconds(Level.MINUTE.floor(after)) if after else first
            listening = Listening(database, topic, start, seconds(now))
            until = max(min(listening.heard_until(), seconds(now)), latest) // 60 * 60
            times = list(islice(listening.minutes(first, until), limit))
            if not times:
                return []
            counted = {
                time: counts
                for time, *counts in database.execute(
                    "SELECT time, sum(positive + negative + neutral + unscored - copies),"
                    " sum(negative - negative_copies), sum(authors)"
                    " FROM bucket WHERE level = 60 AND time >= ? AND time <= ?"
                    " AND series IN (SELECT id FROM series WHERE topic = ?) GROUP BY time",
                    (times[0], times[-1], topic),
                )
            }
        return [
            Observation(from_seconds(time), total, negative, authors, coverage)
            for time in times
            for total, negative, authors in [counted.get(time, (0, 0, 0))]
            for coverage in [listening.part(time, time + 60)]
        ]

    def verdicts(self, topic: str, start: datetime, end: datetime, level: Level) -> list[Verdict]:
        """Return what the detector said, by bucket.

        In wider buckets counts are added up; the edges of the band are combined as for independent
        minutes (the root of the sum of squared distances), score and state are the highest.
        """
        with reading(self.path) as database:
            minutes = [
                read_verdict(row)
                for row in database.execute(
                    "SELECT time, observed, expected, low, high, score, state FROM verdict"
                    " WHERE topic = ? AND time >= ? AND time < ? ORDER BY time",
                    (topic, seconds(level.floor(start)), seconds(end)),
                )
            ]
        if level is Level.MINUTE:
            return minutes
        wide: dict[datetime, list[Verdict]] = defaultdict(list)
        for verdict in minutes:
            wide[level.floor(verdict.time)].append(verdict)
        return [combine(time, group) for time, group in wide.items()]

    def incidents(
        self,
        topic: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 1_000,
        *,
        subject: Subject | None = Subject.TOPIC,
    ) -> list[Incident]:
        """Return incidents of a subject that overlap ``[start, end)``, the newest first."""
        with reading(self.path) as database:
            found = database.execute(
                f"SELECT {INCIDENT_COLUMNS} FROM incident"  # noqa: S608 - constants
                " WHERE (:topic IS NULL OR topic = :topic)"
                " AND (:subject IS NULL OR subject = :subject)"
                " AND (:end IS NULL OR opened < :end)"
                " AND (:start IS NULL OR phase != 'resolved' OR changed >= :start)"
                " ORDER BY opened DESC, id LIMIT :limit",
                {
                    "topic": topic,
                    "subject": subject,
                    "start": seconds(start) if start else None,
                    "end": seconds(end) if end else None,
                    "limit": limit,
                },
            )
            return [read_incident(row) for row in found]

    def mentions(
        self,
        topic: str,
        start: datetime,
        end: datetime,
        polarity: Polarity | None = None,
        limit: int = 50,
    ) -> list[StoredMention]:
        """Return the most telling mentions: the strongest in the direction of ``polarity``.

        Near-duplicates come after what they repeat. Without a polarity the newest come first.
        """
        order = {
            Polarity.NEGATIVE: "copy, availability DESC, score, time DESC",
            Polarity.POSITIVE: "copy, score DESC, time DESC",
        }.get(polarity or Polarity.NEUTRAL, "time DESC")
        with reading(self.path) as database:
            found = database.execute(
                f"SELECT {MENTION_COLUMNS} FROM mention JOIN series ON series.id = series"  # noqa: S608 - constants
                " WHERE topic = ? AND time >= ? AND time < ? AND withdrawn IS NULL"
                " AND (?4 IS NULL OR polarity = ?4)"
                f" ORDER BY {order}, mention.id LIMIT ?5",
                (topic, seconds(start), seconds(end), polarity, limit),
            )
            return [read_mention(*row) for row in found]

    def latest(self, since: datetime, limit: int) -> list[StoredMention]:
        """Return those of the ``limit`` mentions stored last that were said ``since``, in order.

        Those whose texts have been dropped are left out.
        """
        with reading(self.path) as database:
            found = database.execute(
                "SELECT topic, source, mention.id, time, text, url,"
                " coalesce(lower(hex(author)), ''), polarity, score, availability, scorer, copy"
                " FROM mention JOIN series ON series.id = series"
                " WHERE mention.rowid > (SELECT max(rowid) FROM mention) - ?"
                " AND text IS NOT NULL AND time >= ? ORDER BY mention.rowid",
                (limit, seconds(since)),
            ).fetchall()
        return [read_mention(*row) for row in found]

    def events(self, topic: str, start: datetime, end: datetime) -> list[Event]:
        """Return the events of ``topic``, and those of all topics, in the order of time."""
        with reading(self.path) as database:
            return [
                Event(
                    id=identity,
                    kind=kind,
                    title=title,
                    time=from_seconds(time),
                    topic=of,
                    text=text,
                    url=url,
                    end=from_seconds(ended) if ended is not None else None,
                )
                for identity, kind, title, time, of, text, url, ended in database.execute(
                    "SELECT id, kind, title, time, topic, text, url, end FROM event"
                    " WHERE topic IN (?, '') AND time < ? AND coalesce(end, time) >= ?"
                    " ORDER BY time, id",
                    (topic, seconds(end), seconds(start)),
                )
            ]

    def sources(self) -> list[SourceHealth]:
        """Return how every source is, in alphabetical order."""
        with reading(self.path) as database:
            return [
                SourceHealth(
                    source=source,
                    ok=bool(ok),
                    reason=reason,
                    kind=kind,
                    tried=from_seconds(tried),
                    heard=from_seconds(heard) if heard is not None else None,
                    items=items,
                    lag=lag,
                )
                for source, ok, kind, reason, tried, heard, items, lag in database.execute(
                    "SELECT source, ok, kind, reason, tried, heard, items, lag FROM health"
                    " ORDER BY source"
                )
            ]

    def gaps(self, start: datetime, end: datetime) -> dict[str, list[Span]]:
        """Return when each source was not listened to in ``[start, end)``, in the order of time.

        These are stretches between two that were watched: what a source could no longer give when
        it was asked again. A source without any is not in it.
        """
        found: defaultdict[str, list[Span]] = defaultdict(list)
        with reading(self.path) as database:
            for source, left, right in coverage.gaps(database, seconds(start), seconds(end)):
                found[source].append(Span(from_seconds(left), from_seconds(right)))
        return dict(found)

    def delivery(self) -> DeliveryHealth:
        """Return how the delivery to InfluxDB is."""
        with reading(self.path) as database:
            pending, refused = database.execute(
                "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM refused)"
            ).fetchone()
            meta = dict(
                database.execute(
                    "SELECT key, value FROM meta WHERE key IN ('delivered', 'problem')"
                )
            )
        delivered = meta.get("delivered")
        return DeliveryHealth(
            pending=pending,
            refused=refused,
            delivered=from_seconds(int(delivered)) if delivered else None,
            problem=meta.get("problem", ""),
        )

    def refused(self, limit: int = 20) -> list[tuple[str, str]]:
        """Return lines that InfluxDB refused, with its reasons, the newest first."""
        with reading(self.path) as database:
            return database.execute(
                "SELECT line, reason FROM refused ORDER BY id DESC LIMIT ?", (limit,)
            ).fetchall()

    def refused_since(self, start: datetime) -> tuple[int, str]:
        """Return how many lines InfluxDB has refused since then, and why the latest."""
        with reading(self.path) as database:
            (count,) = database.execute(
                "SELECT count(*) FROM refused WHERE time >= ?", (seconds(start),)
            ).fetchone()
            latest = database.execute("SELECT reason FROM refused ORDER BY id DESC LIMIT 1")
            return count, latest.fetchone()[0] if count else ""

    def unsent(self, limit: int = 20) -> list[tuple[str, str, bool]]:
        """Return channel, last error and whether it is still tried, of what did not arrive."""
        with reading(self.path) as database:
            return [
                (channel, error, bool(tried))
                for channel, error, tried in database.execute(
                    "SELECT channel, error, due IS NOT NULL FROM notification"
                    " WHERE sent IS NULL AND error != '' ORDER BY row DESC LIMIT ?",
                    (limit,),
                )
            ]

    def records(self, incident: str) -> list[Record]:
        """Return each step in an incident's life, in order."""
        with reading(self.path) as database:
            found = database.execute(
                "SELECT time, step, phase, reason, url, until, told FROM change"
                " WHERE incident = ? ORDER BY row",
                (incident,),
            )
            return [read_record(row) for row in found]

    def changes(self, incident: str) -> list[tuple[datetime, str, str]]:
        """Return time, phase and reason of each step in an incident's life, in order."""
        with reading(self.path) as database:
            return [
                (from_seconds(time), phase, reason)
                for time, phase, reason in database.execute(
                    "SELECT time, phase, reason FROM change WHERE incident = ? ORDER BY row",
                    (incident,),
                )
            ]


def _minutes_since(database: sqlite3.Connection, topic: str) -> int:
    """Return from when on minutes are kept of a topic; those of an archive always are."""
    found = database.execute(
        "SELECT value FROM meta WHERE key = 'minutes_since'"
        " AND EXISTS (SELECT 1 FROM series JOIN cursor USING (source) WHERE topic = ?)",
        (topic,),
    ).fetchone()
    return int(found[0]) if found else 0


def _extent(database: sqlite3.Connection, topic: str) -> Span | None:
    found = database.execute(
        "SELECT (SELECT min(time) FROM bucket WHERE level = 60 AND series = id),"
        " (SELECT max(time) + 60 FROM bucket WHERE level = 60 AND series = id),"
        " max((SELECT min(start) FROM coverage WHERE coverage.source = series.source), since),"
        " (SELECT end FROM coverage WHERE coverage.source = series.source AND end > since"
        "  ORDER BY start DESC LIMIT 1)"
        " FROM series WHERE topic = ?",
        (topic,),
    ).fetchall()
    starts, ends = [], []
    for counted_from, counted_to, heard_from, heard_to in found:
        if counted_from is not None:
            starts.append(counted_from)
            ends.append(counted_to)
        if heard_to is not None:
            starts.append(heard_from)
            ends.append(heard_to)
    return Span(from_seconds(min(starts)), from_seconds(max(ends))) if starts else None


def read_mention(*row: object) -> StoredMention:
    """Return the mention in a row of ``MENTION_COLUMNS``."""
    topic, source, identity, time, text, url, author = row[:7]
    polarity, score, availability, scorer, copy = row[7:]
    return StoredMention(
        topic=str(topic),
        source=str(source),
        id=str(identity),
        time=from_seconds(int(str(time))),
        text=str(text),
        url=str(url),
        author=str(author),
        polarity=Polarity(str(polarity)),
        compound=int(str(score)) / SCORE_UNIT,
        availability=bool(availability),
        scorer=str(scorer),
        copy=bool(copy),
    )


def combine(time: datetime, group: Sequence[Verdict]) -> Verdict:
    """Return one verdict for several minutes, as ``Reader.verdicts`` describes it."""
    expected = sum(v.expected for v in group)
    below = sum((v.expected - v.low) ** 2 for v in group) ** 0.5
    above = sum((v.high - v.expected) ** 2 for v in group) ** 0.5
    return Verdict(
        time=time,
        observed=sum(v.observed for v in group),
        expected=expected,
        low=max(expected - below, 0.0),
        high=expected + above,
        score=max(v.score for v in group),
        state=max(v.state for v in group),
    )
