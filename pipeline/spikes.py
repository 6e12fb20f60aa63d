"""The way of a spike: closed minutes -> verdicts -> incidents -> notifications, stored as one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import alerts
from signals import BUCKET, Phase, Span, State, iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alerts import Channel, Detector
    from settings import Detection
    from signals import Change, Incident, Notification, Observation, Verdict
    from storage import Journal, Reader

NEWS = timedelta(hours=1)
"""An incident that was over longer ago than this before hubbub could look is history, not news."""

MONTH = 43_200
"""Minutes that one look judges at most, so that the journal's thread is soon free again."""

AROUND = timedelta(hours=1)
"""How much before and after an incident the page shows when a message leads there."""

EVIDENCE = timedelta(minutes=10)
"""How far before an incident's first bucket its evidence begins."""


class SpikeWatch:
    """Looks at each topic's new minutes. Blocking; call it from the journal's thread."""

    def __init__(
        self,
        settings: Detection,
        journal: Journal,
        reader: Reader,
        channels: Sequence[Channel],
        page_url: str,
    ) -> None:
        """Write what is found to ``journal``, to be announced on ``channels``."""
        self._settings = settings
        self._journal = journal
        self._reader = reader
        self._channels = channels
        self._page_url = page_url
        self._detectors: dict[str, tuple[Detector, datetime | None]] = {}
        # What was history when it was found, of the incident that is still open, by topic.
        self._untold: dict[str, Change] = {}

    def look(self, topic: str, now: datetime) -> list[Change]:
        """Judge the minutes of ``topic`` that closed since the last look, a ``MONTH`` at most.

        Returns:
            The changes of incidents, which are stored and, as far as they are news, announced.

        Raises:
            StateError: The detector's saved state cannot be used.
            StoreError: The journal cannot be used; the next look goes on from what it holds.
        """
        # Taken out while in use: should storing fail, the saved state is the truth.
        detector, after = (
            self._detectors.pop(topic) if topic in self._detectors else self._restore(topic)
        )
        observations = self._reader.observations(
            topic, after, now=now, lateness=self._settings.lateness, limit=MONTH
        )
        changes: list[Change] = []
        if observations:
            changes = self._judge(topic, detector, observations, now)
            after = observations[-1].time + BUCKET
        self._detectors[topic] = (detector, after)
        return changes

    def _restore(self, topic: str) -> tuple[Detector, datetime | None]:
        state, until = self._journal.incidents.detector(topic)
        return alerts.create(self._settings, state), until

    def _judge(
        self, topic: str, detector: Detector, observations: Sequence[Observation], now: datetime
    ) -> list[Change]:
        before = self._journal.incidents.latest(topic)
        incident = before
        verdicts: list[Verdict] = []
        incidents: dict[str, Incident] = {}
        changes: list[Change] = []
        for observation in observations:
            verdict = detector.step(observation)
            if observation.coverage > 0:
                verdicts.append(verdict)
            incident, change = alerts.advance(
                topic, incident, verdict, detector.unheard, self._settings
            )
            if incident is not None:
                incidents[incident.id] = incident
            if change is not None:
                changes.append(replace(change, url=self._address(change)))
        told, untold = self._sift(topic, before, incidents, changes, now)
        self._journal.incidents.record(
            topic,
            detector.dump(),
            observations[-1].time + BUCKET,
            verdicts=verdicts,
            incidents=list(incidents.values()),
            changes=changes,
            notifications=[
                notification for change in told for notification in self._notifications(change)
            ],
            now=now,
        )
        self._untold.pop(topic, None)
        if untold is not None:
            self._untold[topic] = untold
        return changes

    def _sift(
        self,
        topic: str,
        before: Incident | None,
        incidents: Mapping[str, Incident],
        changes: Sequence[Change],
        now: datetime,
    ) -> tuple[list[Change], Change | None]:
        """Part news from history that was only caught up with.

        Whoever was told of an incident is told of its end, however long ago that was. After a
        restart that is taken to hold for the open incident.

        Args:
            topic: The topic.
            before: Its latest incident before this look.
            incidents: The incidents as they stand after it, by id.
            changes: What this look found.
            now: The present.

        Returns:
            The changes to announce, and the one that will be news should its incident, which is
            open at the end of what could be looked at, turn out to go on.
        """
        held = self._untold.get(topic)
        known = before.id if before and held is None and _was_announced(before) else ""
        news: list[Change] = []
        history: Change | None = None
        for change in [*([held] if held else []), *changes]:
            latest = incidents[change.incident.id]
            if not alerts.announced(change):
                continue
            if latest.id == known or _is_recent(latest, now):
                news.append(change)
            elif latest.phase is not Phase.RESOLVED:
                history = change
        return news, history

    def _address(self, change: Change) -> str:
        """Return where the page shows the topic around the incident; nothing without a page."""
        if not self._page_url:
            return ""
        around = {"from": change.incident.opened - AROUND, "to": change.time + AROUND}
        query = urlencode({name: iso(instant) for name, instant in around.items()})
        return f"{self._page_url}/topics/{quote(change.incident.topic, safe='')}?{query}"

    def _notifications(self, change: Change) -> list[Notification]:
        window = Span(change.incident.opened - EVIDENCE, change.time + BUCKET)
        evidence = self._reader.evidence(change.incident.topic, window)
        return [
            alerts.notification(channel, change, evidence, change.url) for channel in self._channels
        ]


def _was_announced(incident: Incident) -> bool:
    return incident.phase is not Phase.RESOLVED and incident.worst.state is State.CONFIRMED


def _is_recent(incident: Incident, now: datetime) -> bool:
    """Tell whether an incident that was just found goes on, or was over a short while ago."""
    over = incident.phase is Phase.RESOLVED
    seen = incident.changed if over else incident.last_seen or incident.changed
    return now - seen <= NEWS
