"""Listening to all sources at once, and noting how that goes.

Each source has a task of its own rather than a job of the scheduler's: when it is asked next
depends on how the last time went, a slow answer is not a missed one, and a stream runs on. Waits
are measured by the monotonic clock.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from collectors import Silent, SourceError, Unreachable, listening, streams
from service.health import patience_of
from service.pace import overdue, slowest
from service.silence import HISTORY, Silence, silence
from service.timing import Timing
from storage import Attempts, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from collectors import Collector
    from pipeline import Pipeline
    from service.health import Health
    from service.writing import Writing
    from signals import Collection

log = structlog.get_logger()

GLANCE = 5.0
"""Seconds between two looks at whether a source is due; so soon an incident changes its pace."""

PATIENT = timedelta(days=1)
"""For so long what a silent source may yet bring late is asked for again; then its cursor moves."""


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
        self._pipeline = pipeline
        self._writing = writing
        self._health = health
        self._attempts = Attempts(writing.journal.path)
        self._timing = Timing()
        self._stopping = asyncio.Event()
        self._streams: list[asyncio.Task[None]] = []
        self._asked: set[str] = set()
        self._unwell: dict[str, str] = {}  # why, in one word

    async def run(self) -> None:
        """Listen to every source until ``stop``; a call under way is then finished."""
        async with asyncio.TaskGroup() as tasks:
            for collector in self._collectors:
                task = tasks.create_task(self._listen(collector), name=collector.source)
                if streams(collector):
                    self._streams.append(task)

    def stop(self) -> None:
        """Ask nobody any more, and cut streams off, which loses nothing: portions commit whole."""
        self._stopping.set()
        for stream in self._streams:
            stream.cancel()

    def alarm(self, topics: frozenset[str]) -> None:
        """Ask the sources of ``topics`` faster from now on, and those of no others."""
        self._timing.alarmed = topics

    def is_caught_up(self, topic: str) -> bool:
        """Tell whether every source of ``topic`` was asked once, or was waited for long enough.

        Until then what they have yet to bring would be taken for a gap, and never be judged.
        """
        return time.monotonic() > self._patient_until or all(
            collector.source in self._asked
            for collector in self._collectors
            if topic in collector.topics
        )

    async def collect(self, collector: Collector) -> None:
        """Ask ``collector`` once for what is new, unless it is to be left alone.

        A stream is followed until it ends.

        Raises:
            StoreError: What was heard could not be stored; it will be asked for again.
        """
        source = collector.source
        if self._timing.held(source) > 0:
            return
        started = self._timing.begin(source)
        try:
            await self._hear(collector)
        except SourceError as error:
            await self._failed(collector, error, error.kind, str(error), started)
        except StoreError:
            raise
        except Exception as error:
            log.exception("collector failed", source=source)
            reason = f"a defect in hubbub: {type(error).__name__}; the log has more"
            await self._failed(collector, error, "defect", reason, started)
        else:
            self._well(collector)
        self._asked.add(source)

    async def watch_over(self) -> None:
        """Call those sources stale from which nothing, not even a failure, has come for long."""
        for collector in self._collectors:
            source = collector.source
            unheard = timedelta(seconds=self._health.unheard(source))
            if unheard > overdue(collector) and source not in self._unwell:
                expected = f"it should be heard every {collector.interval.total_seconds():g} s"
                reason = f"no answer for {unheard.total_seconds():.0f} s; {expected}"
                await self._note(source, "stale", reason)

    async def _listen(self, collector: Collector) -> None:
        """Ask ``collector`` whenever it is due, until stopped."""
        source = collector.source
        with suppress(StoreError):
            brought = await asyncio.to_thread(self._attempts.brought, source)
            self._timing.brought[source] = brought or datetime.now(UTC)
        while not self._stopping.is_set():
            if (left := self._timing.left(collector)) > 0:
                if (every := self._timing.pace(collector)) is not None:
                    self._health.pace.labels(source).set(every.total_seconds())
                await self._sleep(min(left, GLANCE))
                continue
            try:
                await self.collect(collector)
            except StoreError as error:
                self._health.missed.labels(source).inc()
                log.error("not stored", source=source, problem=str(error))  # noqa: TRY400 - the message says it all
                self._timing.hold(source, collector.interval.total_seconds())

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _hear(self, collector: Collector) -> None:
        """Store each portion as it comes.

        Raises:
            Silent: It brought nothing, which is not to be believed.
        """
        source, runs_on = collector.source, streams(collector)
        cursor = await self._writing.do(self._writing.journal.cursor, source)
        silent: Silence | None = None
        items = 0
        async with listening(collector, cursor, datetime.now(UTC)) as portions:
            started = time.monotonic()
            while (portion := await _next(collector, portions)) is not None:
                took = time.monotonic() - started
                items += _items(portion)
                if not items and not runs_on and (silent := await self._silence(collector)):
                    if datetime.now(UTC) - silent.since <= PATIENT:
                        continue
                    portion = replace(portion, watched=())
                await self._store(collector, portion, took=took)
                if runs_on:
                    self._well(collector)
                started = time.monotonic()
        if silent and not items:
            raise Silent(_told(silent))
        if runs_on:
            raise Unreachable(f"{source}: the stream ended")

    async def _silence(self, collector: Collector) -> Silence | None:
        """Return how long ``collector`` has brought nothing, if that is not to be believed."""
        now = datetime.now(UTC)
        minutes = await asyncio.to_thread(self._attempts.items, collector.source, HISTORY)
        found = silence(minutes, now=now, patience=patience_of(slowest(collector)))
        return None if found is None or found.is_believable else found

    async def _store(self, collector: Collector, portion: Collection, *, took: float) -> None:
        now = datetime.now(UTC)
        source = portion.source
        stored = await self._writing.do(
            self._pipeline.store,
            portion,
            self._writing.journal,
            now=now,
            among=collector.topics,
            took=took,
        )
        self._health.heard(source)
        self._health.mentions.labels(source).inc(stored.new)
        if portion.watched:
            lag = (now - max(span.end for span in portion.watched)).total_seconds()
            self._health.lag.labels(source).set(max(lag, 0.0))
        if stored.new:
            self._timing.brought[source] = now
            log.debug("mentions stored", source=source, new=stored.new)
        if (gap := stored.gap) is not None:
            self._health.gaps.labels(source).inc((gap.end - gap.start).total_seconds())
            log.warning("time was missed", source=source, start=str(gap.start), end=str(gap.end))

    def _well(self, collector: Collector) -> None:
        """Note that ``collector`` was heard just now."""
        source = collector.source
        self._asked.add(source)
        self._timing.well(collector)
        if self._unwell.pop(source, None):
            log.info("source is well again", source=source)
        self._health.collections.labels(source, "ok").inc()
        self._health.heard(source)

    async def _failed(
        self, collector: Collector, error: Exception, kind: str, reason: str, started: float
    ) -> None:
        self._timing.failed(collector, error)
        await self._note(collector.source, kind, reason, took=time.monotonic() - started)

    async def _note(self, source: str, kind: str, reason: str, *, took: float = 0.0) -> None:
        """Tell that ``source`` is unwell: the log once for each reason, the journal each time."""
        told = log.debug if self._unwell.get(source) == kind else log.warning
        self._unwell[source] = kind
        again = round(self._timing.held(source))
        told("source is unwell", source=source, kind=kind, reason=reason, pause_s=again)
        self._health.collections.labels(source, kind).inc()
        self._health.unwell(source)
        record = self._writing.journal.record_failure
        await self._writing.do(record, source, kind, reason, now=datetime.now(UTC), took=took)


async def _next(
    collector: Collector, portions: AsyncGenerator[Collection, None]
) -> Collection | None:
    """Return the next of ``portions``; None at the end.

    Raises:
        Unreachable: It is a stream, and nothing comes.
    """
    patience = patience_of(collector.interval).total_seconds() if streams(collector) else None
    try:
        async with asyncio.timeout(patience):
            return await anext(portions, None)
    except TimeoutError:
        raise Unreachable(f"{collector.source}: the stream stands still") from None


def _items(portion: Collection) -> int:
    """Return how much ``portion`` brings, as the journal counts it."""
    return len(portion.posts) + len(portion.readings) + len(portion.events)


def _told(found: Silence) -> str:
    minutes = timedelta(minutes=1)
    return (
        f"nothing came for {found.lasts / minutes:.0f} min, although at least "
        f"{found.rate:.0f} items an hour used to come, and the longest silence before was "
        f"{found.longest / minutes:.0f} min"
    )
