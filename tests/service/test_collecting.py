"""Asking sources, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import structlog
import time_machine
from prometheus_client import generate_latest

import collectors
import sentiment
from pipeline import Pipeline
from service import Collecting
from signals import Collection, Level, Post, Query, Span, Topic, seconds
from storage import Journal, Reader, StoreError, coverage
from storage.database import reading
from tests.support.serving import (
    Stream,
    Voice,
    break_journal,
    failing,
    mend_journal,
    portion,
    well,
    writing,
)
from tests.support.waiting import until
from tests.support.worlds import NOON, SOURCE, TOPIC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from service import Health, Writing
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
    """The pause is one interval at least, and at most twice as long each time, up to an hour."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            voice = Voice(failing(collectors.Unreachable("no answer")))
            service = collecting(thread, health, voice)
            await service.collect(voice)
            for asked, longest in enumerate((120, 240, 480, 960, 1920, 3600, 3600, 3600), start=1):
                clock.forward(55)
                await service.collect(voice)
                assert voice.asked == asked, longest
                clock.forward(longest - 55)
                await service.collect(voice)
                assert voice.asked == asked + 1, longest

    asyncio.run(run())


def test_it_recovers(path: Path, clock: Clock) -> None:
    """One success, and it is well and asked as often as ever."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            voice = Voice(failing(collectors.Unreachable("no answer")))
            service = collecting(thread, health, voice)
            for _ in range(3):
                await service.collect(voice)
                clock.forward(480)
            voice.says = well("1")
            await service.collect(voice)
            assert Reader(path).sources()[0].ok
            voice.says = failing(collectors.Unreachable("no answer"))
            await service.collect(voice)
            clock.forward(120)
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


class Following(Stream):
    """A stream that yields what is ``heard``, then waits for more.

    Attributes:
        waiting: Set as soon as it waits.
        closed: Set as soon as it lets go of its connection.
    """

    def __init__(self, *heard: Collection) -> None:
        """Say what is ``heard``."""
        super().__init__(self._say)
        self.waiting, self.closed = asyncio.Event(), asyncio.Event()
        self._heard = heard

    async def _say(self, _now: datetime) -> AsyncIterator[Collection]:
        try:
            for each in self._heard:
                yield each
            self.waiting.set()
            await asyncio.Event().wait()
        finally:
            self.closed.set()


def test_a_stream_is_heard_portion_by_portion_and_cut_off_at_once(path: Path) -> None:
    """It runs on, is well all the time, and loses nothing when the service stops."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            now = datetime.now(UTC)
            stream = Following(portion(now, "1"), portion(now, "2"))
            service = collecting(thread, health, stream)
            health.expect(stream.source, stream.interval)
            running = asyncio.create_task(service.run())
            await until(lambda: mentions(path) == 2)
            assert not running.done()
            assert service.is_caught_up(TOPIC)
            assert health.unready() == []
            service.stop()
            await asyncio.wait_for(running, timeout=5)
            assert stream.closed.is_set()
            assert thread.journal.cursor(stream.source) == "after 2"
            assert stream.asked == 1

    asyncio.run(run())
    (source,) = Reader(path).sources()
    assert source.ok


@pytest.mark.parametrize("error", [collectors.Unreachable("cut"), None], ids=["fails", "ends"])
def test_a_stream_that_ends_is_begun_again(
    path: Path, error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it failed or simply ended; it goes on from what was stored."""
    monkeypatch.setattr("service.timing.RESTART", 0.01)
    cursors: list[str | None] = []

    class Ending(Stream):
        async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
            cursors.append(cursor)
            yield portion(now, str(len(cursors)))
            if error is not None:
                raise error

    async def run() -> None:
        async with writing(path) as (thread, health):
            stream = Ending(well())
            service = collecting(thread, health, stream)
            running = asyncio.create_task(service.run())
            await until(lambda: len(cursors) >= 3)
            service.stop()
            await running
            counted = generate_latest(health.registry).decode()
            assert f'result="unreachable",source="{stream.source}"' in counted

    asyncio.run(run())
    assert cursors[:3] == [None, "after 1", "after 2"]


def test_a_stream_that_stands_still_is_begun_again(path: Path, clock: Clock) -> None:
    """Nothing came for three of its intervals, not even an empty portion."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            stream = Following(portion(datetime.now(UTC), "1"))
            service = collecting(thread, health, stream)
            task = asyncio.create_task(service.collect(stream))
            await stream.waiting.wait()
            clock.forward(181)
            await task
            assert stream.closed.is_set()

    asyncio.run(run())
    (source,) = Reader(path).sources()
    assert (source.kind, source.reason) == ("unreachable", "hackernews: the stream stands still")


def test_a_call_under_way_is_finished_when_the_service_stops(path: Path) -> None:
    """What a source is about to say is still stored, and it is not asked again."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            goes_on = asyncio.Event()

            async def says(now: datetime) -> AsyncIterator[Collection]:
                await goes_on.wait()
                yield portion(now, "1")

            voice = Voice(says)
            service = collecting(thread, health, voice)
            running = asyncio.create_task(service.run())
            await until(lambda: voice.asked)
            service.stop()
            goes_on.set()
            await asyncio.wait_for(running, timeout=5)
            assert voice.asked == 1

    asyncio.run(run())
    assert mentions(path) == 1


def test_an_incident_makes_its_sources_be_asked_faster(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and only those of the topic in trouble; afterwards all is as before."""
    monkeypatch.setattr("service.collecting.GLANCE", 0.01)
    one, other = Voice(well("1"), "one"), Voice(well("2"), "other")
    other.topics = frozenset({"another topic"})

    async def asked(times: int) -> None:
        await until(lambda: one.asked == times)

    async def run() -> None:
        async with writing(path) as (thread, health):
            service = collecting(thread, health, one, other)
            running = asyncio.create_task(service.run())
            await until(lambda: one.asked == other.asked == 1)
            service.alarm(frozenset({TOPIC}))
            clock.forward(16)
            await asked(2)
            clock.forward(16)
            await asked(3)
            gauge = 'hubbub_source_interval_seconds{source="one"} 15.0'
            await until(lambda: gauge in generate_latest(health.registry).decode())
            service.alarm(frozenset())
            clock.forward(16)
            await asyncio.sleep(0.1)
            assert (one.asked, other.asked) == (3, 1)
            service.stop()
            await running

    asyncio.run(run())


def test_what_a_source_could_no_longer_give_is_told(path: Path) -> None:
    """Once, in the log and as seconds in the metrics."""
    now = datetime.now(UTC).replace(microsecond=0)
    spans = [Span(now - timedelta(minutes=90), now - timedelta(minutes=60)),
             Span(now - timedelta(minutes=20), now)]  # fmt: skip

    async def run() -> None:
        async with writing(path) as (thread, health):
            voice = Voice(well())
            service = collecting(thread, health, voice)
            with structlog.testing.capture_logs() as logs:
                for span in (*spans, spans[-1]):
                    voice.says = saying(Collection(SOURCE, watched=(span,), cursor="1"))
                    await service.collect(voice)
            told = [(log["start"], log["end"]) for log in logs if log["event"] == "time was missed"]
            assert told == [(str(spans[0].end), str(spans[1].start))]
            counted = generate_latest(health.registry).decode()
            assert f'hubbub_source_missed_seconds_total{{source="{SOURCE}"}} 2400.0' in counted

    asyncio.run(run())


def saying(*portions: Collection) -> Callable[[datetime], AsyncIterator[Collection]]:
    """Return what a source says that says exactly this."""

    async def says(_now: datetime) -> AsyncIterator[Collection]:
        for each in portions:
            yield each

    return says


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the journal of a source that brought twenty items a minute until half an hour ago."""
    path = tmp_path_factory.mktemp("busy") / "hubbub.db"
    posts = tuple(Post(SOURCE, str(number), "x", NOON) for number in range(100))
    with Journal(path) as journal:
        for minutes in range(26 * 60, 0, -5):
            now = NOON - timedelta(minutes=minutes)
            span = Span(now - timedelta(minutes=5), now)
            heard = posts if minutes >= 30 else ()
            journal.record(Collection(SOURCE, heard, watched=(span,), cursor="old"), [], now=now)
    return path


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=2)], ids=["lately", "for days"])
def test_a_silence_that_is_not_to_be_believed_is_no_zero(
    busy: Path, path: Path, later: timedelta
) -> None:
    """The source is unwell and its time a gap; what comes later is still asked for, for a day."""
    path.write_bytes(busy.read_bytes())

    async def run() -> None:
        async with writing(path) as (thread, health):
            now = datetime.now(UTC)
            silent = Collection(
                SOURCE, watched=(Span(now - timedelta(minutes=5), now),), cursor="new"
            )
            voice = Voice(saying(silent, silent))
            service = collecting(thread, health, voice)
            await service.collect(voice)
            (source,) = Reader(path).sources()
            assert (source.ok, source.kind) == (False, "silent")
            assert source.reason == (
                f"nothing came for {25 if later else 30} min, although at least 1200 items an hour "
                "used to come, and the longest silence before was 5 min"
            )
            assert thread.journal.cursor(SOURCE) == ("new" if later else "old")
            with reading(path) as database:
                assert coverage.watched_until(database, SOURCE) == seconds(NOON) - 300
            assert f'hubbub_source_well{{source="{SOURCE}"}} 0.0' in scrape(health)

            voice.says = well("1")
            await service.collect(voice)
            assert Reader(path).sources()[0].ok
            assert f'hubbub_source_well{{source="{SOURCE}"}} 1.0' in scrape(health)

    with time_machine.travel(NOON + later, tick=False):
        asyncio.run(run())


def scrape(health: Health) -> str:
    """Return the metrics."""
    return generate_latest(health.registry).decode()


def test_nothing_at_all_for_long_is_stale(path: Path, clock: Clock) -> None:
    """Also when not even a failure comes: a call that hangs; once it ends, all is as it was."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            goes_on = asyncio.Event()

            async def hangs(now: datetime) -> AsyncIterator[Collection]:
                await goes_on.wait()
                yield portion(now, "1")

            voice = Voice(well("0"))
            service = collecting(thread, health, voice)
            health.expect(voice.source, voice.interval)
            await service.collect(voice)
            clock.forward(290)
            await service.watch_over()
            assert Reader(path).sources()[0].ok
            voice.says = hangs
            task = asyncio.create_task(service.collect(voice))
            await until(lambda: voice.asked == 2)
            clock.forward(80)
            with structlog.testing.capture_logs() as logs:
                await service.watch_over()
                await service.watch_over()
            assert [log["kind"] for log in logs] == ["stale"]
            (source,) = Reader(path).sources()
            assert (source.ok, source.kind) == (False, "stale")
            assert re.match(r"no answer for 37\d s; it should be heard every 60 s", source.reason)
            goes_on.set()
            await task
            assert Reader(path).sources()[0].ok

    asyncio.run(run())
