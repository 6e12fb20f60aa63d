"""The way of a spike: closed minutes -> verdicts -> incidents -> notifications, stored as one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import alerts
from pipeline.lives import Lives
from pipeline.messenger import Messenger
from signals import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from alerts import Channel, Detector
    from settings import Detection, Maintenance
    from signals import Change, Observation, Topic, Verdict
    from storage import Journal, Reader

MONTH = 43_200
"""Minutes that one look judges at most, so that the journal's thread is soon free again."""


class SpikeWatch:
    """Looks at each topic's new minutes. Blocking; call it from the journal's thread."""

    def __init__(  # noqa: PLR0913 - all that a message is made of
        self,
        settings: Detection,
        journal: Journal,
        reader: Reader,
        channels: Sequence[Channel],
        page_url: str,
        *,
        topics: Iterable[Topic] = (),
        maintenance: Sequence[Maintenance] = (),
    ) -> None:
        """Write what is found to ``journal``, to be announced on ``channels``.

        The terms of ``topics`` are no telling words of a message; during ``maintenance`` nothing is
        announced.
        """
        messenger = Messenger(journal.path, channels, page_url, topics)
        self._lives = Lives(journal, messenger, maintenance)
        self._settings = settings
        self._journal = journal
        self._reader = reader
        self._detectors: dict[str, tuple[Detector, datetime | None]] = {}

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
        try:
            return alerts.create(self._settings, state), until
        except alerts.OutdatedState:
            return self._learn_anew(topic, until), until

    def _learn_anew(self, topic: str, until: datetime | None) -> Detector:
        """Return a new detector that knows what the old one, of an earlier version, has seen.

        Its verdicts are not recorded: what was said of that time stays said.
        """
        detector = alerts.create(self._settings)
        after = None
        while until is not None and (
            seen := self._reader.observations(
                topic, after, now=until, lateness=timedelta(0), limit=MONTH
            )
        ):
            for observation in seen:
                detector.step(observation)
            after = seen[-1].time + BUCKET
        return detector

    def _judge(
        self, topic: str, detector: Detector, observations: Sequence[Observation], now: datetime
    ) -> list[Change]:
        about = alerts.About(topic)
        life = self._lives.latest(about)
        verdicts: list[Verdict] = []
        lives: dict[str, alerts.Life] = {}
        changes: list[Change] = []
        for observation in observations:
            verdict = detector.step(observation)
            if observation.coverage > 0:
                verdicts.append(verdict)
            sign = alerts.Sign(verdict, detector.unheard, shifted=detector.shifted)
            life, change = alerts.advance(about, life, sign, self._settings)
            if life is not None:
                lives[life.incident.id] = life
            if change is not None:
                changes.append(change)
        return self._lives.record(
            about,
            lives,
            changes,
            now,
            state=detector.dump(),
            until=observations[-1].time + BUCKET,
            verdicts=verdicts,
        )
