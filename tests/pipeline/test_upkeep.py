"""A source that is not heard and a delivery that stands still are incidents, too."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

import settings
from pipeline import UpkeepWatch
from signals import Severity, Step, Subject
from storage import Journal, Reader
from storage.database import Database, reading
from tests.support.worlds import DAY, HOUR, MINUTE, NOON, SOURCE, channels, hear

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

    from signals import Change


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return a journal of a source that was well until noon."""
    with Journal(tmp_path / "hubbub.db") as journal:
        hear(journal, NOON - HOUR, NOON)
        yield journal


def watching(
    journal: Journal, since: datetime = NOON - HOUR, interval: timedelta = MINUTE
) -> UpkeepWatch:
    """Return a watch of a process that began at ``since``."""
    return UpkeepWatch(
        settings.Detection(),
        journal,
        Reader(journal.path),
        channels(),
        "",
        sources={SOURCE: interval},
        delivers=True,
        since=since,
    )


def fail(journal: Journal, kind: str, now: datetime) -> None:
    """Let the source fail."""
    journal.record_failure(SOURCE, kind, "it says no", now=now)


def looks(watch: UpkeepWatch, start: datetime, end: datetime) -> list[Change]:
    """Look each minute."""
    return [
        change
        for minute in range((end - start) // MINUTE + 1)
        for change in watch.look(start + minute * MINUTE)
    ]


def announced(journal: Journal) -> list[dict[str, Any]]:
    """Return what was to be told, in order."""
    with reading(journal.path) as database:
        rows = database.execute("SELECT body FROM notification ORDER BY row").fetchall()
    return [json.loads(body) for (body,) in rows]


def test_a_blocked_source_is_one_incident_until_it_is_well(journal: Journal) -> None:
    """After a quarter of an hour, as a warning; it is over after a quarter of an hour of health."""
    fail(journal, "blocked", NOON + MINUTE)
    watch = watching(journal)
    (opened,) = looks(watch, NOON + MINUTE, NOON + HOUR)
    assert opened.time == NOON + 15 * MINUTE
    assert opened.step is Step.CONFIRMED
    incident = opened.incident
    assert (incident.subject, incident.severity) == (Subject.SOURCE, Severity.WARNING)
    assert opened.reason == "blocked for 15 minutes: it says no"
    hear(journal, NOON + HOUR, NOON + HOUR + MINUTE)
    (closed,) = looks(watch, NOON + HOUR, NOON + 2 * HOUR)
    assert (closed.step, closed.reason) == (Step.RESOLVED, "all is well again")
    assert closed.incident.id == incident.id
    assert [body["step"] for body in announced(journal)] == ["confirmed", "resolved"]
    assert Reader(journal.path).incidents() == []
    assert len(Reader(journal.path).incidents(subject=None)) == 1


def test_a_short_trouble_is_none(journal: Journal) -> None:
    """A source may fail a few times; a slow one is given three of its intervals."""
    fail(journal, "unreachable", NOON + MINUTE)
    assert looks(watching(journal), NOON + MINUTE, NOON + 14 * MINUTE) == []
    slow = watching(journal, interval=HOUR)
    (opened,) = looks(slow, NOON + MINUTE, NOON + 4 * HOUR)
    assert opened.time == NOON + 3 * HOUR


def test_silence_has_been_waited_for_already(journal: Journal) -> None:
    """What is only said after a long time is told at once."""
    fail(journal, "silent", NOON + MINUTE)
    (opened,) = watching(journal).look(NOON + MINUTE)
    assert opened.incident.topic == SOURCE


@pytest.mark.parametrize("kind", ["blocked", "silent"])
def test_a_start_gives_every_source_its_chance(journal: Journal, kind: str) -> None:
    """What an earlier process wrote down is no alarm of this one."""
    fail(journal, kind, NOON + MINUTE)
    since = NOON + DAY
    watch = watching(journal, since)
    assert looks(watch, since, since + 14 * MINUTE) == []
    fail(journal, "blocked", since + 14 * MINUTE)
    (opened,) = looks(watch, since + 14 * MINUTE, since + 20 * MINUTE)
    assert opened.reason.startswith("blocked for 24 hours")


def test_a_restart_goes_on_with_the_same_incident(journal: Journal) -> None:
    """It is told once, however often hubbub is started."""
    fail(journal, "blocked", NOON + MINUTE)
    assert len(looks(watching(journal), NOON + MINUTE, NOON + 20 * MINUTE)) == 1
    for minute in range(21, 60, 7):
        now = NOON + minute * MINUTE
        fail(journal, "blocked", now)
        assert watching(journal, now).look(now) == []


def test_a_source_that_is_no_longer_configured_is_over(journal: Journal) -> None:
    """Nobody waits for what nobody wants to hear."""
    fail(journal, "blocked", NOON + MINUTE)
    looks(watching(journal), NOON + MINUTE, NOON + 20 * MINUTE)
    watch = UpkeepWatch(
        settings.Detection(),
        journal,
        Reader(journal.path),
        (),
        "",
        sources={},
        delivers=False,
        since=NOON,
    )
    (closed,) = looks(watch, NOON + 21 * MINUTE, NOON + HOUR)
    assert closed.step is Step.RESOLVED


def test_a_delivery_that_stands_still(journal: Journal) -> None:
    """After half an hour."""
    with closing(Database(journal.path)) as database, database.transaction():
        database.execute("INSERT OR REPLACE INTO meta VALUES ('problem', 'connection refused')")
    (opened,) = looks(watching(journal), NOON, NOON + HOUR)
    assert (opened.time, opened.incident.subject) == (NOON + 30 * MINUTE, Subject.DELIVERY)
    assert opened.reason == "0 lines wait, for 30 minutes: connection refused"


def test_a_refused_line(journal: Journal) -> None:
    """At once, with the reason; it is over once nothing more was refused for half an hour."""
    with closing(Database(journal.path)) as database, database.transaction():
        at = round(NOON.timestamp())
        database.execute("INSERT INTO refused (line, reason, time) VALUES ('x', 'bad', ?)", (at,))
    opened, closed = looks(watching(journal), NOON, NOON + HOUR)
    assert opened.reason == "InfluxDB refused 1 lines, which are set aside: bad"
    assert (closed.step, closed.time) == (Step.RESOLVED, NOON + 30 * MINUTE)
