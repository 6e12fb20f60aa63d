"""The way of a spike: closed minutes -> verdicts -> incidents -> notifications, stored as one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import alerts
from signals import BUCKET, Phase, Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts import Channel, Detector
    from settings import Detection
    from signals import Change, Incident, Notification, Observation, Verdict
    from storage import Journal, Reader

NEWS = timedelta(hours=1)
"""An incident that was over longer ago than this before hubbub could look is history, not news."""

MONTH = 43_200
"""Minutes that are looked at, and stored, together."""

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

    def look(self, topic: str, now: datetime) -> list[Change]:
        """Judge every minute of ``topic`` that closed since the last look.

        Returns:
            The changes of incidents, which are stored and will be announced.
        """
        changes: list[Change] = []
        while True:
            # Taken out while in use: should storing fail, the saved state is the truth.
            detector, after = (
                self._detectors.pop(topic) if topic in self._detectors else self._restore(topic)
            )
            observations = self._reader.observations(
                topic, after, now=now, lateness=self._settings.lateness, limit=MONTH
            )
            if observations:
                changes += self._judge(topic, detector, observations, now)
                after = observations[-1].time + BUCKET
            self._detectors[topic] = (detector, after)
            if len(observations) < MONTH:
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
                changes.append(change)
        self._journal.incidents.record(
            topic,
            detector.dump(),
            observations[-1].time + BUCKET,
            verdicts=verdicts,
            incidents=list(incidents.values()),
            changes=changes,
            notifications=[
                notification
                for change in changes
                if alerts.announced(change) and _is_news(incidents[change.incident.id], before, now)
                for notification in self._notifications(change)
            ],
            now=now,
        )
        return changes

    def _notifications(self, change: Change) -> list[Notification]:
        window = Span(change.incident.opened - EVIDENCE, change.time + BUCKET)
        evidence = self._reader.evidence(change.incident.topic, window)
        return [
            alerts.notification(channel, change, evidence, self._page_url)
            for channel in self._channels
        ]


def _is_news(latest: Incident, before: Incident | None, now: datetime) -> bool:
    """Tell whether an incident is worth a message, or only history that was caught up with.

    Args:
        latest: The incident as it stands after this look.
        before: The topic's latest incident before it.
        now: The present.
    """
    if before is not None and before.id == latest.id and before.phase is not Phase.RESOLVED:
        return True
    over = latest.phase is Phase.RESOLVED
    seen = latest.changed if over else latest.last_seen or latest.changed
    return now - seen <= NEWS
