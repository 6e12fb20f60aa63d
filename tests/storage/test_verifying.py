"""The journal against what InfluxDB holds: what is lost is found, and made up for, exactly."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from settings import Store
from signals import Collection, Event, Level, Reading, Span, from_seconds
from storage import Influx, InfluxError, Journal, Outbox, Repair, Report, Verification
from storage.database import Database, reading
from storage.sealing import MEASUREMENTS
from tests.support.delivering import HOUR, LATER, deliver, fill
from tests.support.influx import Fault, Front
from tests.support.influx_versions import FILES, FrontThree, FrontTwo
from tests.support.mentions import NOON, SOURCE, START, TOPIC, heard, mention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.influx import Influxd

FRONTS = {"1": Front, "2": FrontTwo, "3": FrontThree}
ROLLUPS = tuple(MEASUREMENTS.values())
COUNTS = "positive, negative, neutral, unscored, copies, authors, score_sum"


@pytest.fixture(params=FRONTS)
def version(request: pytest.FixtureRequest, influxd: Influxd) -> Iterator[Front]:
    """Return an InfluxDB of each version in turn."""
    front = FRONTS[request.param](influxd).start()
    yield front
    front.stop()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return the path of a journal with something of everything."""
    path = tmp_path / "hubbub.db"
    fill(path)
    return path


def verify(
    path: Path, front: Front, *, repair: bool = False, since: datetime | None = None
) -> Report:
    """Compare, and count the steps."""
    with Influx(front.settings()) as influx:
        if not repair:
            return run(Verification(path, influx, since=since))
        with Repair(path, influx, 5_000) as repairing:
            return run(Verification(path, influx, since=since, repair=repairing))


def run(verification: Verification) -> Report:
    """Let it run; it takes as many steps as it said."""
    steps: list[None] = []
    report = verification.run(lambda: steps.append(None))
    assert len(steps) == verification.steps
    return report


def found(report: Report) -> dict[str, tuple[int, int]]:
    """Return what is missing and different, by measurement, where anything is."""
    return {
        name: (tally.missing, tally.different)
        for name, tally in report.tallies.items()
        if tally.missing or tally.different
    }


def sums(front: Front) -> dict[tuple[str, str, str, int], tuple[float, ...]]:
    """Return the sums that dashboards show, by measurement, topic, source and bucket."""
    shown: dict[tuple[str, str, str, int], tuple[float, ...]] = {}
    for level, name in MEASUREMENTS.items():
        with Influx(front.settings()) as influx:
            series = influx.query(
                f'SELECT {COUNTS} FROM "{name}" WHERE time > 0 GROUP BY topic, source'
            )
        for each in series:
            for time, *values in each.rows:
                place = (name, each.tags["topic"], each.tags["source"], time // 10**9 // level)
                before = shown.get(place, (0.0,) * len(values))
                pairs = zip(before, values, strict=True)
                shown[place] = tuple(round(one + (other or 0), 4) for one, other in pairs)
    return shown


def drop(front: Front, influxql: str) -> None:
    """Delete points behind hubbub's back."""
    front.influxd.execute(influxql, front.database)


def delete(front: Front, measurement: str, *offsets: int) -> None:
    """Delete the points that many seconds after the start."""
    for offset in offsets:
        time = (START + offset) * 10**9
        drop(front, f'DELETE FROM "{measurement}" WHERE time = {time}')


def test_what_was_delivered_is_found_to_be_there(version: Front, journal: Path) -> None:
    """Every bucket and point of every measurement is compared, and nothing differs."""
    deliver(journal, version.settings())
    report = verify(journal, version)
    assert (report.wrong, report.examples) == (0, [])
    compared = {name: tally.compared for name, tally in report.tallies.items()}
    assert compared == {
        "mention_1m": 2 * 180,
        "mention_1h": 2 * 3,
        "mention_1d": 2,
        "spike": 30,
        "incident": 1,
        "event": 2,
        "distro_rank": 40,
        "collector": 2,
    }
    assert all(tally.waiting == 0 for tally in report.tallies.values())


def test_a_verification_changes_nothing(front: Front, journal: Path) -> None:
    """Neither in InfluxDB nor in the journal."""
    deliver(journal, front.settings())
    delete(front, "mention_1m", 0, 60)
    before, writes, shown = journal.read_bytes(), len(front.writes), sums(front)
    assert verify(journal, front).wrong > 0
    assert (len(front.writes), sums(front)) == (writes, shown)
    with closing(Outbox.open(journal)) as outbox:
        assert outbox.counts() == (0, 0)
    assert journal.read_bytes() == before


def test_what_was_lost_is_found_and_sent_as_it_is(version: Front, journal: Path) -> None:
    """Buckets and points that InfluxDB lacks come back; a second repair finds nothing to do."""
    deliver(journal, version.settings())
    before = sums(version)
    delete(version, "mention_1m", 0, 60, 6_000)
    delete(version, "mention_1h", 3_600)
    drop(version, "DELETE FROM mention_1d")
    drop(version, f"DELETE FROM spike WHERE time = {(START + 600) * 10**9}")
    drop(version, "DELETE FROM distro_rank WHERE distro = 'distro 7'")
    drop(version, "DELETE FROM event")
    drop(version, "DROP MEASUREMENT incident")
    drop(version, "DROP MEASUREMENT collector")
    wanted = {
        "mention_1m": (6, 0), "mention_1h": (2, 0), "mention_1d": (2, 0), "spike": (1, 0),
        "distro_rank": (2, 0), "event": (2, 0), "incident": (1, 0), "collector": (2, 0),
    }  # fmt: skip
    report = verify(journal, version)
    assert found(report) == wanted
    assert len(report.examples) == 18
    repaired = verify(journal, version, repair=True)
    assert found(repaired) == wanted
    assert repaired.refused == 0
    assert {name: tally.sent for name, tally in repaired.tallies.items()} == {
        name: missing for name, (missing, _) in wanted.items()
    }
    assert found(verify(journal, version)) == {}
    assert sums(version) == before
    writes = len(version.writes)
    assert verify(journal, version, repair=True).wrong == 0
    assert len(version.writes) == writes


def test_a_whole_database_is_filled_again(version: Front, journal: Path) -> None:
    """As when InfluxDB was replaced; what it then holds is what it held, point for point."""
    deliver(journal, version.settings())
    before = sums(version)
    for name in verify(journal, version).tallies:
        drop(version, f'DROP MEASUREMENT "{name}"')
    assert verify(journal, version, repair=True).wrong == 443
    assert found(verify(journal, version)) == {}
    assert sums(version) == before


def test_a_difference_becomes_a_correction(version: Front, journal: Path) -> None:
    """What InfluxDB has too much or too little is an additional point; none is overwritten."""
    deliver(journal, version.settings())
    with Influx(version.settings()) as influx:
        series = f"mention_1m,topic={TOPIC},source={SOURCE}"
        influx.write([f"{series} negative=5i,score_sum=-2.5 {START * 10**9 + 3}"])
    before = points(version)
    report = verify(journal, version)
    assert found(report) == {"mention_1m": (0, 1)}
    (example,) = report.examples
    assert (example.measurement, example.time) == ("mention_1m", NOON)
    assert example.influx["negative"] - example.journal["negative"] == 5
    assert example.journal["score_sum"] - example.influx["score_sum"] == pytest.approx(2.5)
    assert verify(journal, version, repair=True).tallies["mention_1m"].sent == 1
    assert found(verify(journal, version)) == {}
    after = points(version)
    assert {place: after[place] for place in before} == before
    (added,) = after.keys() - before.keys()
    assert added == START * 10**9 + 4


def points(front: Front) -> dict[int, tuple[object, ...]]:
    """Return every point of one series of minutes."""
    with Influx(front.settings()) as influx:
        (series,) = influx.query(f"SELECT * FROM mention_1m WHERE topic = '{TOPIC}' AND time > 0")
    return {row[0]: row[1:] for row in series.rows}


def test_a_lost_first_point_among_corrections(front: Front, journal: Path) -> None:
    """The corrections stay, and the first point comes back with what they do not say."""
    deliver(journal, front.settings())
    late(journal)
    assert deliver(journal, front.settings()) == 3
    before = sums(front)
    kept = points(front)
    delete(front, "mention_1m", 0)
    assert found(verify(journal, front)) == {"mention_1m": (1, 1)}  # two topics, one corrected
    verify(journal, front, repair=True)
    assert found(verify(journal, front)) == {}
    assert sums(front) == before
    assert points(front) == kept


def test_a_lost_correction_gets_a_number_of_its_own(front: Front, journal: Path) -> None:
    """What is heard late after a repair is not written over the correction of the repair."""
    deliver(journal, front.settings())
    late(journal)
    deliver(journal, front.settings())
    drop(front, f"DELETE FROM mention_1m WHERE time = {START * 10**9 + 1}")
    assert found(verify(journal, front)) == {"mention_1m": (0, 1)}
    verify(journal, front, repair=True)
    late(journal, "later")
    deliver(journal, front.settings())
    assert found(verify(journal, front)) == {}
    offsets = {time - START * 10**9 for time in points(front) if time < (START + 60) * 10**9}
    assert offsets == {0, 2, 3}


def late(path: Path, identity: str = "late") -> None:
    """Store a mention in the first minute, after that was sealed."""
    with Journal(path) as journal:
        late = mention(identity, START + 5, -0.9, "zoe")
        journal.load(Collection(SOURCE), [late], now=LATER)


def test_a_backup_that_was_restored_is_put_right(front: Front, tmp_path: Path) -> None:
    """Its buckets lack what was sent since, its corrections are numbered anew; nothing is lost."""
    path, backup = tmp_path / "hubbub.db", tmp_path / "backup.db"
    fill(path)
    deliver(path, front.settings())
    with closing(Database(path)) as database:
        database.execute("VACUUM INTO ?", (str(backup),))
    late(path, "lost with the disk")
    deliver(path, front.settings())
    late(backup, "heard after the restore")
    late(backup, "and another")
    deliver(backup, front.settings())
    verify(backup, front, repair=True)
    assert found(verify(backup, front)) == {}


def test_only_what_is_asked_for_is_compared(front: Front, journal: Path) -> None:
    """From an instant on; a bucket that began before is left out."""
    deliver(journal, front.settings())
    delete(front, "mention_1m", 0, 60, 7_200)
    drop(front, "DELETE FROM mention_1d")
    report = verify(journal, front, since=NOON + 2 * HOUR)
    assert found(report) == {"mention_1m": (2, 0)}
    assert report.tallies["mention_1m"].compared == 2 * 60
    assert report.tallies["mention_1h"].compared == 2
    assert report.tallies["mention_1d"].compared == 0
    assert report.tallies["spike"].compared == 0
    halfway = verify(journal, front, since=NOON + 2 * HOUR + timedelta(seconds=1))
    assert halfway.tallies["mention_1m"].compared == 2 * 59
    assert halfway.tallies["mention_1h"].compared == 0


def test_what_waits_is_no_loss(front: Front, journal: Path) -> None:
    """Lines of the outbox are on their way, and buckets of which one waits are not judged."""
    with closing(Outbox.open(journal)) as outbox:
        outbox.fill(LATER)
    report = verify(journal, front)
    assert report.wrong == 0
    assert sum(tally.waiting for tally in report.tallies.values()) == 443
    deliver(journal, front.settings())
    late(journal)
    report = verify(journal, front)  # not even a line yet
    assert (report.wrong, report.tallies["mention_1m"].waiting) == (0, 1)
    with closing(Outbox.open(journal)) as outbox:
        outbox.fill(LATER)
    report = verify(journal, front)
    assert (report.wrong, report.tallies["mention_1m"].waiting) == (0, 1)


def test_a_repair_sends_what_waits_as_well(front: Front, journal: Path) -> None:
    """The outbox is emptied in its order."""
    deliver(journal, front.settings())
    late(journal)
    with closing(Outbox.open(journal)) as outbox:
        outbox.fill(LATER)
    delete(front, "mention_1m", 6_000)
    verify(journal, front, repair=True)
    report = verify(journal, front)
    assert (report.wrong, report.tallies["mention_1m"].waiting) == (0, 0)


@pytest.mark.parametrize("repair", [False, True])
def test_what_changes_meanwhile_is_not_judged(front: Front, journal: Path, *, repair: bool) -> None:
    """A mention counted, sealed and delivered while InfluxDB answers is no difference."""
    deliver(journal, front.settings())
    delete(front, "mention_1m", 60)

    class Busy(Influx):
        """A connection on which the world goes on between a question and its end."""

        def query(self, influxql: str) -> list[object]:  # type: ignore[override]
            answer = super().query(influxql)
            if "mention_1m" in influxql:
                late(journal)
                deliver(journal, front.settings())
            return list(answer)

    with Busy(front.settings()) as influx:
        if repair:
            with Repair(journal, influx, 5_000) as repairing:
                report = run(Verification(journal, influx, repair=repairing))
        else:
            report = run(Verification(journal, influx))
    assert found(report) == {"mention_1m": (2, 0)}
    assert found(verify(journal, front)) == ({} if repair else {"mention_1m": (2, 0)})


def test_what_was_refused_is_tried_again(front: Front, journal: Path) -> None:
    """A line set aside for a reason that is gone is made up for, and no longer told of."""
    front.verdict = lambda body: (
        Fault(400, body='{"message": "no"}') if b"neutral=" in body or b"rank=" in body else None
    )
    deliver(journal, front.settings())
    front.recover()
    with closing(Outbox.open(journal)) as outbox:
        assert outbox.counts() == (0, 408)
    report = verify(journal, front, repair=True)
    assert (report.wrong, report.refused) == (408, 0)
    with closing(Outbox.open(journal)) as outbox:
        assert outbox.counts() == (0, 0)
    assert found(verify(journal, front)) == {}


def test_what_is_refused_again_is_told(front: Front, journal: Path) -> None:
    """It is set aside again, once, with InfluxDB's reason."""
    deliver(journal, front.settings())
    delete(front, "mention_1m", 60)
    front.verdict = lambda body: (
        Fault(400, body='{"message": "still no"}') if b"mention_1m" in body else None
    )
    for _ in range(2):
        report = verify(journal, front, repair=True)
        assert (report.wrong, report.refused) == (2, 2)
    with reading(journal) as database:
        assert database.execute("SELECT DISTINCT reason FROM refused").fetchall() == [("still no",)]
        assert database.execute("SELECT count(*) FROM refused").fetchone() == (2,)


def test_without_influxdb_the_reason_is_told(front: Front, influxd: Influxd, journal: Path) -> None:
    """Nothing counts as missing; once it is back, all is as before."""
    deliver(journal, front.settings())
    influxd.kill()
    try:
        with pytest.raises(InfluxError, match=r"InfluxDB at .* fails"):
            verify(journal, front)
        with pytest.raises(InfluxError):
            verify(journal, front, repair=True)
    finally:
        influxd.start()
    assert verify(journal, front, repair=True).wrong == 0


def test_a_repair_that_is_cut_off_goes_on(front: Front, journal: Path) -> None:
    """What was made stays in the outbox; the next repair adds nothing to it twice."""
    deliver(journal, front.settings())
    before = sums(front)
    drop(front, "DROP MEASUREMENT mention_1m")
    front.faults.extend([Fault(None, stored=True), Fault(503)])
    for _ in range(2):  # once the answer is lost, once there is none
        with pytest.raises(InfluxError, match="360 lines wait in the journal"):
            verify(journal, front, repair=True)
    assert verify(journal, front, repair=True).wrong == 0
    assert found(verify(journal, front)) == {}
    assert sums(front) == before


def test_an_answer_cut_short_is_no_loss(front: Front, journal: Path) -> None:
    """A row limit of InfluxDB 1 is an error: what it leaves out is not missing."""
    deliver(journal, front.settings())

    def cut(path: str, *_: object) -> Fault:
        body = (
            '{"results": [{"series": [{"name": "mention_1m", "columns": ["time"], "values": [],'
            ' "partial": true}]}]}'
        )
        return Fault(200, {}, body) if "mention_1m" in path else Fault(200, {}, '{"results":[{}]}')

    front.answer_query = cut  # type: ignore[method-assign,assignment]
    with pytest.raises(InfluxError, match="max-row-limit"):
        verify(journal, front)


def test_pruned_minutes_are_not_compared(front: Front, journal: Path) -> None:
    """What the journal dropped with age is no surplus in InfluxDB; hours and days are compared."""
    deliver(journal, front.settings())
    with Journal(journal) as writer:
        writer.prune(Store(keep_minutes=timedelta(hours=1)), NOON + 3 * HOUR)
    report = verify(journal, front)
    assert found(report) == {}
    assert report.tallies["mention_1m"].compared == 2 * 60
    assert report.tallies["mention_1h"].compared == 2 * 3
    assert verify(journal, front, repair=True).wrong == 0


def test_a_foreign_series_is_left_alone(front: Front, journal: Path) -> None:
    """What another journal wrote into the same bucket is none of ours."""
    deliver(journal, front.settings())
    with Influx(front.settings()) as influx:
        influx.write([f"mention_1m,topic=theirs,source=x negative=5i {START * 10**9}"])
        influx.write([f"event,kind=theirs end_ms=0i {START * 10**9}"])
    assert verify(journal, front, repair=True).wrong == 0


def test_an_event_that_changed_is_compared_as_it_is_now(front: Front, journal: Path) -> None:
    """Its latest version is looked for; that an older one is there does not make up for it."""
    deliver(journal, front.settings())
    with reading(journal) as database:
        before = database.execute("SELECT max(row) FROM event").fetchone()[0]
    with Journal(journal) as writer:
        writer.record_event(Event(f"e-{SOURCE}", "deploy", "v2, rolled back", NOON, TOPIC))
    deliver(journal, front.settings())
    drop(front, f"DELETE FROM event WHERE time = {START * 10**9 + before + 1}")
    assert found(verify(journal, front)) == {"event": (1, 0)}


def test_no_query_of_3_core_opens_too_many_files(influxd: Influxd, tmp_path: Path) -> None:
    """Five days of dense minutes are read in parts; where a part is too wide, in halves."""
    path = tmp_path / "hubbub.db"
    end = START + 5 * Level.DAY
    with Journal(path) as writer:
        writer.declare([TOPIC], SOURCE)
        writer.record(heard((START, end), cursor="1"), [], now=from_seconds(end))
    front = FrontThree(influxd).start()
    try:
        deliver(path, front.settings(), from_seconds(end))
        with Influx(front.settings()) as influx, pytest.raises(InfluxError, match="file limit"):
            influx.query(
                'SELECT "total" FROM "mention_1m"'
                f" WHERE time >= {START * 10**9} AND time <= {end * 10**9}"
            )
        assert verify(path, front).wrong == 0
        assert 100 < front.widest <= FILES
    finally:
        front.stop()


def test_a_query_that_opens_too_many_files_is_halved(influxd: Influxd, journal: Path) -> None:
    """Late points make more files than one for each ten minutes."""

    class Crowded(FrontThree):
        """A 3 Core whose files are many."""

        def _files(self, statement: str) -> int:
            return 40 * super()._files(statement)

    front = Crowded(influxd).start()
    try:
        deliver(journal, front.settings())
        report = verify(journal, front)
        assert (report.wrong, report.tallies["mention_1m"].compared) == (0, 360)
    finally:
        front.stop()


def test_a_year_of_readings_is_compared_day_by_day(front: Front, tmp_path: Path) -> None:
    """Whatever order they were stored in."""
    path = tmp_path / "hubbub.db"
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(365)]
    random.Random(7).shuffle(days)
    with Journal(path) as writer:
        for day in days:
            readings = tuple(
                Reading(f"d{n}", f"D{n}", "distrowatch", "6m", day, n + 1, 100 - n)
                for n in range(20)
            )
            writer.record(Collection("distrowatch", readings=readings), [], now=LATER)
    deliver(path, front.settings())
    drop(front, "DELETE FROM distro_rank WHERE time = '2026-03-05T00:00:00Z'")
    report = verify(path, front)
    assert found(report) == {"distro_rank": (20, 0)}
    assert report.tallies["distro_rank"].compared == 7_300


@given(
    losses=st.lists(st.integers(0, 179), max_size=8),
    surplus=st.lists(st.tuples(st.integers(0, 179), st.integers(-3, 3)), max_size=4),
    lates=st.lists(st.integers(0, 179), max_size=4),
)
@hypothesis_settings(max_examples=10, deadline=None)
def test_whatever_happened_a_repair_puts_it_right(
    influxd: Influxd,
    tmp_path_factory: pytest.TempPathFactory,
    losses: list[int],
    surplus: list[tuple[int, int]],
    lates: list[int],
) -> None:
    """After points were lost, added and corrected, the sums are the journal's, and stay so."""
    path = tmp_path_factory.mktemp("journal") / "hubbub.db"
    fill(path)
    front = Front(influxd).start()
    try:
        deliver(path, front.settings())
        with Journal(path) as writer:
            page = [mention(f"late {n}", START + n * 60, 0.5, "eve") for n in lates]
            writer.load(Collection(SOURCE), page, now=LATER)
        deliver(path, front.settings())
        wanted = sums(front)
        delete(front, "mention_1m", *(minute * 60 for minute in losses))
        lines = [
            f"mention_1m,topic={TOPIC},source={SOURCE} negative={by}i "
            f"{(START + minute * 60) * 10**9 + 9}"
            for minute, by in surplus
        ]
        if lines:
            with Influx(front.settings()) as influx:
                influx.write(lines)
        verify(path, front, repair=True)
        assert verify(path, front).wrong == 0
        shown = sums(front)
        assert {place: shown[place] for place in wanted} == wanted
    finally:
        front.stop()


def test_a_gap_is_no_loss(front: Front, tmp_path: Path) -> None:
    """A minute in which nobody listened is no point, and none is made by a repair."""
    path = tmp_path / "hubbub.db"
    with Journal(path) as writer:
        writer.declare([TOPIC], SOURCE)
        stretches = (Span(NOON, NOON + HOUR), Span(NOON + 2 * HOUR, NOON + 3 * HOUR))
        writer.record(Collection(SOURCE, watched=stretches, cursor="1"), [], now=LATER)
    deliver(path, front.settings())
    report = verify(path, front, repair=True)
    assert (report.wrong, report.tallies["mention_1m"].compared) == (0, 120)
