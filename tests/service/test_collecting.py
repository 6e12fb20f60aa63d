"""Asking sources, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import generate_latest

import collectors
import sentiment
from pipeline import Pipeline
from service import Collecting
from signals import Level, Query, Topic
from storage import Reader, StoreError
from tests.support.serving import (
    Voice,
    break_journal,
    failing,
    mend_journal,
    portion,
    well,
    writing,
)
from tests.support.waiting import until
from tests.support.worlds import TOPIC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from service import Health, Writing
    from signals import Collection
    from tests.support.serving import Clock

SOURCE_ERRORS = (
    collectors.Unreachable,
    collectors.RateLimited,
    collectors.Blocked,
    collectors.Unauthorised,
    collectors.Missing,
    collectors.Malformed,
)


def collecting(
    thread: Writing, health: Health, *voices: Voice, patience: float = 300.0
) -> Collecting:
    """Return what asks ``voices``."""
    topic = Topic(TOPIC, Query(any_of=(TOPIC,)))
    pipeline = Pipeline([topic], sentiment.create("vader"))
    return Collecting(voices, pipeline, thread, health, timedelta(seconds=patience))


def mentions(path: Path) -> int:
    """Return how many mentions the journal holds."""
    now = datetime.now(UTC)
    volumes = Reader(path).volumes(TOPIC, now - timedelta(days=1), now, Level.DAY)
    return sum(volume.total for volume in volumes)


def test_what_is_heard_is_stored_with_the_cursor(path: Path) -> None:
    """A portion is a transaction, and what was said twice counts once."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            voice = Voice(well("1", "2"))
            service = collecting(thread, health, voice)
            await service.collect(voice)
            await service.collect(voice)
            assert thread.journal.cursor(voice.source) == "after 1,2"
            assert health.unready() == []

    asyncio.run(run())
    assert mentions(path) == 2
    (source,) = Reader(path).sources()
    assert (source.ok, source.kind) == (True, "ok")


@pytest.mark.parametrize("kind", SOURCE_ERRORS)
def test_a_failure_is_noted_and_is_no_zero(path: Path, kind: type[collectors.SourceError]) -> None:
    """The source is unwell for a reason; what it said before stays, and nothing counts as heard."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            first = portion(datetime.now(UTC), "1")
            voice = Voice(failing(kind("it answered oddly"), first))
            await collecting(thread, health, voice).collect(voice)
            counted = generate_latest(health.registry).decode()
            assert f'result="{kind.kind}",source="{voice.source}"}} 1.0' in counted

    asyncio.run(run())
    assert mentions(path) == 1
    (source,) = Reader(path).sources()
    assert (source.ok, source.kind, source.reason) == (False, kind.kind, "it answered oddly")
    now = datetime.now(UTC)
    found = Reader(path).observations(
        TOPIC, now - timedelta(hours=1), now=now, lateness=timedelta(0), limit=100
    )
    assert {observation.coverage for observation in found} <= {0.0}


def test_a_defect_is_noted_without_its_details(path: Path) -> None:
    """What an unexpected error says may hold a secret, so the page and the status only name it."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            voice = Voice(failing(ZeroDivisionError("token=hidden")))
            await collecting(thread, health, voice).collect(voice)

    asyncio.run(run())
    (source,) = Reader(path).sources()
    assert (source.ok, source.kind) == (False, "defect")
    assert source.reason == "a defect in hubbub: ZeroDivisionError; the log has more"


def test_one_that_hangs_harms_no_other(path: Path) -> None:
    """A source that never answers takes nobody's turn, and can be cancelled."""

    async def silence(_now: datetime) -> AsyncIterator[Collection]:
        await asyncio.Event().wait()
        yield portion(_now)

    async def run() -> None:
        async with writing(path) as (thread, health):
            hanging, other = Voice(silence, "silent"), Voice(well("1"))
            service = collecting(thread, health, hanging, other)
            task = asyncio.create_task(service.collect(hanging))
            await until(lambda: hanging.asked)
            await service.collect(other)
            assert mentions(path) == 1
            assert not service.is_caught_up(TOPIC)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

    asyncio.run(run())


def test_it_is_asked_less_and_less_often(path: Path, clock: Clock) -> None:
    """The pause doubles from one interval to an hour."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            voice = Voice(failing(collectors.Unreachable("no answer")))
            service = collecting(thread, health, voice)
            await service.collect(voice)
            for asked, pause in enumerate((60, 120, 240, 480, 960, 1920, 3600, 3600), start=1):
                clock.forward(pause - 5)
                await service.collect(voice)
                assert voice.asked == asked, pause
                clock.forward(5)
                await service.collect(voice)
                assert voice.asked == asked + 1, pause

    asyncio.run(run())


def test_it_recovers(path: Path, clock: Clock) -> None:
    """One success, and it is well and asked as often as ever."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            voice = Voice(failing(collectors.Unreachable("no answer")))
            service = collecting(thread, health, voice)
            for _ in range(3):
                await service.collect(voice)
                clock.forward(300)
            voice.says = well("1")
            await service.collect(voice)
            assert Reader(path).sources()[0].ok
            voice.says = failing(collectors.Unreachable("no answer"))
            await service.collect(voice)
            clock.forward(60)
            asked = voice.asked
            await service.collect(voice)
            assert voice.asked == asked + 1

    asyncio.run(run())


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (collectors.Blocked("a login page"), 3_600),
        (collectors.Blocked("a login page", 86_400), 86_400),
        (collectors.RateLimited("slow down", 7_200), 7_200),
        (collectors.RateLimited("slow down", 1), 60),
        (collectors.Unreachable("503", 900), 900),
        (collectors.Missing("404", 500), 500),
    ],
    ids=lambda value: f"{type(value).__name__} {getattr(value, 'retry_after', value)}",
)
def test_it_is_left_alone_for_as_long_as_it_asks(
    path: Path, clock: Clock, error: collectors.SourceError, pause: int
) -> None:
    """Whatever the failure: what the source says of when to come back holds."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            voice = Voice(failing(error))
            service = collecting(thread, health, voice)
            await service.collect(voice)
            clock.forward(pause - 5)
            await service.collect(voice)
            assert voice.asked == 1
            clock.forward(5)
            await service.collect(voice)
            assert voice.asked == 2

    asyncio.run(run())


def test_a_topic_is_caught_up_once_its_sources_were_asked(path: Path, clock: Clock) -> None:
    """Well or unwell counts alike; other topics' sources do not count; patience has an end."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            one = Voice(well("1"), "one")
            two = Voice(failing(collectors.Blocked("no")), "two")
            other = Voice(well(), "other")
            other.topics = frozenset({"another topic"})
            service = collecting(thread, health, one, two, other)
            await service.collect(one)
            assert not service.is_caught_up(TOPIC)
            await service.collect(two)
            assert service.is_caught_up(TOPIC)
            assert not service.is_caught_up("another topic")
            clock.forward(301)
            assert service.is_caught_up("another topic")

    asyncio.run(run())


def test_a_broken_store_is_no_fault_of_the_source(path: Path) -> None:
    """The error goes up, the cursor stays, and the next attempt stores everything."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            voice = Voice(well("1"))
            service = collecting(thread, health, voice)
            break_journal(path, "INSERT ON cursor")
            with pytest.raises(StoreError, match="the disk is broken"):
                await service.collect(voice)
            assert health.unready() == [health.store_problem]
            assert thread.journal.cursor(voice.source) is None
            assert mentions(path) == 0
            mend_journal(path)
            await service.collect(voice)
            assert mentions(path) == 1
            assert health.unready() == []

    asyncio.run(run())
