"""The whole of hubbub on real input: archive, service, InfluxDB, page; and kill -9 of both."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from dashboards import create_app
from signals import Level, Span, from_seconds, seconds
from storage import Delivery, Influx, Outbox, Progress, Reader
from storage.database import reading
from tests.support.browser import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings import Influx as InfluxSettings
    from tests.support.influx import Front, Influxd

ROOT = Path(__file__).parent.parent
AIRLINES = ROOT.parent / "shared" / "data" / "sentiment" / "airline-dev.csv"

CONFIGURATION = """
[page]
port = 0

[influx]
url = "{url}"
bucket = "{bucket}"
token = "{token}"

[[topics]]
name = "Example (simulated)"
any = ["ExampleCloud"]

[[sources]]
kind = "simulator"
interval = "1s"
history = "2d"
rate = 3.0
"""


def hubbub(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, str(ROOT / "scheduler.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def deliver_all(journal: Path, settings: InfluxSettings) -> int:
    """Bring InfluxDB up to date; return how many lines that took."""
    made = 0
    with closing(Outbox.open(journal)) as outbox, Influx(settings) as influx:
        delivery = Delivery(outbox, influx, settings.batch)
        deadline = time.monotonic() + 60
        while True:
            made += outbox.fill(datetime.now(UTC))
            if delivery.run_once(datetime.now(UTC)) == Progress() and not outbox.counts()[0]:
                return made
            assert time.monotonic() < deadline, delivery.problem
            time.sleep(0.01)


def in_influx(front: Front, measurement: str, every: str) -> dict[tuple[str, int], tuple[int, ...]]:
    """Return negative, positive, total and authors by topic and bucket, where there is any."""
    with Influx(front.settings()) as influx:
        found = influx.query(
            "SELECT sum(negative), sum(positive), sum(total), sum(authors)"
            f" FROM {measurement} WHERE time > 0 AND time < now() + 1d"
            f" GROUP BY time({every}), topic fill(none)"
        )
    return {
        (series.tags["topic"], int(row[0]) // 10**9): tuple(int(value) for value in row[1:])
        for series in found
        for row in series.rows
        if any(row[1:])
    }


@pytest.fixture
def airlines() -> Path:
    """Return the recorded week of airline tweets."""
    if not AIRLINES.exists():
        pytest.skip("the recorded airline week is not here (../shared/data)")
    return AIRLINES


def test_the_airline_week_is_the_same_in_journal_influxdb_and_page(
    airlines: Path, tmp_path: Path, front: Front
) -> None:
    """7,265 rows in, the two bad days stand out, and everybody shows the same numbers."""
    journal = tmp_path / "hubbub.db"
    arguments = ("import", airlines, "--topic-column", "topic", "--store", journal, "--json")
    first = hubbub(*arguments)
    assert json.loads(first.stdout) == {
        "read": 7265, "stored": 7265, "duplicates": 0, "refused": 0,
    }, first.stderr  # fmt: skip
    again = hubbub(*arguments)
    assert json.loads(again.stdout) == {
        "read": 7265, "stored": 0, "duplicates": 7265, "refused": 0,
    }, again.stderr  # fmt: skip

    reader = Reader(journal)
    days: Counter[str] = Counter()
    hours: dict[tuple[str, int], tuple[int, ...]] = {}
    extent = Span(datetime(2015, 2, 1, tzinfo=UTC), datetime(2015, 3, 1, tzinfo=UTC))
    for topic in reader.topics():
        for volume in reader.volumes(topic, extent.start, extent.end, Level.HOUR):
            days[f"{volume.start:%m-%d}"] += volume.negative
            if volume.total:
                hours[topic, seconds(volume.start)] = (
                    volume.negative, volume.positive, volume.total, volume.authors,
                )  # fmt: skip
    assert {day for day, _ in days.most_common(2)} == {"02-22", "02-23"}
    assert sum(counts[2] for counts in hours.values()) == 7265

    deliver_all(journal, front.settings())
    assert in_influx(front, "mention_1h", "1h") == hours
    by_minute = in_influx(front, "mention_1m", "1h")
    assert {key: counts[:3] for key, counts in by_minute.items()} == {
        key: counts[:3] for key, counts in hours.items()
    }
    assert deliver_all(journal, front.settings()) == 0

    with served(create_app(reader)) as address:
        for topic in reader.topics():
            answer = httpx.get(
                f"{address}/api/topics/{topic}/volumes",
                params={"start": extent.start.isoformat(), "end": extent.end.isoformat(),
                        "level": "hour"},
            )  # fmt: skip
            assert answer.status_code == 200, answer.text
            shown = {
                (topic, seconds(datetime.fromisoformat(bucket["start"]))): (
                    bucket["negative"], bucket["positive"], bucket["total"], bucket["authors"],
                )
                for bucket in answer.json()["volumes"]
                if bucket["total"]
            }  # fmt: skip
            assert shown == {key: counts for key, counts in hours.items() if key[0] == topic}


def test_late_posts_reach_influxdb_as_differences(
    airlines: Path, tmp_path: Path, front: Front
) -> None:
    """An archive imported in two halves, delivered in between, adds up to the whole."""
    rows = airlines.read_text(encoding="utf-8").splitlines(keepends=True)
    whole, half = tmp_path / "whole.csv", tmp_path / "half.csv"
    whole.write_text("".join(rows[:1500]), encoding="utf-8")
    half.write_text("".join([rows[0], *rows[1:1500:2]]), encoding="utf-8")
    journal = tmp_path / "hubbub.db"
    common = ("--topic-column", "topic", "--source", "import:week", "--store", journal)
    assert hubbub("import", half, *common).returncode == 0
    deliver_all(journal, front.settings())
    assert hubbub("import", whole, *common).returncode == 0
    assert deliver_all(journal, front.settings()) > 0
    assert in_influx(front, "mention_1m", "1m") == counted(journal, Level.MINUTE)
    assert in_influx(front, "mention_1d", "1d") == counted(journal, Level.DAY)


def counted(
    journal: Path, level: Level, *, sealed_only: bool = False
) -> dict[tuple[str, int], tuple[int, ...]]:
    """Return what the journal holds, in the shape of ``in_influx``."""
    query = (
        "SELECT topic, time, sum(negative), sum(positive), sum(negative + positive + neutral),"
        " sum(authors) FROM bucket JOIN series ON series.id = bucket.series"
        " LEFT JOIN sealed ON sealed.series = bucket.series AND sealed.level = bucket.level"
        " WHERE bucket.level = ? AND (NOT ? OR time < sealed.until) GROUP BY topic, time"
    )
    with reading(journal) as database:
        return {
            (topic, time): tuple(counts)
            for topic, time, *counts in database.execute(query, (int(level), sealed_only))
        }


@contextmanager
def service(configuration: Path, journal: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the service as a process of its own; kill it at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "scheduler.py"), "run", "--config", str(configuration),
         "--store", str(journal)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert "the page is at" in process.stdout.readline()  # the journal is there
        yield process
    finally:
        process.kill()
        process.communicate()


def test_kill_9_of_service_and_influxdb_loses_and_doubles_nothing(
    tmp_path: Path, front: Front, influxd: Influxd
) -> None:
    """Both are killed at random moments under load; what InfluxDB holds equals the journal."""
    configuration, journal = configure(tmp_path, front), tmp_path / "hubbub.db"
    dice = random.Random(20261124)
    for _ in range(5):
        with service(configuration, journal) as process:
            time.sleep(dice.uniform(0.8, 2.5))
            influxd.kill()
            time.sleep(dice.uniform(0.0, 0.5))
            process.kill()
            time.sleep(dice.uniform(0.0, 0.3))
            influxd.start()
    with service(configuration, journal) as process:
        wait_until(lambda: nothing_waits(journal))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, process.communicate()[1]
    assert sum(counts[2] for counts in counted(journal, Level.MINUTE).values()) == posts(journal)
    sealed = counted(journal, Level.MINUTE, sealed_only=True)
    assert sum(counts[2] for counts in sealed.values()) > 5_000
    assert in_influx(front, "mention_1m", "1m") == sealed
    assert in_influx(front, "mention_1h", "1h") == counted(journal, Level.HOUR, sealed_only=True)


def test_what_gathers_while_influxdb_is_down_arrives_after(
    tmp_path: Path, front: Front, influxd: Influxd
) -> None:
    """The service goes on without InfluxDB, says so, and catches up by itself."""
    configuration, journal = configure(tmp_path, front), tmp_path / "hubbub.db"
    influxd.kill()
    with service(configuration, journal) as process:
        wait_until(lambda: bool(Reader(journal).delivery().problem))
        status = hubbub("status", "--config", configuration, "--store", journal, "--json")
        report: dict[str, Any] = json.loads(status.stdout)
        assert report["influx"]["pending"] > 1_000
        assert report["influx"]["delivered"] is None
        influxd.start()
        wait_until(lambda: nothing_waits(journal))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, process.communicate()[1]
    assert Reader(journal).delivery().problem == ""
    assert in_influx(front, "mention_1m", "1m") == counted(journal, Level.MINUTE, sealed_only=True)
    assert in_influx(front, "mention_1d", "1d") == counted(journal, Level.DAY, sealed_only=True)


def configure(folder: Path, front: Front) -> Path:
    """Write a configuration that simulates a busy source and delivers to ``front``."""
    path = folder / "hubbub.toml"
    path.write_text(
        CONFIGURATION.format(url=front.url, bucket=front.database, token=front.token),
        encoding="utf-8",
    )
    return path


def posts(journal: Path) -> int:
    """Return how many mentions the journal holds."""
    with reading(journal) as database:
        count: int = database.execute("SELECT count(*) FROM mention").fetchone()[0]
    return count


def nothing_waits(journal: Path) -> bool:
    """Say whether the simulator is caught up with, and everything sealed was delivered."""
    health = Reader(journal).delivery()
    recent = from_seconds(time.time()) - timedelta(seconds=20)
    return (
        not health.pending
        and health.delivered is not None
        and health.delivered > recent
        and all(source.ok and source.heard and source.heard > recent
                for source in Reader(journal).sources())
    )  # fmt: skip


def wait_until(condition: Any, patience: float = 60.0) -> None:
    """Wait for ``condition``; fail when ``patience`` (seconds) is at its end."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
