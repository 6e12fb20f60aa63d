"""Delivery against a real InfluxDB: nothing lost, nothing double, nothing blocked."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from storage.delivery import Delivery, Progress
from storage.influx import Influx
from storage.line import point
from tests.support.influx import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.support.influx import Front

NOW = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
MIDNIGHT = 1_764_028_800 * 10**9
KEPT = Progress()


class MemoryOutbox:
    """An outbox in memory, with what was refused and a hook for crashes."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: dict[int, str] = {}
        self.refused: dict[int, str] = {}
        self.sent = 0
        self.before_delivered: Callable[[], None] = lambda: None

    def put(self, lines: Sequence[str]) -> None:
        """Append ``lines``."""
        first = max(self.rows, default=0) + 1
        self.rows.update(enumerate(lines, first))

    def pending(self, limit: int, /) -> list[tuple[int, str]]:
        """Return the oldest lines."""
        return list(self.rows.items())[:limit]

    def delivered(self, ids: Sequence[int], _at: datetime, /) -> None:
        """Drop what is stored."""
        self.before_delivered()
        for row in ids:
            del self.rows[row]
        self.sent += len(ids)

    def refuse(self, row: int, reason: str, _at: datetime, /) -> None:
        """Set a line aside."""
        del self.rows[row]
        self.refused[row] = reason


@pytest.fixture
def outbox() -> MemoryOutbox:
    """Return an empty outbox."""
    return MemoryOutbox()


@pytest.fixture
def influx(front: Front) -> Iterator[Influx]:
    """Return a connection to an empty database."""
    with Influx(front.settings()) as connection:
        yield connection


@pytest.fixture
def delivery(outbox: MemoryOutbox, influx: Influx) -> Delivery:
    """Return a delivery in batches of 5,000."""
    return Delivery(outbox, influx, batch=5_000)


def good(count: int, start: int = 0) -> list[str]:
    """Return ``count`` lines that any InfluxDB takes, each a point of its own."""
    return [
        point("m", {"topic": "t"}, {"n": i}, MIDNIGHT + i * 10**9)
        for i in range(start, start + count)
    ]


def stored(influx: Influx) -> tuple[int, int]:
    """Return how many points of ``m`` InfluxDB holds, and the sum of their values."""
    (series,) = influx.query("SELECT count(n), sum(n) FROM m")
    ((_, count, total),) = series.rows
    return count, total


def well(delivery: Delivery) -> bool:
    """Tell whether nothing keeps the delivery from sending."""
    return delivery.problem == "" and delivery.resume_at is None


def run_until_empty(delivery: Delivery, outbox: MemoryOutbox, runs: int = 200) -> datetime:
    """Run as a service would, jumping to the end of each wait; return when it was over."""
    now = NOW
    for _ in range(runs):
        if not outbox.rows:
            return now
        delivery.run_once(now)
        now = max(now, delivery.resume_at or now)
    pytest.fail(f"{len(outbox.rows)} lines still wait after {runs} runs: {delivery.problem}")


def test_a_batch_is_stored_and_dropped(
    delivery: Delivery, outbox: MemoryOutbox, influx: Influx, front: Front
) -> None:
    """Lines go out in batches, the oldest first, and leave the outbox."""
    outbox.put(good(12_000))
    assert [delivery.run_once(NOW) for _ in range(4)] == [
        Progress(5_000),
        Progress(5_000),
        Progress(2_000),
        Progress(),
    ]
    assert stored(influx) == (12_000, sum(range(12_000)))
    assert (outbox.rows, len(front.writes)) == ({}, 3)
    assert well(delivery)


def test_a_request_stays_below_five_megabytes(
    delivery: Delivery, outbox: MemoryOutbox, front: Front
) -> None:
    """Long lines make shorter batches."""
    text = "é" * 30_000
    outbox.put([point("m", {}, {"text": text}, MIDNIGHT + i) for i in range(200)])
    run_until_empty(delivery, outbox)
    assert [len(write.body) < 5_000_000 for write in front.writes] == [True] * 3
    assert outbox.sent == 200


@pytest.mark.parametrize("status", [None, 408, 429, 500, 502, 503, 504])
def test_a_fault_that_passes_is_waited_for(
    delivery: Delivery, outbox: MemoryOutbox, influx: Influx, front: Front, status: int | None
) -> None:
    """The lines are kept for a short while, then sent."""
    outbox.put(good(10))
    front.faults.append(Fault(status))
    assert delivery.run_once(NOW) == KEPT
    assert delivery.resume_at is not None
    assert timedelta(seconds=0.5) <= delivery.resume_at - NOW <= timedelta(seconds=1)
    assert delivery.problem.startswith(f"InfluxDB at {front.url} ")
    before = len(front.writes)
    assert delivery.run_once(delivery.resume_at - timedelta(milliseconds=1)) == KEPT
    assert (len(outbox.rows), len(front.writes)) == (10, before)
    assert delivery.run_once(delivery.resume_at) == Progress(10)
    assert well(delivery)
    assert stored(influx) == (10, 45)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (301, "see whether influx.url leads to InfluxDB"),
        (401, "correct influx.token"),
        (403, "give it the right, or correct influx.token"),
        (404, "create it with 'hubbub influx setup', or correct influx.bucket"),
        (405, "see whether influx.url leads to InfluxDB"),
    ],
)
def test_a_fault_of_the_settings_keeps_the_lines(
    delivery: Delivery, outbox: MemoryOutbox, front: Front, status: int, remedy: str
) -> None:
    """The problem names the remedy, and another attempt follows each minute."""
    outbox.put(good(10))
    front.faults.append(Fault(status))
    assert delivery.run_once(NOW) == KEPT
    assert remedy in delivery.problem
    assert delivery.resume_at == NOW + timedelta(minutes=1)
    assert len(outbox.rows) == 10
    assert delivery.run_once(delivery.resume_at) == Progress(10)


def test_waits_grow_and_begin_anew(delivery: Delivery, outbox: MemoryOutbox, front: Front) -> None:
    """Each failure doubles the wait, up to a minute; a success ends the series."""
    outbox.put(good(10))
    front.faults.extend([Fault(503)] * 8)
    now = NOW
    for longest in (1, 2, 4, 8, 16, 32, 60, 60):
        delivery.run_once(now)
        assert delivery.resume_at is not None
        assert longest / 2 <= (delivery.resume_at - now).total_seconds() <= longest
        now = delivery.resume_at
    assert delivery.run_once(now) == Progress(10)
    outbox.put(good(1, start=10))
    front.faults.append(Fault(503))
    delivery.run_once(now)
    assert delivery.resume_at is not None
    assert delivery.resume_at - now <= timedelta(seconds=1)


def test_a_run_that_gets_halfway_begins_the_waits_anew(
    delivery: Delivery, outbox: MemoryOutbox, front: Front
) -> None:
    """What InfluxDB took before it failed again is settled, and counts as a success."""
    outbox.put(good(10))
    front.faults.extend([Fault(503)] * 5)
    now = NOW
    for _ in range(5):
        delivery.run_once(now)
        now = delivery.resume_at or now
    front.faults.append(Fault(413))
    front.verdict = lambda body: Fault(503) if b"n=9i" in body else None
    assert delivery.run_once(now) == Progress(5)
    assert len(outbox.rows) == 5
    assert delivery.resume_at is not None
    assert delivery.resume_at - now <= timedelta(seconds=1)


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        (Fault(429, {"Retry-After": "90"}), 90),
        (Fault(503, {"Retry-After": "90"}), 90),
        (Fault(503, {"Retry-After": "999999999999999"}), 3_600),
    ],
)
def test_retry_after_is_honoured_within_reason(
    delivery: Delivery, outbox: MemoryOutbox, front: Front, fault: Fault, waited: int
) -> None:
    """The wait that InfluxDB asks for holds, up to an hour."""
    outbox.put(good(1))
    front.faults.append(fault)
    delivery.run_once(NOW)
    assert delivery.resume_at == NOW + timedelta(seconds=waited)


def test_a_wrong_token_loses_nothing(
    outbox: MemoryOutbox, influx: Influx, delivery: Delivery, front: Front
) -> None:
    """Once the token is right, everything arrives."""
    front.token = "secret"  # noqa: S105 - a test's
    outbox.put(good(7))
    assert delivery.run_once(NOW) == KEPT
    assert "does not know the token" in delivery.problem
    with Influx(front.settings()) as renewed:
        assert Delivery(outbox, renewed, batch=5_000).run_once(NOW) == Progress(7)
    front.token = ""
    assert stored(influx) == (7, 21)


def test_a_missing_database_loses_nothing(outbox: MemoryOutbox, front: Front) -> None:
    """Once somebody creates it, everything arrives."""
    name = f"{front.database}_later"
    with Influx(front.settings(bucket=name)) as influx:
        delivery = Delivery(outbox, influx, batch=5_000)
        outbox.put(good(7))
        assert delivery.run_once(NOW) == KEPT
        assert f"has no bucket {name}" in delivery.problem
        front.influxd.execute(f"CREATE DATABASE {name}")
        run_until_empty(delivery, outbox)
        assert stored(influx) == (7, 21)
    front.influxd.execute(f"DROP DATABASE {name}")


@pytest.mark.parametrize("all_or_nothing", [False, True], ids=["partial", "all or nothing"])
def test_refused_lines_are_found_and_set_aside(
    outbox: MemoryOutbox, influx: Influx, front: Front, *, all_or_nothing: bool
) -> None:
    """Two bad lines among 5,000 are set aside; the others are stored, in one run."""
    delivery = Delivery(outbox, influx, batch=5_000)
    front.all_or_nothing = all_or_nothing
    lines = good(5_000)
    lines[777] = point("m", {"topic": "t"}, {"n": "no integer"}, MIDNIGHT)
    lines[4_000] = "m,topic=t n= 1"
    outbox.put(lines)
    assert delivery.run_once(NOW) == Progress(delivered=4_998, refused=2)
    assert outbox.rows == {}
    assert outbox.refused.keys() == {778, 4_001}
    assert "field type conflict" in outbox.refused[778]
    assert "missing field value" in outbox.refused[4_001]
    assert stored(influx) == (4_998, sum(range(5_000)) - 777 - 4_000)
    assert len(front.writes) < 60
    assert influx.query("SELECT probe FROM delivery") == []
    assert well(delivery)


def test_a_refused_line_that_is_alone_is_set_aside(
    delivery: Delivery, outbox: MemoryOutbox, influx: Influx
) -> None:
    """Where no other line shows that InfluxDB takes any, a plain point does."""
    outbox.put(["m n= 1"])
    assert delivery.run_once(NOW) == Progress(refused=1)
    (series,) = influx.query("SELECT probe FROM delivery")
    assert series.rows == ((int(NOW.timestamp()) * 10**9, 1),)


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("count", [1, 5_000])
def test_where_every_line_is_refused_none_is_set_aside(
    outbox: MemoryOutbox, influx: Influx, front: Front, status: int, count: int
) -> None:
    """A proxy or a limit that refuses everything does not empty the outbox into the refused."""
    delivery = Delivery(outbox, influx, batch=5_000)
    front.verdict = lambda _body: Fault(status)
    outbox.put(good(count))
    assert delivery.run_once(NOW) == KEPT
    assert (len(outbox.rows), outbox.refused) == (count, {})
    assert len(front.writes) < 20
    assert f"refuses what it was sent ({status}: injected by the test)" in delivery.problem
    assert delivery.resume_at == NOW + timedelta(minutes=1)
    front.recover()
    assert delivery.run_once(delivery.resume_at) == Progress(count)
    assert stored(influx) == (count, sum(range(count)))


def test_a_batch_full_of_refused_lines_blocks_nobody(outbox: MemoryOutbox, front: Front) -> None:
    """Points older than the bucket keeps them are set aside, over some runs; new ones arrive."""
    name = f"{front.database}_short"
    front.influxd.execute(f"CREATE DATABASE {name} WITH DURATION 1h")
    now = datetime.now(UTC)
    outbox.put([point("m", {}, {"n": i}, i) for i in range(300)])
    outbox.put([point("m", {}, {"n": i}, int(now.timestamp()) * 10**9 + i) for i in range(5)])
    with Influx(front.settings(bucket=name)) as influx:
        delivery = Delivery(outbox, influx, batch=300)
        runs = 0
        while outbox.rows:
            before = len(front.writes)
            assert delivery.run_once(now) != KEPT
            assert len(front.writes) - before <= 501
            runs += 1
        assert runs > 1
        assert stored(influx) == (5, 10)
    assert len(outbox.refused) == 300
    assert all("retention policy" in reason for reason in outbox.refused.values())
    front.influxd.execute(f"DROP DATABASE {name}")


def test_a_batch_that_is_too_big_is_halved(
    delivery: Delivery, outbox: MemoryOutbox, influx: Influx, front: Front
) -> None:
    """A smaller limit than ours costs requests, not points."""
    front.verdict = lambda body: Fault(413) if len(body) > 20_000 else None
    outbox.put(good(5_000))
    assert delivery.run_once(NOW) == Progress(5_000)
    assert stored(influx) == (5_000, sum(range(5_000)))


@pytest.mark.parametrize("status", [None, 500])
def test_a_line_that_influxdb_stumbles_over_does_not_block_the_rest(
    delivery: Delivery, outbox: MemoryOutbox, influx: Influx, front: Front, status: int | None
) -> None:
    """A line that makes it fail each time is set aside, after some minutes of patience."""
    front.verdict = lambda body: Fault(status) if b"stumble" in body else None
    lines = good(1_000)
    lines[400] = point("m", {"topic": "stumble"}, {"n": 400}, MIDNIGHT)
    outbox.put(lines)
    finished = run_until_empty(delivery, outbox)
    assert outbox.refused.keys() == {401}
    assert stored(influx) == (999, sum(range(1_000)) - 400)
    assert timedelta(minutes=1) < finished - NOW < timedelta(minutes=10)


@pytest.mark.parametrize("status", [None, 429, 500, 503])
def test_a_long_outage_sets_nothing_aside(
    delivery: Delivery, outbox: MemoryOutbox, influx: Influx, front: Front, status: int | None
) -> None:
    """However long InfluxDB fails, no line is blamed for it, and each attempt stays cheap."""
    front.verdict = lambda _body: Fault(status)
    outbox.put(good(5_000))
    now = NOW
    for _ in range(30):
        assert delivery.run_once(now) == KEPT
        assert delivery.resume_at is not None
        now = delivery.resume_at
    assert (len(outbox.rows), outbox.refused) == (5_000, {})
    assert len(front.writes) <= 60
    front.recover()
    run_until_empty(delivery, outbox)
    assert stored(influx) == (5_000, sum(range(5_000)))


def test_a_quota_never_blames_a_line(
    delivery: Delivery, outbox: MemoryOutbox, front: Front
) -> None:
    """Too many requests (429) says nothing of the lines, even if a plain point passes."""
    front.verdict = lambda body: Fault(429) if body.startswith(b"m,") else None
    outbox.put(good(10))
    now = NOW
    for _ in range(15):
        assert delivery.run_once(now) == KEPT
        now = delivery.resume_at or now
    assert (len(outbox.rows), outbox.refused) == (10, {})


def test_a_lost_answer_counts_nothing_twice(
    delivery: Delivery, outbox: MemoryOutbox, influx: Influx, front: Front
) -> None:
    """Lines that were stored although the answer was lost are sent again, and stay one point."""
    front.faults.append(Fault(None, stored=True))
    outbox.put(good(100))
    assert delivery.run_once(NOW) == KEPT
    assert stored(influx) == (100, sum(range(100)))
    run_until_empty(delivery, outbox)
    assert stored(influx) == (100, sum(range(100)))
    assert front.writes[0].body == front.writes[-1].body


def test_a_crash_before_the_outbox_knows_counts_nothing_twice(
    outbox: MemoryOutbox, influx: Influx, front: Front
) -> None:
    """After a crash between InfluxDB's answer and the outbox, the same bytes are sent again."""

    def crash() -> None:
        raise OSError("power cut")

    outbox.put(good(100))
    outbox.before_delivered = crash
    with pytest.raises(OSError, match="power cut"):
        Delivery(outbox, influx, batch=5_000).run_once(NOW)
    assert stored(influx) == (100, sum(range(100)))
    outbox.before_delivered = lambda: None
    assert Delivery(outbox, influx, batch=5_000).run_once(NOW) == Progress(100)
    assert stored(influx) == (100, sum(range(100)))
    assert front.writes[0].body == front.writes[1].body


def test_a_server_that_is_down_gets_everything_once_it_is_back(
    delivery: Delivery, outbox: MemoryOutbox, influx: Influx, front: Front
) -> None:
    """During an hour without InfluxDB lines gather; afterwards all of them arrive."""
    outbox.put(good(1_000))
    delivery.run_once(NOW)
    front.influxd.kill()
    now = NOW
    sent = 1_000
    while now < NOW + timedelta(hours=1):
        outbox.put(good(10, start=sent))
        sent += 10
        assert delivery.run_once(now) == KEPT
        assert "fails (502" in delivery.problem
        assert delivery.resume_at is not None
        now = delivery.resume_at
    front.influxd.start()
    run_until_empty(delivery, outbox)
    assert outbox.refused == {}
    assert delivery.problem == ""
    assert stored(influx) == (sent, sum(range(sent)))


@pytest.mark.parametrize("all_or_nothing", [False, True], ids=["partial", "all or nothing"])
def test_killing_the_server_during_a_load_loses_and_doubles_nothing(
    outbox: MemoryOutbox, influx: Influx, front: Front, *, all_or_nothing: bool
) -> None:
    """InfluxDB dies five times by SIGKILL amid writes; its points equal what was sent."""
    front.all_or_nothing = all_or_nothing
    total, kills = 40_000, 5
    delivery = Delivery(outbox, influx, batch=250)
    outbox.put(good(total))
    due = threading.Semaphore(0)
    alive = threading.Event()
    alive.set()

    def kill_and_restart() -> None:
        for _ in range(kills):
            due.acquire()
            front.influxd.kill()
            front.influxd.start()
            alive.set()

    killer = threading.Thread(target=kill_and_restart)
    killer.start()
    now, killed, failures = NOW, 0, 0
    while outbox.rows:
        if killed < kills and outbox.sent >= (killed + 1) * total // (kills + 2) and alive.is_set():
            alive.clear()
            killed += 1
            due.release()
        if delivery.run_once(now) == KEPT:
            failures += 1
            assert alive.wait(60)
        now = max(now, delivery.resume_at or now)
    killer.join()
    assert killed == kills
    assert failures > 0
    assert outbox.refused == {}
    assert stored(influx) == (total, sum(range(total)))
