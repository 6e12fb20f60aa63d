"""When each source is asked next, as it stands; ``service.pace`` has the rules."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from collectors import Blocked, Silent, SourceError, streams
from service.pace import LONGEST_PAUSE, pace, pause

if TYPE_CHECKING:
    from datetime import timedelta

    from collectors import Collector

RESTART = 1.0
"""Seconds before a stream that ended is begun again, the first time."""


class Timing:
    """Keeps the times by the monotonic clock.

    Attributes:
        alarmed: The topics that are in an incident.
        brought: When each source last brought a mention that was not known.
    """

    def __init__(self) -> None:
        """Let everybody be asked at once."""
        self.alarmed: frozenset[str] = frozenset()
        self.brought: dict[str, datetime] = {}
        self._random = random.SystemRandom()
        self._begun: dict[str, float] = {}
        self._resume: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    def begin(self, source: str) -> float:
        """Note that a call of ``source`` begins, and return when."""
        self._begun[source] = time.monotonic()
        return self._begun[source]

    def well(self, collector: Collector) -> None:
        """Note that ``collector`` was heard just now; a stream is well once it ran for a while."""
        source = collector.source
        self._resume.pop(source, None)
        steady = collector.interval.total_seconds() if streams(collector) else 0.0
        if time.monotonic() - self._begun[source] >= steady:
            self._failures.pop(source, None)

    def failed(self, collector: Collector, error: Exception) -> None:
        """Note that a call of ``collector`` ended with ``error``; leave it alone accordingly."""
        if isinstance(error, Silent):
            return  # it answers, so its ordinary pace will do
        source = collector.source
        failures = self._failures[source] = self._failures.get(source, 0) + 1
        base = RESTART if streams(collector) else collector.interval.total_seconds()
        seconds = pause(base, failures, self._random)
        asked = error.retry_after if isinstance(error, SourceError) else None
        if isinstance(error, Blocked) and asked is None:
            asked = LONGEST_PAUSE
        self.hold(source, max(seconds, asked or 0.0))

    def hold(self, source: str, seconds: float) -> None:
        """Leave ``source`` alone for so long."""
        self._resume[source] = time.monotonic() + seconds

    def held(self, source: str) -> float:
        """Return for how many seconds ``source`` is to be left alone, whatever its pace."""
        return max(self._resume.get(source, 0.0) - time.monotonic(), 0.0)

    def left(self, collector: Collector) -> float:
        """Return in how many seconds to ask ``collector``; 0 if it is due."""
        held = self.held(collector.source)
        every = self.pace(collector)
        if every is None or collector.source not in self._begun:
            return held
        due = self._begun[collector.source] + every.total_seconds()
        return max(held, due - time.monotonic())

    def pace(self, collector: Collector) -> timedelta | None:
        """Return how often ``collector`` is asked at present; None for a stream."""
        if streams(collector):
            return None
        now = datetime.now(UTC)
        idle = now - self.brought.get(collector.source, now)
        return pace(collector, idle=idle, alarmed=bool(collector.topics & self.alarmed))
