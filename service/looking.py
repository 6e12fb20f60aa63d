"""Looking for spikes, topic by topic."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from alerts import StateError
from service.pace import alarmed
from storage import Reader

if TYPE_CHECKING:
    from pipeline import SpikeWatch
    from service.collecting import Collecting
    from service.health import Health
    from service.writing import Writing

log = structlog.get_logger()


class Looking:
    """Looks at every topic; one that cannot be looked at harms no other.

    Attributes:
        progress: When a topic was last done with, on the monotonic clock.
    """

    def __init__(
        self, watch: SpikeWatch, writing: Writing, health: Health, collecting: Collecting
    ) -> None:
        """Look with ``watch`` at what ``collecting`` has heard."""
        self.progress = time.monotonic()
        self._watch = watch
        self._reader = Reader(writing.journal.path)
        self._writing = writing
        self._health = health
        self._collecting = collecting
        self._unusable: set[str] = set()

    async def look(self) -> None:
        """Judge what is new of each topic, and have the sources of those in trouble asked faster.

        Raises:
            StoreError: The journal cannot be used.
        """
        for topic in await asyncio.to_thread(self._reader.topics):
            if self._collecting.is_caught_up(topic):
                await self._look(topic)
            self.progress = time.monotonic()
        now = datetime.now(UTC)
        going_on = await asyncio.to_thread(self._reader.incidents, start=now)
        self._collecting.alarm(alarmed(going_on, now))
        self.progress = time.monotonic()

    async def _look(self, topic: str) -> None:
        try:
            changes = await self._writing.do(self._watch.look, topic, datetime.now(UTC))
        except StateError as error:
            if topic not in self._unusable:
                log.error("topic is not watched", topic=topic, problem=str(error))  # noqa: TRY400 - the message says it all
            self._unusable.add(topic)
            return
        self._unusable.discard(topic)
        for change in changes:
            self._health.changes.labels(change.incident.phase).inc()
