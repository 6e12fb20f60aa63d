"""Looking for spikes, topic by topic."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from prometheus_client import generate_latest

import sentiment
import settings
from pipeline import Pipeline, SpikeWatch
from service import Collecting, Looking
from signals import Level
from storage import Reader
from storage.database import Database
from tests.support.serving import Voice, well, writing
from tests.support.waiting import until
from tests.support.worlds import DAY, HOUR, hear, outage

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from service import Health, Writing
    from tests.support.serving import Clock


def looking(thread: Writing, health: Health, *voices: Voice) -> tuple[Looking, Collecting]:
    """Return what looks at the journal, and what it waits for."""
    detection = settings.Detection()
    watch = SpikeWatch(detection, thread.journal, Reader(thread.journal.path), (), "")
    pipeline = Pipeline([], sentiment.create("vader"))
    collecting = Collecting(voices, pipeline, thread, health, detection.lateness)
    return Looking(watch, thread, health, collecting), collecting


def judged(path: Path) -> set[str]:
    """Return the topics with a verdict."""
    now = datetime.now(UTC)
    reader = Reader(path)
    return {
        topic
        for topic in reader.topics()
        if reader.verdicts(topic, now - timedelta(days=1), now, Level.MINUTE)
    }


def test_a_topic_that_cannot_be_looked_at_harms_no_other(
    path: Path,
) -> None:
    """Its damaged state is told once, the other topics are judged, and progress is seen."""
    now = Level.MINUTE.floor(datetime.now(UTC))

    async def run() -> None:
        async with writing(path) as (thread, health):
            for topic in ("a", "b", "c"):
                hear(thread.journal, now - timedelta(hours=2), now, topic=topic, source=topic)
            with closing(Database(path)) as database, database.transaction():
                database.execute("INSERT INTO detector VALUES ('b', 0, 'damaged')")
            service, _ = looking(thread, health)
            started = service.progress
            await service.look()
            await service.look()
            assert service.progress > started

    with structlog.testing.capture_logs() as logged:
        asyncio.run(run())
    assert judged(path) == {"a", "c"}
    (event,) = logged
    assert (event["event"], event["topic"]) == ("topic is not watched", "b")
    assert "restore the journal from a backup" in event["problem"]


def test_a_topic_waits_for_its_sources_after_a_start(path: Path, clock: Clock) -> None:
    """What they bring of the time that was missed is judged, not passed over as a gap."""
    now = Level.MINUTE.floor(datetime.now(UTC))

    async def run() -> None:
        async with writing(path) as (thread, health):
            hear(thread.journal, now - timedelta(hours=2), now, topic="a", source="one")
            voice, stuck = Voice(well(), "one"), Voice(well(), "stuck")
            voice.topics = stuck.topics = frozenset({"a"})
            service, collecting = looking(thread, health, voice, stuck)
            await service.look()
            await collecting.collect(voice)
            await service.look()
            assert judged(path) == set()
            clock.forward(settings.Detection().lateness.total_seconds() + 1)
            await service.look()
            assert judged(path) == {"a"}

    asyncio.run(run())


def test_an_incident_makes_the_sources_of_its_topic_be_asked_faster(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the look on that finds it."""
    monkeypatch.setattr("service.collecting.GLANCE", 0.01)
    now = Level.MINUTE.floor(datetime.now(UTC))

    async def run() -> None:
        async with writing(path) as (thread, health):
            hear(thread.journal, now - 3 * DAY, now, outage(now - HOUR, now))
            voice = Voice(well("1"))
            looks, collecting = looking(thread, health, voice)
            running = asyncio.create_task(collecting.run())
            gauge = f'hubbub_source_interval_seconds{{source="{voice.source}"}}'
            await until(lambda: f"{gauge} 60." in generate_latest(health.registry).decode())
            await looks.look()
            await until(lambda: f"{gauge} 15.0" in generate_latest(health.registry).decode())
            collecting.stop()
            await running

    asyncio.run(run())
