"""Asking one collector after another, and noting how that went."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from collectors import Blocked, SourceError
from storage import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from collectors import Collector
    from pipeline import Pipeline
    from service.health import Health
    from service.writing import Writing

log = structlog.get_logger()

LONGEST_PAUSE = 3_600.0
"""Seconds between two attempts at a source that keeps failing or blocks us; it may ask for more."""


class Collecting:
    """Runs collectors; one that fails is asked less and less often, and harms no other."""

    def __init__(
        self,
        collectors: Sequence[Collector],
        pipeline: Pipeline,
        writing: Writing,
        health: Health,
        patience: timedelta,
    ) -> None:
        """Store what ``collectors`` hear through ``pipeline`` and ``writing``.

        Args:
            collectors: Those that will be asked.
            pipeline: Where their posts go.
            writing: Where their mentions go.
            health: Where is noted how that went.
            patience: How long a topic waits for its sources to be asked for the first time.
        """
        self._collectors = collectors
        self._patient_until = time.monotonic() + patience.total_seconds()
        self._asked: set[str] = set()
        self._pipeline = pipeline
        self._writing = writing
        self._health = health
        self._failures: dict[str, int] = {}
        self._resume: dict[str, float] = {}

    async def collect(self, collector: Collector) -> None:
        """Ask ``collector`` once for what is new, and store each portion as it comes."""
        source = collector.source
        if time.monotonic() < self._resume.get(source, 0.0):
            return
        started = time.monotonic()
        try:
            await self._collect(collector)
        except SourceError as error:
            await self._failed(collector, error, error.kind, str(error), started)
        except StoreError:
            raise
        except Exception as error:
            log.exception("collector failed", source=source)
            reason = f"a defect in hubbub: {type(error).__name__}; the log has more"
            await self._failed(collector, error, "defect", reason, started)
        else:
            if self._failures.pop(source, 0):
                log.info("source is well again", source=source)
            self._resume.pop(source, None)
            self._health.collections.labels(source, "ok").inc()
            self._health.heard(source)
        self._asked.add(source)

    def is_caught_up(self, topic: str) -> bool:
        """Tell whether every source of ``topic`` was asked once, or was waited for long enough.

        Until then what they have yet to bring would be taken for a gap, and never be judged.
        """
        return time.monotonic() > self._patient_until or all(
            collector.source in self._asked
            for collector in self._collectors
            if topic in collector.topics
        )

    async def _collect(self, collector: Collector) -> None:
        journal = self._writing.journal
        cursor = await self._writing.do(journal.cursor, collector.source)
        now = datetime.now(UTC)
        started = time.monotonic()
        async for collection in collector.collect(cursor, now):
            stored = await self._writing.do(
                self._pipeline.store,
                collection,
                journal,
                now=now,
                among=collector.topics,
                took=time.monotonic() - started,
            )
            started = time.monotonic()
            self._health.mentions.labels(collection.source).inc(stored.new)
            if collection.watched:
                lag = (now - max(span.end for span in collection.watched)).total_seconds()
                self._health.lag.labels(collection.source).set(max(lag, 0.0))
            if stored.new:
                log.debug("mentions stored", source=collection.source, new=stored.new)

    async def _failed(
        self, collector: Collector, error: Exception, kind: str, reason: str, started: float
    ) -> None:
        source = collector.source
        failures = self._failures[source] = self._failures.get(source, 0) + 1
        pause = min(collector.interval.total_seconds() * 2 ** (failures - 1), LONGEST_PAUSE)
        if isinstance(error, Blocked):
            pause = LONGEST_PAUSE
        if isinstance(error, SourceError) and error.retry_after is not None:
            pause = max(pause, error.retry_after)
        self._resume[source] = time.monotonic() + pause
        self._health.collections.labels(source, kind).inc()
        level = log.warning if failures == 1 else log.debug
        level("source is unwell", source=source, kind=kind, reason=reason, pause_s=round(pause))
        await self._writing.do(
            self._writing.journal.record_failure,
            source,
            kind,
            reason,
            now=datetime.now(UTC),
            took=time.monotonic() - started,
        )
