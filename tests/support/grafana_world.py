"""What the dashboards are tried on: the recorded airline week, and a year of made-up rankings."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import settings
from pipeline import SpikeWatch
from signals import Collection, Event, Reading, Span
from storage import Journal, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
AIRLINES = ROOT.parent / "shared" / "data" / "sentiment" / "airline-dev.csv"
"""Half a week of airline tweets, where the recorded data is at hand."""

WEEK = Span(datetime(2015, 2, 16, tzinfo=UTC), datetime(2015, 2, 25, tzinfo=UTC))
"""The stretch of it."""

BUSY = datetime(2015, 2, 22, tzinfo=UTC)
"""The first of its two worst days."""

YEAR = Span(datetime(2025, 11, 24, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
"""The stretch of the rankings."""

SPANS = ("12m", "6m", "3m", "1m")
DISTROS = 40
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def load_week(path: Path) -> None:
    """Import the week, judge it, and mark what may explain it; sources are asked, some in vain."""
    command = [sys.executable, str(ROOT / "scheduler.py"), "import", str(AIRLINES),
               "--topic-column", "topic", "--store", str(path)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    with Journal(path) as journal:
        for event in _events():
            journal.record_event(event)
        for number in range(288):
            ask(journal, BUSY + 10 * _MINUTE * number, number)
        watch = SpikeWatch(settings.Detection(), journal, Reader(path), (), "http://hubbub.example")
        for topic in Reader(path).topics():
            judged = None
            while judged != (judged := journal.incidents.detector(topic)[1]) or judged is None:
                watch.look(topic, WEEK.end)


def load_year(path: Path) -> None:
    """Store a ranking in each of four spans for every day, in which distros overtake each other."""
    with Journal(path) as journal:
        for day in range((YEAR.end - YEAR.start) // _DAY):
            moment = YEAR.start + day * _DAY
            readings = tuple(reading for span in SPANS for reading in _ranking(span, moment, day))
            journal.record(Collection("distrowatch", readings=readings), (), now=moment + _DAY)
        journal.record_event(Event("mint-23", "release", "Mint 23", YEAR.start + 200 * _DAY))


def _events() -> Iterator[Event]:
    yield Event("a", "deploy", "booking 2.31", BUSY + timedelta(hours=9), "United")
    yield Event("b", "release", "app 7", BUSY + timedelta(hours=12))
    yield Event("c", "status", "Check-in slow", BUSY + timedelta(hours=14), "US Airways",
                end=BUSY + timedelta(hours=17))  # fmt: skip
    yield Event("d", "strike", "Ground crew", BUSY + timedelta(hours=20), "American")


def ask(journal: Journal, moment: datetime, number: int) -> None:
    """Ask two sources once; one of them fails for an hour."""
    for source, broken in (("forum", range(60, 66)), ("board", ())):
        if number in broken:
            journal.record_failure(source, "unreachable", "down", now=moment, took=5.0)
        else:
            heard = Collection(source, watched=(Span(moment - 9 * _MINUTE, moment),))
            journal.record(heard, (), now=moment, took=0.25 + number % 3)


def _ranking(span: str, moment: datetime, day: int) -> Iterator[Reading]:
    hits = {
        f"distro-{number:02}": 4_000 - 90 * number + (day * (number % 5 - 2) * (number + 3)) // 20
        for number in range(DISTROS)
    }
    ordered = sorted(hits, key=lambda slug: (-hits[slug], slug))
    for rank, slug in enumerate(ordered, 1):
        yield Reading(slug, slug.title(), "distrowatch", span, moment, rank, max(hits[slug], 0))
