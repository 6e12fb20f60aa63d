"""From the journal to lines for InfluxDB: each count exactly once."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settings import Store
from signals import (
    Change,
    Collection,
    Event,
    Incident,
    Level,
    Mention,
    Phase,
    Polarity,
    Reading,
    State,
    Step,
    Verdict,
    from_seconds,
)
from storage import Journal, Outbox, Reader, StoreError, sealing
from tests.support.line import Line, read_line
from tests.support.mentions import (
    NOON,
    SOURCE,
    START,
    TOPIC,
    Bucket,
    buckets,
    count_stored,
    heard,
    mention,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

LEVELS = {"mention_1m": Level.MINUTE, "mention_1h": Level.HOUR, "mention_1d": Level.DAY}
SOURCES = ["hackernews", "import:old"]
MINUTE, HOUR, DAY = 60, 3_600, 86_400
LATER = START + 3 * DAY

instants = st.integers(START, LATER)
mentions = st.builds(
    mention,
    st.integers(0, 40).map(str),
    instants,
    st.sampled_from([-0.5, 0.0, 0.1234]),
    st.sampled_from(["", "ann", "bob"]),
    topic=st.sampled_from(["GitHub", "Fedora"]),
    source=st.sampled_from(SOURCES),
    copy=st.booleans(),
    polarity=st.sampled_from([None, None, Polarity.UNSCORED]),
    revised=st.none() | st.integers(LATER, LATER + 5),
)
stretches = st.tuples(instants, st.integers(0, 2 * HOUR)).map(lambda s: (s[0], s[0] + s[1]))


class Seal(NamedTuple):
    """Lines are made of what is new at ``now``."""

    now: int


class Hear(NamedTuple):
    """A source brings mentions, says what was taken back, and what it watched."""

    source: str
    mentions: list[Mention]
    withdrawn: list[str]
    watched: list[tuple[int, int]]


Plan = list[Seal | Hear]
plans = st.lists(
    st.one_of(
        st.builds(Seal, instants),
        st.builds(
            Hear,
            st.sampled_from(SOURCES),
            st.lists(mentions, max_size=6),
            st.lists(st.integers(0, 40).map(str), max_size=4),
            st.lists(stretches, max_size=2),
        ),
    ),
    max_size=12,
)


class Delivered:
    """An outbox whose lines are taken as soon as they are made.

    Attributes:
        lines: All lines so far, in order.
    """

    def __init__(self, path: Path) -> None:
        """Open the outbox of the journal at ``path``."""
        self._outbox = Outbox.open(path)
        self.lines: list[Line] = []

    def close(self) -> None:
        """Close the outbox."""
        self._outbox.close()

    def seal(self, now: datetime) -> list[Line]:
        """Return the lines that are new at ``now``."""
        made = self._outbox.fill(now)
        waiting = self._outbox.pending(1_000_000)
        assert len(waiting) == made
        self._outbox.delivered([row for row, _ in waiting], now)
        fresh = [read_line(line) for _, line in waiting]
        self.lines += fresh
        return fresh


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the journal is."""
    return tmp_path / "hubbub.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """Return an empty journal."""
    with Journal(path) as journal:
        yield journal


@pytest.fixture
def delivered(journal: Journal) -> Iterator[Delivered]:
    """Return what is delivered of the journal."""
    with closing(Delivered(journal.path)) as delivered:
        yield delivered


def _counts(lines: list[Line], measurement: str | None = None) -> list[Line]:
    """Return the lines of one measurement, or of all that count mentions."""
    return [
        each
        for each in lines
        if (each.measurement == measurement if measurement else each.measurement in LEVELS)
    ]


def _sums(lines: list[Line]) -> dict[Bucket, tuple[int, ...]]:
    """Return what a server would add up, for each bucket that counts anything."""
    sums: dict[Bucket, list[int]] = defaultdict(lambda: [0] * 7)
    for line in _counts(lines):
        level = LEVELS[line.measurement]
        time = line.time // 10**9 // level * level
        fields = line.fields
        polarities = [fields[name] for name in ("positive", "negative", "neutral", "unscored")]
        assert fields["total"] == sum(int(value) for value in polarities)
        score = round(float(fields["score_sum"]) * 10_000)
        values = [*polarities[:3], fields["authors"], score, polarities[3], fields["copies"]]
        bucket = sums[level.value, line.tag("topic"), line.tag("source"), time]
        for at, value in enumerate(values):
            bucket[at] += int(value)
    return {key: tuple(values) for key, values in sums.items() if any(values)}


def _kept(path: Path) -> dict[Bucket, tuple[int, ...]]:
    """Return what the journal counts, as far as it is sent."""
    return {key: sums[:7] for key, sums in buckets(path).items()}


def _run(path: Path, plan: Plan) -> list[Line]:
    """Take the steps, then seal everything; return all lines."""
    with Journal(path) as journal, closing(Delivered(path)) as delivered:
        for source in SOURCES:
            journal.record(heard((START, START + 1), source=source), [], now=NOON)
        for step in plan:
            if isinstance(step, Seal):
                delivered.seal(from_seconds(step.now))
            else:
                collection = replace(
                    heard(*step.watched, source=step.source), withdrawn=tuple(step.withdrawn)
                )
                journal.record(collection, step.mentions, now=from_seconds(LATER))
        delivered.seal(from_seconds(LATER + 3 * DAY))
        assert delivered.seal(from_seconds(LATER + 3 * DAY)) == []
        return delivered.lines


@settings(deadline=None, max_examples=60)
@given(plans)
def test_lines_add_up_to_the_journal(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> None:
    """However collecting, edits, withdrawals and sealing alternate, a server's sums are right."""
    path = tmp_path_factory.mktemp("journal") / "hubbub.db"
    lines = _run(path, plan)
    assert _sums(lines) == _kept(path)
    assert buckets(path) == count_stored(path)


@settings(deadline=None, max_examples=60)
@given(plans)
def test_no_point_is_overwritten(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> None:
    """No two lines share measurement, tags and time; only the first of a bucket has coverage."""
    lines = _run(tmp_path_factory.mktemp("journal") / "hubbub.db", plan)
    keys = [line.key for line in lines]
    assert len(keys) == len(set(keys))
    for line in _counts(lines):
        assert ("coverage" in line.fields) == (line.time % 10**9 == 0)
        assert 0 <= float(line.fields.get("coverage", 0)) <= 1


@settings(deadline=None, max_examples=30)
@given(plans, st.integers(1, 7))
def test_small_portions_make_the_same_lines(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, batch: int
) -> None:
    """How many lines are made in one transaction changes none of them."""
    folder = tmp_path_factory.mktemp("journal")
    whole = _run(folder / "whole.db", plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "BATCH", batch)
        parts = _run(folder / "parts.db", plan)
    assert sorted(map(repr, parts)) == sorted(map(repr, whole))


def test_a_bucket_is_sealed_when_its_source_was_read_past_it(
    journal: Journal, delivered: Delivered
) -> None:
    """An open minute waits; a closed one is one line with its coverage."""
    now = NOON + timedelta(seconds=90)
    page = [mention("1", START + 10, -0.5, "ann"), mention("2", START + 70)]
    journal.record(heard((START + 30, START + 90)), page, now=now)
    (line,) = _counts(delivered.seal(now))
    assert line.key == ("mention_1m", (("source", SOURCE), ("topic", TOPIC)), START * 10**9)
    assert line.fields == {
        "positive": 0,
        "negative": 1,
        "neutral": 0,
        "unscored": 0,
        "total": 1,
        "copies": 0,
        "authors": 1,
        "score_sum": -0.5,
        "coverage": 0.5,
    }
    assert _counts(delivered.seal(now)) == []


def test_a_silent_minute_is_a_line_and_a_gap_is_none(
    journal: Journal, delivered: Delivered
) -> None:
    """Zero is sent only for what was listened to."""
    journal.declare([TOPIC], SOURCE)
    now = NOON + timedelta(minutes=5)
    journal.record(heard((START, START + 60), (START + 240, START + 300)), [], now=now)
    lines = _counts(delivered.seal(now), "mention_1m")
    assert [line.time // 10**9 - START for line in lines] == [0, 240]
    assert {line.fields["total"] for line in lines} == {0}


def test_what_comes_late_is_an_additional_line(journal: Journal, delivered: Delivered) -> None:
    """A correction carries the difference only: people not counted yet, and no coverage."""
    now = NOON + timedelta(minutes=5)
    journal.record(heard((START, START + 300)), [mention("1", author="ann")], now=now)
    delivered.seal(now)
    late = [mention("2", author="ann"), mention("3", author="bob"), mention("1", author="ann")]
    journal.record(heard(), late, now=now)
    (first,) = _counts(delivered.seal(now))
    assert first.time == START * 10**9 + 1
    assert (first.fields["total"], first.fields["authors"]) == (2, 1)
    assert "coverage" not in first.fields
    journal.record(heard(), [mention("4", compound=0.25)], now=now)
    (second,) = _counts(delivered.seal(now))
    assert second.time == START * 10**9 + 2
    assert (second.fields["positive"], second.fields["negative"]) == (1, 0)


def test_what_is_taken_back_is_a_negative_correction(
    journal: Journal, delivered: Delivered
) -> None:
    """A withdrawal and an edit take away what they change; a new wording alone makes no line."""
    now = NOON + timedelta(minutes=5)
    page = [mention("1", author="ann", copy=True), mention("2", START + 1, author="bob")]
    journal.record(heard((START, START + 300)), page, now=now)
    delivered.seal(now)
    edit = mention("2", START + 1, 0.25, "bob", revised=START + 9)
    journal.record(replace(heard(), withdrawn=("1",)), [edit], now=now)
    (line,) = _counts(delivered.seal(now))
    assert line.time == START * 10**9 + 1
    assert line.fields == {
        "positive": 1,
        "negative": -2,
        "neutral": 0,
        "unscored": 0,
        "total": -1,
        "copies": -1,
        "authors": -1,
        "score_sum": 1.25,
    }
    reworded = mention("2", START + 1, 0.25, "bob", text="GitHub!", revised=START + 10)
    journal.record(heard(), [reworded], now=now)
    assert _counts(delivered.seal(now)) == []


def test_an_event_that_changes_is_sent_again(journal: Journal, delivered: Delivered) -> None:
    """Each change is a point of its own at the event's second; a repetition is none."""
    opened = Event("1", "status", "degraded", NOON, TOPIC, "we look into it")
    resolved = replace(opened, text="it works again", end=NOON + timedelta(hours=1))
    found = []
    for event in (opened, opened, resolved, replace(resolved, time=NOON + timedelta(minutes=1))):
        journal.record_event(event)
        found.append(delivered.seal(NOON))
    assert [len(lines) for lines in found] == [1, 0, 1, 0]
    (first,), _, (second,), _ = found
    assert first.time < second.time < START * 10**9 + 1_000
    assert (first.fields["end_ms"], second.fields["end_ms"]) == (0, (START + 3_600) * 1_000)
    assert (second.fields["id"], second.fields["text"]) == ("1", "it works again")


def test_a_correction_after_pruning_overwrites_no_other(
    journal: Journal, delivered: Delivered
) -> None:
    """How many corrections a bucket had is not forgotten with its minutes."""
    now = NOON + timedelta(minutes=5)
    journal.record(heard((START, START + 300), cursor="1"), [mention("1")], now=now)
    delivered.seal(now)
    journal.record(heard(), [mention("2")], now=now)
    delivered.seal(now)
    after = NOON + timedelta(days=91)
    journal.prune(Store(), after)
    journal.record(heard(), [mention("3")], now=after)
    delivered.seal(after)
    minutes = [line for line in _counts(delivered.lines, "mention_1m") if line.fields["total"]]
    assert [line.time - START * 10**9 for line in minutes] == [0, 1, 2]
    assert len({line.key for line in minutes}) == 3


def test_nothing_is_late_before_anything_was_sealed(journal: Journal, delivered: Delivered) -> None:
    """Without InfluxDB no list of corrections grows; when it comes, everything is sent once."""
    for minute in (9, 5, 7):
        page = [mention(str(minute), START + minute * 60)]
        journal.record(heard((START, START + 600)), page, now=NOON + timedelta(minutes=10))
    lines = _counts(delivered.seal(NOON + timedelta(minutes=10)), "mention_1m")
    assert all("coverage" in line.fields for line in lines)
    assert sum(int(line.fields["total"]) for line in lines) == 3


def test_a_day_later_a_silent_source_is_not_waited_for(
    journal: Journal, delivered: Delivered
) -> None:
    """What a source brought before it fell silent is sent in the end."""
    journal.record(heard((START, START + 30)), [mention("1")], now=NOON)
    assert _counts(delivered.seal(NOON + timedelta(hours=24))) == []
    (line,) = _counts(delivered.seal(NOON + timedelta(hours=24, minutes=1)))
    assert (line.measurement, line.fields["total"], line.fields["coverage"]) == (
        "mention_1m",
        1,
        0.5,
    )


def test_an_import_is_sealed_at_once(journal: Journal, delivered: Delivered) -> None:
    """An archive that is older than a day is sent whole: minutes, hours and days."""
    old, source = START - 100 * DAY, "import:old"
    page = [mention("1", old, source=source), mention("2", old + 2 * HOUR, source=source)]
    journal.load(heard((old, old + 2 * HOUR + 60), source=source), page, now=NOON)
    lines = delivered.seal(NOON)
    assert _sums(lines) == _kept(journal.path)
    assert len(_counts(lines, "mention_1m")) == 121
    assert len(_counts(lines, "mention_1h")) == 3


def test_an_import_that_is_under_way_waits_for_its_end(
    journal: Journal, delivered: Delivered
) -> None:
    """Until it is known what an archive covers, none of it is sent with a wrong coverage."""
    old, source = START - 100 * DAY, "import:old"
    journal.load(heard(source=source), [mention("1", old, source=source)], now=NOON)
    assert delivered.seal(NOON) == []
    journal.load(heard((old, old + 60), source=source), [], now=NOON)
    assert {line.fields["total"] for line in _counts(delivered.seal(NOON))} == {1}


def test_a_topic_that_is_added_later_sends_no_zeros_of_the_past(
    journal: Journal, delivered: Delivered
) -> None:
    """Nothing is sent for hours in which nobody looked for the topic."""
    journal.record(heard((START, START + HOUR)), [mention("1")], now=NOON + timedelta(hours=1))
    journal.declare(["Fedora"], SOURCE)
    now = NOON + timedelta(hours=1, minutes=2)
    journal.record(heard((START + HOUR, START + HOUR + 120)), [], now=now)
    lines = [each for each in _counts(delivered.seal(now)) if each.tag("topic") == "Fedora"]
    assert [each.time // 10**9 - START for each in lines] == [HOUR, HOUR + 60]


def _verdict(minute: int) -> Verdict:
    at = NOON + timedelta(minutes=minute)
    return Verdict(at, 9, 1.5, 0, 4.25, 6.5, State.CONFIRMED)


def test_everything_else_is_sent_once(journal: Journal, delivered: Delivered) -> None:
    """Readings, events, verdicts, incidents and attempts become one line each."""
    reading = Reading("mint", "Linux Mint", "distrowatch", "6m", NOON, 1, 2_000)
    collection = Collection(
        SOURCE,
        readings=(reading,),
        events=(Event("1", "deploy", 'api "v2"', NOON, end=NOON + timedelta(minutes=1)),),
    )
    for _ in range(2):
        journal.record(collection, [], now=NOON, took=0.25)
    incident = Incident("GitHub:1", TOPIC, Phase.RESOLVED, NOON, NOON, _verdict(0))
    change = Change(
        incident,
        NOON,
        "quiet for 15 minutes",
        Step.RESOLVED,
        "http://127.0.0.1:8460/topics/GitHub",
    )
    for _ in range(2):
        journal.incidents.record(
            TOPIC,
            "{}",
            NOON,
            verdicts=[_verdict(0), _verdict(1)],
            incidents=[incident],
            changes=[change],
            now=NOON,
        )
    lines = delivered.seal(NOON)
    assert len({line.key for line in lines}) == len(lines)
    by: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by[line.measurement].append(line)
    assert {name: len(found) for name, found in by.items()} == {
        "distro_rank": 1,
        "event": 1,
        "spike": 2,
        "incident": 1,
        "collector": 2,
    }
    assert by["distro_rank"][0].fields == {"rank": 1, "hits": 2_000}
    assert by["event"][0].fields["title"] == 'api "v2"'
    assert by["event"][0].fields["end_ms"] == (START + 60) * 1_000
    assert by["spike"][0].fields == {
        "observed": 9.0,
        "expected": 1.5,
        "low": 0.0,
        "high": 4.25,
        "score": 6.5,
        "state": 2,
    }
    assert by["incident"][0].fields["end_ms"] == START * 1_000
    assert by["incident"][0].fields["state"] == 0
    assert by["incident"][0].fields["url"] == "http://127.0.0.1:8460/topics/GitHub"
    assert [line.fields["new"] for line in by["collector"]] == [0, 0]
    assert delivered.seal(NOON) == []


def test_what_no_line_can_hold_blocks_nothing(journal: Journal, delivered: Delivered) -> None:
    """An event beyond the years that InfluxDB knows is set aside with its reason."""
    journal.record_event(Event("1", "deploy", "one day", NOON.replace(year=3000)))
    journal.record_event(Event("2", "deploy", "today", NOON))
    assert [line.fields["id"] for line in delivered.seal(NOON)] == ["2"]
    ((line, reason),) = Reader(journal.path).refused()
    assert "one day" in line
    assert "1677 to 2262" in reason


def test_an_error_makes_no_lines(journal: Journal, delivered: Delivered) -> None:
    """Lines and the marks of how far they go commit together."""
    now = NOON + timedelta(hours=2)
    journal.record(heard((START, START + 2 * HOUR)), [mention("1")], now=now)
    with closing(sqlite3.connect(journal.path)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON sealed WHEN new.level = 3600"
            " BEGIN SELECT raise(ABORT, 'no room'); END"
        )
        with pytest.raises(StoreError, match="no room"):
            delivered.seal(now)
        assert Reader(journal.path).delivery().pending == 0
        other.execute("DROP TRIGGER full")
    minutes = _counts(delivered.seal(now), "mention_1m")
    assert len(minutes) == 120
    assert sum(int(line.fields["total"]) for line in minutes) == 1
