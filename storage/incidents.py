"""The detector's state, incidents with every step of their life, and what must be announced.

One look of the detector is one transaction: its verdicts, its state, the changes of incidents and
the notifications. So each change is announced once, whatever crashes in between.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from signals import (
    Change,
    Incident,
    Notification,
    Phase,
    Severity,
    State,
    Step,
    Subject,
    Verdict,
    from_seconds,
    seconds,
)
from storage.texts import storable_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from storage.database import Database

INCIDENT_COLUMNS = (
    "id, topic, phase, opened, changed, last_seen, reopened, worst, subject, severity"
)


class Record(NamedTuple):
    """One step of an incident's life, as it was recorded.

    Attributes:
        time: When it was.
        step: What happened.
        phase: Where the incident stood after it.
        reason: Why, in one sentence.
        url: Where a person can see more; empty if there is no page.
        until: How long an acknowledgement or a snooze holds; None for ever.
        told: Whether people were told; None while it is held back.
    """

    time: datetime
    step: Step
    phase: Phase
    reason: str
    url: str
    until: datetime | None
    told: bool | None


class Recorded(NamedTuple):
    """An incident as it stands, and all its steps, the oldest first."""

    incident: Incident
    records: tuple[Record, ...]


class IncidentLog:
    """Writes what the detector finds."""

    def __init__(self, database: Database) -> None:
        """Work on an open journal."""
        self._database = database

    def detector(self, topic: str) -> tuple[str | None, datetime | None]:
        """Return the detector's saved state and the end of what it has seen."""
        found = self._database.query("SELECT state, until FROM detector WHERE topic = ?", (topic,))
        return (found[0][0], from_seconds(found[0][1])) if found else (None, None)

    def latest(self, topic: str, subject: Subject = Subject.TOPIC) -> Recorded | None:
        """Return the latest incident of a topic or a source, open or resolved."""
        found = self._database.query(
            f"SELECT {INCIDENT_COLUMNS} FROM incident WHERE topic = ? AND subject = ?"  # noqa: S608 - constants
            " ORDER BY opened DESC LIMIT 1",
            (topic, subject),
        )
        return self._recorded(found[0]) if found else None

    def held(self, topic: str, subject: Subject = Subject.TOPIC) -> list[Recorded]:
        """Return the incidents of which people have yet to be told something, the oldest first."""
        found = self._database.query(
            f"SELECT {INCIDENT_COLUMNS} FROM incident WHERE topic = ? AND subject = ?"  # noqa: S608 - constants
            " AND id IN (SELECT incident FROM change WHERE told IS NULL) ORDER BY opened",
            (topic, subject),
        )
        return [self._recorded(row) for row in found]

    def find(self, identity: str) -> Recorded | None:
        """Return the incident with that id; None if there is none."""
        found = self._database.query(
            f"SELECT {INCIDENT_COLUMNS} FROM incident WHERE id = ?",  # noqa: S608 - constants
            (identity,),
        )
        return self._recorded(found[0]) if found else None

    def near(self, incident: Incident, within: timedelta) -> str:
        """Return the cluster of the open incidents of other topics that opened within this time.

        A cluster has the id of the first incident in it. Empty if there is no such incident.
        """
        found = self._database.query(
            "SELECT CASE cluster WHEN '' THEN id ELSE cluster END FROM incident"
            " WHERE subject = 'topic' AND phase = 'confirmed' AND topic != ?"
            " AND abs(opened - ?) <= ? ORDER BY opened, id LIMIT 1",
            (incident.topic, seconds(incident.opened), round(within.total_seconds())),
        )
        return str(found[0][0]) if found else ""

    def note(
        self,
        change: Change,
        until: datetime | None,
        notifications: Sequence[Notification],
        now: datetime,
    ) -> None:
        """Store what somebody decided about an incident, which stands as it stood.

        Args:
            change: What was decided.
            until: How long it holds; None for ever.
            notifications: What to announce, to be sent from now on.
            now: The present.
        """
        with self._database.transaction():
            self._change(change, told=True, until=until)
            self._announce(notifications, now)

    def _recorded(self, row: IncidentRow) -> Recorded:
        found = self._database.query(
            "SELECT time, step, phase, reason, url, until, told FROM change"
            " WHERE incident = ? ORDER BY row",
            (row[0],),
        )
        return Recorded(read_incident(row), tuple(read_record(each) for each in found))

    def record(  # noqa: PLR0913 - what one look yields is stored together
        self,
        topic: str,
        state: str | None,
        until: datetime,
        *,
        verdicts: Sequence[Verdict] = (),
        incidents: Sequence[Incident] = (),
        clusters: Mapping[str, str] | None = None,
        changes: Sequence[Change] = (),
        told: Mapping[str, bool | None] | None = None,
        notifications: Sequence[Notification] = (),
        now: datetime,
    ) -> None:
        """Store one look of the detector at ``topic``.

        Args:
            topic: What was looked at.
            state: The detector's state after it; None if no detector looked.
            until: The end of the last bucket that was looked at.
            verdicts: One for each bucket.
            incidents: Incidents as they stand after it, also those without a change.
            clusters: With whose id an incident fell together, by its own id.
            changes: The steps in their lives.
            told: Whether people are told of a change, by its id, also of those held back before;
                None while it is held back. What is not named is told.
            notifications: What to announce, to be sent from now on.
            now: The present.
        """
        with self._database.transaction():
            if state is not None:
                self._database.execute(
                    "INSERT OR REPLACE INTO detector VALUES (?, ?, ?)",
                    (topic, seconds(until), state),
                )
            self._database.executemany(
                "INSERT OR IGNORE INTO verdict"
                " (topic, time, observed, expected, low, high, score, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(topic, *_verdict_values(verdict)) for verdict in verdicts],
            )
            for incident in incidents:
                self._stand(incident)
            for identity, cluster in (clusters or {}).items():
                self._database.execute(
                    "UPDATE incident SET cluster = ?1 WHERE id IN (?1, ?2)", (cluster, identity)
                )
            for change in changes:
                self._change(change, told=None)
            decided = {change.id: True for change in changes} | dict(told or {})
            self._database.executemany(
                "UPDATE change SET told = ? WHERE id = ? AND told IS NULL",
                [(is_told, identity) for identity, is_told in decided.items()],
            )
            self._announce(notifications, now)

    def announce(self, notifications: Sequence[Notification], now: datetime) -> None:
        """Store notifications that belong to no incident, to be sent from now on."""
        with self._database.transaction():
            self._announce(notifications, now)

    def due(self, now: datetime) -> list[Notification]:
        """Return the notifications that should be tried now, the oldest first.

        One waits while an older one of its incident has yet to reach the same channel, so that
        nobody hears of the end before the beginning. A batch waits as a whole.
        """
        found = self._database.query(
            "SELECT id, channel, body, attempts, incident, batch FROM notification AS this"
            " WHERE due <= ? AND NOT EXISTS (SELECT 1 FROM notification AS member"
            " JOIN notification AS older ON older.due IS NOT NULL"
            " AND older.channel = member.channel AND older.incident = member.incident"
            " AND older.row < member.row AND (older.batch = '' OR older.batch != this.batch)"
            " WHERE member.incident != '' AND (member.row = this.row"
            " OR (this.batch != '' AND member.due IS NOT NULL AND member.batch = this.batch)))"
            " ORDER BY created, row",
            (seconds(now),),
        )
        return [
            Notification(identity, channel, body, attempts, incident, batch=batch)
            for identity, channel, body, attempts, incident, batch in found
        ]

    def sent(self, batch: Sequence[Notification], now: datetime) -> None:
        """Note that the receiver has what was sent as one; it is never sent again."""
        self._settle(batch, due=None, sent=seconds(now), error="")

    def postpone(self, batch: Sequence[Notification], due: datetime, error: str) -> None:
        """Note that an attempt failed, and when to try again."""
        self._settle(batch, due=seconds(due), sent=None, error=error)

    def give_up(self, batch: Sequence[Notification], error: str) -> None:
        """Note that it will not be tried again."""
        self._settle(batch, due=None, sent=None, error=error)

    def _stand(self, incident: Incident) -> None:
        self._database.execute(
            f"INSERT INTO incident ({INCIDENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
            " ON CONFLICT (id) DO UPDATE SET phase = excluded.phase,"
            " changed = excluded.changed, last_seen = excluded.last_seen,"
            " reopened = excluded.reopened, worst = excluded.worst",
            _incident_values(incident),
        )

    def _change(self, change: Change, *, told: bool | None, until: datetime | None = None) -> None:
        self._database.execute(
            "INSERT OR IGNORE INTO change"
            " (id, incident, phase, time, reason, url, step, until, told)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                change.id,
                change.incident.id,
                change.incident.phase.value,
                seconds(change.time),
                storable_line(change.reason),
                change.url,
                change.step.value,
                seconds(until) if until else None,
                told,
            ),
        )

    def _announce(self, notifications: Sequence[Notification], now: datetime) -> None:
        for each in notifications:
            batch, due = self._place(each, seconds(now))
            self._database.execute(
                "INSERT OR IGNORE INTO notification"
                " (id, channel, incident, body, created, attempts, due, error, batch)"
                " VALUES (?, ?, ?, ?, ?, 0, ?, '', ?)",
                (each.id, each.channel, each.incident, each.body, seconds(now), due, batch),
            )

    def _place(self, notification: Notification, at: int) -> tuple[str, int]:
        """Return the batch that a new message belongs to, and when that is due.

        A batch is open until it is due; the first message that finds none opens one.
        """
        if notification.digest is None:
            return "", at
        found = self._database.execute(
            "SELECT batch, due FROM notification"
            " WHERE channel = ? AND batch != '' AND attempts = 0 AND due > ?"
            " ORDER BY row DESC LIMIT 1",
            (notification.channel, at),
        ).fetchone()
        return found or (notification.id, at + round(notification.digest.total_seconds()))

    def _settle(
        self, batch: Sequence[Notification], *, due: int | None, sent: int | None, error: str
    ) -> None:
        with self._database.transaction():
            self._database.executemany(
                "UPDATE notification SET attempts = attempts + 1, due = ?, sent = ?, error = ?"
                " WHERE id = ?",
                [(due, sent, error, each.id) for each in batch],
            )


IncidentRow = tuple[str, str, str, int, int, int | None, int, str, str, str]


def read_incident(row: IncidentRow) -> Incident:
    """Return the incident in a row of ``INCIDENT_COLUMNS``."""
    identity, topic, phase, opened, changed, last_seen, reopened, worst, subject, severity = row
    return Incident(
        id=identity,
        topic=topic,
        phase=Phase(phase),
        opened=from_seconds(opened),
        changed=from_seconds(changed),
        worst=read_verdict(json.loads(worst)),
        reopened=reopened,
        last_seen=from_seconds(last_seen) if last_seen is not None else None,
        subject=Subject(subject),
        severity=Severity(severity),
    )


def read_record(row: tuple[int, str, str, str, str, int | None, int | None]) -> Record:
    """Return the step in a row ``time, step, phase, reason, url, until, told``."""
    time, step, phase, reason, url, until, told = row
    return Record(
        from_seconds(time),
        Step(step),
        Phase(phase),
        reason,
        url,
        from_seconds(until) if until is not None else None,
        bool(told) if told is not None else None,
    )


def read_verdict(row: Sequence[float]) -> Verdict:
    """Return the verdict in a row ``time, observed, expected, low, high, score, state``."""
    time, observed, expected, low, high, score, state = row
    return Verdict(from_seconds(time), observed, expected, low, high, score, State(int(state)))


def _verdict_values(verdict: Verdict) -> tuple[float, ...]:
    return (
        seconds(verdict.time),
        verdict.observed,
        verdict.expected,
        verdict.low,
        verdict.high,
        verdict.score,
        int(verdict.state),
    )


def _incident_values(incident: Incident) -> tuple[str | int | None, ...]:
    return (
        incident.id,
        incident.topic,
        incident.phase.value,
        seconds(incident.opened),
        seconds(incident.changed),
        seconds(incident.last_seen) if incident.last_seen else None,
        incident.reopened,
        json.dumps(_verdict_values(incident.worst)),
        incident.subject.value,
        incident.severity.value,
    )
