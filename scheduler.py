"""The service: wires everything together, and owns time.

Sources are listened to all the time, each by a task of its own. Jobs look for spikes, announce
them, deliver to InfluxDB, prune the journal, and watch over the sources and the clock. All times
are UTC, a job never overlaps itself, and a run that was missed is made up for once.
``docs/service.md`` tells which traps of APScheduler 3 are behind these choices.
"""

from __future__ import annotations

import asyncio
import fcntl
import functools
import signal
import time
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler

import alerts
import collectors
import sentiment
from pipeline import Pipeline, SpikeWatch, UpkeepWatch
from service import (
    Announcer,
    Collecting,
    Delivering,
    Health,
    Intake,
    Looking,
    PageServer,
    Supervisor,
    Upkeep,
    Writing,
    configure_logs,
)
from settings import SettingsError
from storage import Journal, Reader, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
    from pathlib import Path

    from apscheduler.events import JobEvent

    from settings import Settings

log = structlog.get_logger()

LOOK = timedelta(seconds=5)
ANNOUNCE = timedelta(seconds=2)
DELIVER = timedelta(seconds=5)
PRUNE = timedelta(hours=6)
WATCH_OVER = timedelta(seconds=30)
WATCH_CLOCK = 30.0
"""Seconds between two looks at the clock."""

CLOCK_STEP = 5.0
"""Seconds by which the wall clock may move against the monotonic one before jobs are re-timed."""

DRAIN = 8.0
"""Seconds that the jobs under way have to finish when the service stops or reloads."""

STUCK = 300.0
"""Seconds without a look at any topic after which systemd is no longer told that all is well."""


class Service:
    """hubbub, running: from ``run`` until a signal or ``stop``."""

    def __init__(self, settings: Settings, reload: Callable[[], Settings]) -> None:
        """Prepare to run.

        Args:
            settings: The configuration to start with.
            reload: Reads it anew, validated to the last key; raises ``SettingsError``.

        Raises:
            SettingsError: The sentiment engine cannot be used.
        """
        self._settings = settings
        self._reload = reload
        self._scorer = sentiment.build(settings.sentiment)
        self._health = Health()
        self._intake = Intake(self._health)
        self._supervisor = Supervisor()
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Event()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(
            self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_ERROR
        )

    def stop(self) -> None:
        """Begin to drain; ``run`` returns within seconds."""
        self._stopping.set()

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until told to stop.

        Args:
            announce: Told the page's address as soon as it answers.

        Raises:
            StoreError: The journal cannot be used, or another hubbub is using it.
            SettingsError: A source or channel is misconfigured, or the page's port is taken.
        """
        settings = self._settings
        configure_logs(settings.service)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reloading.set)
        with _only_one(settings.store.path), Journal(settings.store.path) as journal:
            routes = [*self._health.routes(), *self._intake.routes()]
            topics = [topic.build() for topic in settings.topics]
            page = PageServer(settings.page, Reader(settings.store.path), routes, topics)
            async with page, Writing(journal, self._health) as writing, self._schedule():
                announce(page.url)
                await self._serve(settings, writing, page.url)
        log.info("stopped")

    @asynccontextmanager
    async def _schedule(self) -> AsyncIterator[None]:
        """Let jobs run, and keep them in step with the clock."""
        self._scheduler.start()
        clock = asyncio.create_task(_ClockWatch(self._scheduler).run())
        try:
            yield
        finally:
            clock.cancel()
            with suppress(asyncio.CancelledError):
                await clock
            self._scheduler.shutdown(wait=False)

    async def _serve(self, settings: Settings, writing: Writing, page_url: str) -> None:
        """Run under one configuration after another until told to stop."""
        while not self._stopping.is_set():
            async with self._jobs(settings, writing, page_url):
                self._supervisor.ready(f"page at {page_url}")
                settings = await self._next(settings)

    async def _next(self, settings: Settings) -> Settings:
        """Wait until told to stop or given a new, valid configuration, and return it."""
        while True:
            waits = [asyncio.create_task(e.wait()) for e in (self._stopping, self._reloading)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if self._stopping.is_set():
                self._health.stopping = True
                self._supervisor.stopping(DRAIN)
                return settings
            self._reloading.clear()
            self._supervisor.reloading()
            try:
                fresh = self._reload()
                self._scorer = sentiment.build(fresh.sentiment)
            except SettingsError as error:
                kept = "the new configuration is invalid; the old one stays"
                log.warning(kept, problem=str(error))
                self._supervisor.ready(kept)
                continue
            if (fresh.store.path, fresh.page) != (settings.store.path, settings.page):
                log.warning("[store] path and [page] change only when hubbub is started again")
            configure_logs(fresh.service)
            log.info("configuration reloaded")
            return fresh

    @asynccontextmanager
    async def _jobs(
        self, settings: Settings, writing: Writing, page_url: str
    ) -> AsyncIterator[None]:
        """Schedule everything that ``settings`` ask for; drain and unschedule it at the end."""
        topics = [topic.build() for topic in settings.topics]
        reader = Reader(writing.journal.path)
        channels = alerts.build(settings)
        async with AsyncExitStack() as stack:
            journal = writing.journal.path
            client = await stack.enter_async_context(
                collectors.Client(
                    settings.service.contact, cache=journal.with_name(f"{journal.name}.http")
                )
            )
            sources = collectors.build(settings, client, topics)
            pipeline = Pipeline(topics, self._scorer)
            await asyncio.to_thread(pipeline.recall, reader, datetime.now(UTC))
            stack.enter_context(self._intake.open(sources, pipeline, writing))
            patience = settings.detection.lateness
            collecting = Collecting(sources, pipeline, writing, self._health, patience)
            watch = SpikeWatch(
                settings.detection,
                writing.journal,
                reader,
                channels,
                page_url,
                topics=topics,
                maintenance=settings.maintenance,
            )
            upkeep = UpkeepWatch(
                settings.detection,
                writing.journal,
                reader,
                channels,
                page_url,
                sources={each.source: each.interval for each in sources},
                delivers=settings.influx is not None,
                since=datetime.now(UTC),
                maintenance=settings.maintenance,
            )
            announcer = Announcer(channels, writing, self._health)
            self._health.begin(settings)
            for source in sources:
                await writing.do(writing.journal.declare, source.topics, source.source)
                self._health.expect(source.source, source.interval)
            self._start(collecting.run())
            self._add("sources", collecting.watch_over, WATCH_OVER)
            looking = Looking(watch, writing, self._health, collecting)
            self._add("look", looking.look, LOOK)
            self._add("upkeep", Upkeep(upkeep, writing, self._health).look, WATCH_OVER)
            self._add("announce", announcer.announce, ANNOUNCE)
            self._add("prune", functools.partial(self._prune, settings, writing), PRUNE)
            if settings.influx is not None:
                delivering = Delivering(settings.influx, writing.journal.path, self._health)
                stack.callback(delivering.close)
                self._add("deliver", delivering.deliver, DELIVER)
            if (seconds := self._supervisor.watchdog_seconds) is not None:
                sign = functools.partial(self._sign_of_life, looking)
                self._add("watchdog", sign, timedelta(seconds=seconds))
            try:
                yield
            finally:
                self._scheduler.remove_all_jobs()
                collecting.stop()
                await self._drain()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin ``work``, which ends by itself once it is told to."""

        def ended(task: asyncio.Task[None]) -> None:
            self._under_way.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("listening ended", exc_info=error)

        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(ended)

    def _add(self, name: str, job: Callable[[], Awaitable[None]], every: timedelta) -> None:
        """Run ``job`` now and then ``every`` so often."""

        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a coroutine always runs in a task
            self._under_way.add(task)
            try:
                await job()
            finally:
                self._under_way.discard(task)

        self._scheduler.add_job(
            run,
            "interval",
            seconds=every.total_seconds(),
            id=name,
            next_run_time=datetime.now(UTC),
        )

    async def _drain(self) -> None:
        """Let the jobs under way finish; what takes too long is cancelled, which loses nothing."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=DRAIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _prune(self, settings: Settings, writing: Writing) -> None:
        await writing.do(writing.journal.prune, settings.store, datetime.now(UTC))

    async def _sign_of_life(self, looking: Looking) -> None:
        if time.monotonic() - looking.progress < STUCK:
            self._supervisor.alive()

    def _missed(self, event: JobEvent) -> None:
        self._health.missed.labels(event.job_id).inc()
        if isinstance(getattr(event, "exception", None), asyncio.CancelledError):
            log.info("job cut off", job=event.job_id)
        elif (error := getattr(event, "exception", None)) is not None:
            told = isinstance(error, StoreError)  # its message says it all
            log.error("job failed", job=event.job_id, error=str(error), exc_info=not told and error)


class _ClockWatch:
    """Re-times the jobs when the wall clock was set: APScheduler 3 sleeps through it otherwise."""

    def __init__(self, scheduler: AsyncIOScheduler) -> None:
        self._scheduler = scheduler
        self._offset = time.time() - time.monotonic()

    async def run(self) -> None:
        """Look at the clock for ever; no job of the scheduler's, which may be what sleeps."""
        while True:
            await asyncio.sleep(WATCH_CLOCK)
            self.look()

    def look(self) -> None:
        """Run every job now if the clock was set since the last look."""
        offset = time.time() - time.monotonic()
        if abs(offset - self._offset) > CLOCK_STEP:
            log.warning("the clock was set", seconds=round(offset - self._offset))
            self._offset = offset
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold the journal for one service; the kernel frees it when the process ends, however."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; choose another file with --store") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                f"{path}: another hubbub service uses this journal; "
                "stop it, or choose another file with --store"
            ) from None
        yield


if __name__ == "__main__":
    from commands import main

    main()
