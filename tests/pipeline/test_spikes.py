"""From closed minutes to verdicts, incidents and messages."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import settings
from alerts import StateError
from pipeline import SpikeWatch
from signals import Phase, Step, from_seconds, seconds
from storage import Journal, Reader, StoreError
from storage.database import Database, reading
from tests.support.waiting import wait_for
from tests.support.worlds import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    SOURCE,
    TOPIC,
    channels,
    hear,
    outage,
    quiet,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from signals import Change

BROKE = NOON - HOUR
MENDED = BROKE + timedelta(minutes=20)
MONTH = 30 * DAY  # that one look judges at most
ROOT = Path(__file__).parents[2]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return an empty journal."""
    with Journal(tmp_path / "hubbub.db") as journal:
        yield journal


def watching(journal: Journal, *names: str) -> SpikeWatch:
    """Return a watch as the service would make it after a start."""
    return SpikeWatch(
        settings.Detection(),
        journal,
        Reader(journal.path),
        channels("http://127.0.0.1:9/hook", *names),
        "http://127.0.0.1:8460",
    )


def steps(start: datetime, end: datetime, by: timedelta = MINUTE) -> list[datetime]:
    """Return the instants from ``start`` to ``end``."""
    return [start + number * by for number in range((end - start) // by + 1)]


def phases(changes: list[Change]) -> list[Phase]:
    """Return what became of an incident, without possible steps and reminders."""
    left_out = (Step.POSSIBLE, Step.REMINDER)
    return [change.incident.phase for change in changes if change.step not in left_out]


def announced(journal: Journal) -> list[dict[str, Any]]:
    """Return the body of every message that was ever stored, the oldest first."""
    with reading(journal.path) as database:
        rows = database.execute("SELECT body FROM notification ORDER BY created, id").fetchall()
    return sorted((json.loads(body) for (body,) in rows), key=lambda body: str(body["timestamp"]))


def everything(path: Path) -> dict[str, list[Any]]:
    """Return all that a look stores."""
    tables = {
        "detector": "topic, until, state",
        "verdict": "topic, time, observed, expected, low, high, score, state",
        "incident": "id, topic, phase, opened, changed, last_seen, reopened, worst",
        "change": "id, incident, phase, time, reason",
        "notification": "id, channel, body",
    }
    with reading(path) as database:
        return {
            table: database.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()
            for table, columns in tables.items()
        }


def test_an_outage_is_told_once_to_each_channel(journal: Journal) -> None:
    """It is confirmed within minutes, resolved after a quarter of an hour, and told as that."""
    hear(journal, NOON - 3 * DAY, NOON, outage(BROKE, MENDED))
    watch = watching(journal, "ops", "night")
    changes = [change for now in steps(BROKE, NOON) for change in watch.look(TOPIC, now)]
    assert phases(changes) == [Phase.CONFIRMED, Phase.RESOLVED]
    confirmed, resolved = changes[-2:]
    assert BROKE <= confirmed.time < BROKE + timedelta(minutes=5)
    assert MENDED + timedelta(minutes=10) < resolved.time < MENDED + timedelta(minutes=30)
    bodies = announced(journal)
    assert [body["type"] for body in bodies] == [
        "incident.confirmed", "incident.confirmed", "incident.resolved", "incident.resolved",
    ]  # fmt: skip
    assert {body["incident"]["id"] for body in bodies} == {confirmed.incident.id}
    assert bodies[0]["mentions"][0]["text"].startswith("GitHub is down")
    opened, end = confirmed.incident.opened - HOUR, confirmed.time + HOUR
    assert bodies[0]["incident"]["url"] == (
        f"http://127.0.0.1:8460/topics/GitHub?from={opened:%Y-%m-%dT%H%%3A%M}%3A00Z"
        f"&to={end:%Y-%m-%dT%H%%3A%M}%3A00Z"
    )
    with reading(journal.path) as database:
        (kept,) = database.execute("SELECT count(*) FROM verdict").fetchone()
    assert kept == 3 * 24 * 60


def test_nothing_new_means_nothing_to_do(journal: Journal) -> None:
    """A topic without posts, or looked at twice in a minute, changes nothing."""
    watch = watching(journal)
    assert watch.look("nobody", NOON) == []
    hear(journal, NOON - DAY, NOON)
    watch.look(TOPIC, NOON)
    before = everything(journal.path)
    assert watch.look(TOPIC, NOON) == []
    assert watch.look(TOPIC, NOON - HOUR) == []
    assert everything(journal.path) == before


def test_a_restart_at_any_moment_changes_nothing(tmp_path: Path) -> None:
    """A new process that opens the journal for every look finds what one process finds."""
    for name in ("one", "many"):
        with Journal(tmp_path / name) as journal:
            hear(journal, NOON - 3 * DAY, NOON, outage(BROKE, MENDED))
    with Journal(tmp_path / "one") as journal:
        watch = watching(journal)
        for now in steps(BROKE, NOON):
            watch.look(TOPIC, now)
    for now in steps(BROKE, NOON):
        with Journal(tmp_path / "many") as journal:
            watching(journal).look(TOPIC, now)
    assert len(everything(tmp_path / "one")["notification"]) == 2
    assert everything(tmp_path / "many") == everything(tmp_path / "one")


@pytest.mark.parametrize("table", ["detector", "verdict", "incident", "change", "notification"])
@pytest.mark.parametrize("restarted", [False, True], ids=["going on", "restarted"])
def test_a_look_is_stored_whole_or_not_at_all(
    tmp_path: Path, table: str, *, restarted: bool
) -> None:
    """The store fails at one of its tables; the next look says all of it, and only once."""
    with Journal(tmp_path / "whole") as journal:
        hear(journal, NOON - 3 * DAY, NOON, outage(BROKE, MENDED))
        watching(journal).look(TOPIC, BROKE)
        watching(journal).look(TOPIC, BROKE + 10 * MINUTE)
    with Journal(tmp_path / "failing") as journal:
        hear(journal, NOON - 3 * DAY, NOON, outage(BROKE, MENDED))
        watch = watching(journal)
        watch.look(TOPIC, BROKE)
        before = everything(journal.path)
        with closing(Database(journal.path)) as other, other.transaction():
            other.execute(
                f"CREATE TRIGGER broken BEFORE INSERT ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END"
            )
        with pytest.raises(StoreError, match="the disk is broken"):
            watch.look(TOPIC, BROKE + 10 * MINUTE)
        assert everything(journal.path) == before
        with closing(Database(journal.path)) as other, other.transaction():
            other.execute("DROP TRIGGER broken")
        watch = watching(journal) if restarted else watch
        changes = watch.look(TOPIC, BROKE + 10 * MINUTE)
        assert phases(changes) == [Phase.CONFIRMED]
    assert everything(tmp_path / "failing") == everything(tmp_path / "whole")


LOOKER = """
import sys
from pathlib import Path
from storage import Journal
from tests.pipeline.test_spikes import BROKE, NOON, TOPIC, steps, watching
with Journal(Path(sys.argv[1])) as journal:
    watch = watching(journal)
    print("looking", flush=True)
    for now in steps(BROKE, NOON):
        watch.look(TOPIC, now)
print("done", flush=True)
"""


def test_kill_9_at_random_moments_repeats_and_loses_nothing(tmp_path: Path) -> None:
    """Each change is recorded once and each message stored once, whatever was interrupted."""
    for name in ("whole", "killed"):
        with Journal(tmp_path / name) as journal:
            hear(journal, NOON - 3 * DAY, NOON, outage(BROKE, MENDED))
    with Journal(tmp_path / "whole") as journal:
        watch = watching(journal)
        for now in steps(BROKE, NOON):
            watch.look(TOPIC, now)
    path = tmp_path / "killed"
    dice = random.Random(2026)
    for _ in range(5):
        with looking(path) as looker:
            target = min(looked_until(path) + dice.randrange(1, 12), minutes(NOON))
            wait_for(partial(has_looked, path, target))
            looker.kill()
    with looking(path) as looker:
        assert looker.communicate()[0] == "done\n"
    assert everything(path) == everything(tmp_path / "whole")
    assert len(everything(path)["notification"]) == 2


@contextmanager
def looking(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process look at the outage minute by minute."""
    with subprocess.Popen(
        [sys.executable, "-c", LOOKER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as looker:
        assert looker.stdout is not None
        assert looker.stdout.readline() == "looking\n"
        yield looker


def looked_until(path: Path) -> int:
    """Return the end of what was looked at, in minutes."""
    with reading(path) as database:
        row = database.execute("SELECT until FROM detector").fetchone()
    return row[0] // 60 if row else minutes(BROKE)


def minutes(instant: datetime) -> int:
    """Return the minutes since 1970."""
    return seconds(instant) // 60


def has_looked(path: Path, target: int) -> bool:
    """Say whether that minute has been looked at."""
    return looked_until(path) >= target


def test_history_is_not_news(journal: Journal) -> None:
    """Two weeks that are caught up with hold incidents, but nobody is woken by them."""
    broke = NOON - 10 * DAY
    hear(journal, NOON - 14 * DAY, NOON, outage(broke, broke + HOUR))
    assert phases(watching(journal).look(TOPIC, NOON)) == [Phase.CONFIRMED, Phase.RESOLVED]
    assert announced(journal) == []


def test_history_in_portions_is_not_news_either(journal: Journal) -> None:
    """A look that ends in the middle of an old incident does not make its end worth a message."""
    cut = NOON - 10 * DAY
    hear(journal, cut - MONTH, NOON, outage(cut - HOUR, cut + HOUR))
    watch = watching(journal)
    assert phases(watch.look(TOPIC, NOON)) == [Phase.CONFIRMED]
    assert phases(watch.look(TOPIC, NOON)) == [Phase.RESOLVED]
    assert announced(journal) == []


def test_an_incident_that_looked_old_but_goes_on_is_told(journal: Journal) -> None:
    """The first look ends hours ago, in the middle of the outage; the next shows that it lasts."""
    cut = NOON - 3 * HOUR
    hear(journal, cut - MONTH, NOON, outage(cut - 2 * HOUR, NOON))
    watch = watching(journal)
    assert phases(watch.look(TOPIC, NOON)) == [Phase.CONFIRMED]
    assert announced(journal) == []
    assert phases(watch.look(TOPIC, NOON)) == []
    (body,) = announced(journal)
    assert (body["type"], body["step"]) == ("incident.confirmed", "confirmed")
    hear(journal, NOON, NOON + HOUR)
    watch.look(TOPIC, NOON + HOUR)
    assert [body["type"] for body in announced(journal)] == [
        "incident.confirmed", "incident.resolved",
    ]  # fmt: skip


def test_an_incident_that_goes_on_is_news(journal: Journal) -> None:
    """Whoever starts hubbub in the middle of an outage is told of it, and later of its end."""
    broke = NOON - 3 * HOUR
    hear(journal, NOON - 14 * DAY, NOON, outage(broke, NOON))
    watch = watching(journal)
    watch.look(TOPIC, NOON)
    (body,) = announced(journal)
    assert body["type"] == "incident.confirmed"
    hear(journal, NOON, NOON + HOUR)
    watch.look(TOPIC, NOON + HOUR)
    assert [body["type"] for body in announced(journal)] == [
        "incident.confirmed", "incident.resolved",
    ]  # fmt: skip


def test_whoever_was_told_of_an_incident_is_told_of_its_end(journal: Journal) -> None:
    """Also when hubbub was not running for hours, and the end is an old story by then."""
    broke = NOON - 8 * HOUR
    complaints = outage(broke, broke + HOUR)
    hear(journal, NOON - 2 * DAY, broke + 10 * MINUTE, complaints)
    watching(journal).look(TOPIC, broke + 10 * MINUTE)
    assert [body["type"] for body in announced(journal)] == ["incident.confirmed"]
    hear(journal, broke + 10 * MINUTE, NOON, complaints)
    watching(journal).look(TOPIC, NOON)
    assert [body["type"] for body in announced(journal)] == [
        "incident.confirmed", "incident.resolved",
    ]  # fmt: skip


def test_maintenance_is_recorded_and_told_when_it_ends(journal: Journal) -> None:
    """What is still open at its end is told then, once; what was over before is never told."""
    hear(journal, NOON - 3 * DAY, NOON, outage(BROKE, NOON))
    number = journal.maintenance.begin(TOPIC, BROKE, BROKE + 20 * MINUTE, "moving house")
    watch = watching(journal)
    found = [c for now in steps(BROKE, BROKE + 19 * MINUTE) for c in watch.look(TOPIC, now)]
    assert phases(found) == [Phase.CONFIRMED]
    assert announced(journal) == []
    for now in steps(BROKE + 21 * MINUTE, NOON):
        watching(journal).look(TOPIC, now)
    (body,) = announced(journal)
    assert body["step"] == "confirmed"
    assert not journal.maintenance.end(number, NOON)


def test_an_end_within_maintenance_is_told_after_it(journal: Journal) -> None:
    """Whoever was told of an incident is told of its end, once the maintenance is over."""
    hear(journal, NOON - 3 * DAY, NOON, outage(BROKE, MENDED))
    watch = watching(journal)
    for now in steps(BROKE, MENDED):
        watch.look(TOPIC, now)
    number = journal.maintenance.begin("", MENDED, NOON + DAY, "everything")
    for now in steps(MENDED, NOON):
        watch.look(TOPIC, now)
    assert [body["step"] for body in announced(journal)] == ["confirmed"]
    assert journal.maintenance.end(number, NOON)
    hear(journal, NOON, NOON + 10 * MINUTE)
    watch.look(TOPIC, NOON + 10 * MINUTE)
    assert [body["step"] for body in announced(journal)] == ["confirmed", "resolved"]


def test_topics_that_fall_together_share_a_cluster(journal: Journal) -> None:
    """Each has its own incident; the later one's message names the earlier topic."""
    topics = (TOPIC, "GitLab")
    for topic in topics:
        hear(journal, NOON - 3 * DAY, NOON, outage(BROKE, NOON), topic=topic, source=topic)
    watch = watching(journal)
    for now in steps(BROKE, BROKE + 10 * MINUTE):
        for topic in topics:
            watch.look(topic, now)
    with reading(journal.path) as database:
        rows = database.execute("SELECT id, cluster FROM incident ORDER BY topic").fetchall()
    assert {cluster for _, cluster in rows} == {rows[0][0]}
    bodies = {body["topic"]: body for body in announced(journal)}
    assert len(bodies) == 2
    assert bodies["GitLab"]["troubled"] == [TOPIC]


def test_a_gap_does_not_resolve(journal: Journal) -> None:
    """Hours without listening prove nothing; a quarter of an hour of quiet listening does."""
    hear(journal, NOON - 3 * DAY, BROKE + 10 * MINUTE, outage(BROKE, NOON))
    watch = watching(journal)
    watch.look(TOPIC, BROKE + 10 * MINUTE)
    journal.record_failure(SOURCE, "unreachable", "no answer", now=NOON)
    back = BROKE + 5 * HOUR
    for now in steps(BROKE + 15 * MINUTE, back, 10 * MINUTE):
        assert watch.look(TOPIC, now) == []
    hear(journal, back, back + HOUR)
    changes = [c for now in steps(back, back + HOUR) for c in watch.look(TOPIC, now)]
    assert phases(changes) == [Phase.RESOLVED]
    assert changes[-1].time >= back + timedelta(minutes=10)


def test_a_gap_does_not_fire(journal: Journal) -> None:
    """Complaints out of a time that was not really watched are no measure of anything."""
    hear(journal, NOON - 3 * DAY, BROKE)
    hear(journal, BROKE, NOON, outage(BROKE, NOON), watched=False)
    assert watching(journal).look(TOPIC, NOON) == []
    with reading(journal.path) as database:
        (latest,) = database.execute("SELECT max(time) FROM verdict").fetchone()
    assert from_seconds(latest) < BROKE


def test_years_are_judged_a_month_at_a_look(journal: Journal) -> None:
    """A long archive does not keep the journal busy for minutes; the looks go on until the end."""
    hear(journal, NOON - 70 * DAY, NOON, lambda at: quiet(at) if at > NOON - DAY else 0)
    watch = watching(journal)
    ends = []
    for _ in range(4):
        watch.look(TOPIC, NOON)
        ends.append(journal.incidents.detector(TOPIC)[1])
    assert ends == [NOON - 40 * DAY, NOON - 10 * DAY, NOON, NOON]


def test_a_damaged_state_is_an_error_with_a_remedy(journal: Journal) -> None:
    """Beginning to learn anew would silently forget what is normal, so somebody decides."""
    hear(journal, NOON - DAY, NOON)
    watching(journal).look(TOPIC, NOON - HOUR)
    with closing(Database(journal.path)) as database, database.transaction():
        database.execute("UPDATE detector SET state = '{}x'")
    with pytest.raises(StateError, match="restore the journal from a backup"):
        watching(journal).look(TOPIC, NOON)


def test_the_state_of_an_earlier_version_is_learned_anew(journal: Journal) -> None:
    """A topic is watched on after an upgrade, with a detector that has seen what was stored."""
    hear(journal, NOON - 2 * DAY, NOON, outage(NOON - HOUR, NOON))
    watching(journal).look(TOPIC, NOON - HOUR)
    learned = journal.incidents.detector(TOPIC)
    with closing(Database(journal.path)) as database, database.transaction():
        database.execute("UPDATE detector SET state = '{\"version\": 1}'")
    changes = watching(journal).look(TOPIC, NOON)
    assert Phase.CONFIRMED in phases(changes)
    with closing(Database(journal.path)) as database, database.transaction():
        database.execute("DELETE FROM detector")
    watching(journal).look(TOPIC, NOON - HOUR)
    assert journal.incidents.detector(TOPIC) == learned
