"""The detector's state, incidents with every step of their life, and what must be announced.

One look of the detector is one transaction: its verdicts, its state, the changes of incidents and
the notifications. So each change is announced once, whatever crashes in between.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from signals import Incident, Notification, Phase, State, Verdict, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from signals import Change
    from storage.database import Database

INCIDENT_COLUMNS = "id, topic, phase, opened, changed, last_seen, reopened, worst"


class IncidentLog:
    """Writes what the detector finds."""

    def __init__(self, database: Database) -> None:
        """Work on an open journal."""
        self._database = database

    def detector(self, topic: str) -> tuple[str | None, datetime | None]:
        """Return the detector's saved state and the end of what it has seen."""
        found = self._database.query("SELECT state, until FROM detector WHERE topic = ?", (topic,))
        return (found[0][0], from_seconds(found[0][1])) if found else (None, None)

    def latest(self, topic: str) -> Incident | None:
        """Return the topic's latest incident, open or resolved."""
        found = self._database.query(
            f"SELECT {INCIDENT_COLUMNS} FROM incident WHERE topic = ?"  # noqa: S608 - constants
            " ORDER BY opened DESC LIMIT 1",
            (topic,),
        )
        return read_incident(found[0]) if found else None

    def record(  # noqa: PLR0913 - what one look yields is stored together
        self,
        topic: str,
        state: str,
        until: datetime,
        *,
        verdicts: Sequence[Verdict] = (),
        incidents: Sequence[Incident] = (),
        changes: Sequence[Change] = (),
        notifications: Sequence[Notification] = (),
        now: datetime,
    ) -> None:
        """Store one look of the detector at ``topic``.

        Args:
            topic: What was looked at.
            state: The detector's state after it.
            until: The end of the last bucket that was looked at.
            verdicts: One for each bucket.
            incidents: Incidents as they stand after it, also those without a change.
            changes: The steps in their lives.
            notifications: What to announce, to be sent from now on.
            now: The present.
        """
        with self._database.transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO detector VALUES (?, ?, ?)", (topic, seconds(until), state)
            )
            self._database.executemany(
                "INSERT OR IGNORE INTO verdict"
                " (topic, time, observed, expected, low, high, score, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(topic, *_verdict_values(verdict)) for verdict in verdicts],
            )
            self._database.executemany(
                f"INSERT INTO incident ({INCIDENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
                " ON CONFLICT (id) DO UPDATE SET phase = excluded.phase,"
                " changed = excluded.changed, last_seen = excluded.last_seen,"
                " reopened = excluded.reopened, worst = excluded.worst",
                [_incident_values(incident) for incident in incidents],
            )
            self._database.executemany(
                "INSERT OR IGNORE INTO change (id, incident, phase, time, reason, url)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (c.id, c.incident.id, c.incident.phase.value, seconds(c.time), c.reason, c.url)
                    for c in changes
                ],
            )
            self._announce(notifications, now)

    def announce(self, notifications: Sequence[Notification], now: datetime) -> None:
        """Store notifications that belong to no incident, to be sent from now on."""
        with self._database.transaction():
            self._announce(notifications, now)

    def due(self, now: datetime) -> list[Notification]:
        """Return the notifications that should be tried now, the oldest first.

        One waits while an older one of its incident has yet to reach the same channel, so that
        nobody hears of the end before the beginning.
        """
        found = self._database.query(
            "SELECT id, channel, body, attempts, incident FROM notification AS this"
            " WHERE due <= ? AND NOT EXISTS (SELECT 1 FROM notification AS older"
            " WHERE older.due IS NOT NULL AND older.channel = this.channel"
            " AND older.incident = this.incident AND older.incident != ''"
            " AND older.row < this.row) ORDER BY created, row",
            (seconds(now),),
        )
        return [Notification(*row) for row in found]

    def sent(self, notification: Notification, now: datetime) -> None:
        """Note that the receiver has it; it is never sent again."""
        self._settle(notification, due=None, sent=seconds(now), error="")

    def postpone(self, notification: Notification, due: datetime, error: str) -> None:
        """Note that an attempt failed, and when to try again."""
        self._settle(notification, due=seconds(due), sent=None, error=error)

    def give_up(self, notification: Notification, error: str) -> None:
        """Note that it will not be tried again."""
        self._settle(notification, due=None, sent=None, error=error)

    def _announce(self, notifications: Sequence[Notification], now: datetime) -> None:
        at = seconds(now)
        self._database.executemany(
            "INSERT OR IGNORE INTO notification"
            " (id, channel, incident, body, created, attempts, due, error)"
            " VALUES (?, ?, ?, ?, ?, 0, ?, '')",
            [(n.id, n.channel, n.incident, n.body, at, at) for n in notifications],
        )

    def _settle(
        self, notification: Notification, *, due: int | None, sent: int | None, error: str
    ) -> None:
        with self._database.transaction():
            self._database.execute(
                "UPDATE notification SET attempts = attempts + 1, due = ?, sent = ?, error = ?"
                " WHERE id = ?",
                (due, sent, error, notification.id),
            )


def read_incident(row: tuple[str, str, str, int, int, int | None, int, str]) -> Incident:
    """Return the incident in a row of ``INCIDENT_COLUMNS``."""
    identity, topic, phase, opened, changed, last_seen, reopened, worst = row
    return Incident(
        id=identity,
        topic=topic,
        phase=Phase(phase),
        opened=from_seconds(opened),
        changed=from_seconds(changed),
        worst=read_verdict(json.loads(worst)),
        reopened=reopened,
        last_seen=from_seconds(last_seen) if last_seen is not None else None,
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
    )
