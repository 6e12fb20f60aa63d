"""Reading the journal, also while another process writes it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settings import Store
from signals import (
    Change,
    Event,
    Incident,
    Level,
    Mention,
    Phase,
    Polarity,
    Span,
    State,
    Step,
    Verdict,
    Volume,
    from_seconds,
    seconds,
)
from storage import Journal, Reader
from storage.database import reading
from tests.support.mentions import NOON, SOURCE, START, TOPIC, count_mentions, heard, mention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OTHER = "mastodon:fosstodon.org"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return an empty journal."""
    with Journal(tmp_path / "hubbub.db") as journal:
        yield journal


@pytest.fixture
def reader(journal: Journal) -> Reader:
    """Return a reader of that journal."""
    return Reader(journal.path)


def test_an_empty_journal_has_no_answers(reader: Reader) -> None:
    """Before anything was heard every answer is empty, and none is an error."""
    assert reader.topics() == []
    assert reader.extent(TOPIC) is None
    assert reader.volumes(TOPIC, NOON, NOON + HOUR, Level.MINUTE) == []
    assert reader.verdicts(TOPIC, NOON, NOON + HOUR, Level.HOUR) == []
    assert not reader.incidents()
    assert not reader.events(TOPIC, NOON, NOON + HOUR)
    assert not reader.sources()
    assert not reader.refused()
    assert not reader.unsent()


def test_pruned_minutes_are_no_zeros(journal: Journal, reader: Reader) -> None:
    """Watched minutes that are no longer kept are left out; hours are still there."""
    later = NOON + timedelta(days=2)
    collection = heard((START, START + 7_200), cursor="1")
    journal.record(collection, [mention("1"), mention("2", START + 3_660)], now=NOON)
    journal.prune(Store(keep_minutes=later - (NOON + HOUR)), later)
    kept = reader.volumes(TOPIC, NOON, NOON + 2 * HOUR, Level.MINUTE)
    assert [kept[0].start, len(kept)] == [NOON + HOUR, 60]
    hours = reader.volumes(TOPIC, NOON, NOON + 2 * HOUR, Level.HOUR)
    assert [hour.total for hour in hours] == [1, 1]
    (first, *_) = reader.observations(TOPIC, None, now=later, lateness=MINUTE, limit=10)
    assert first.time == NOON + HOUR


def test_topics_are_those_ever_listened_for(journal: Journal, reader: Reader) -> None:
    """A declared topic is known before anything was said of it, once for all sources."""
    journal.declare(["Fedora", TOPIC], SOURCE)
    journal.declare(["Fedora"], OTHER)
    journal.load(heard(), [mention("1", topic="Arch")], now=NOON)
    assert reader.topics() == ["Arch", "Fedora", TOPIC]


def test_the_extent_spans_mentions_and_coverage(journal: Journal, reader: Reader) -> None:
    """A topic begins with what was first heard or watched of it, in any source."""
    journal.declare([TOPIC], SOURCE)
    journal.record(heard((START, START + 90)), [], now=NOON)
    assert reader.extent(TOPIC) == Span(NOON, NOON + timedelta(seconds=90))
    journal.load(heard(source="import:old"), [mention("1", START - 600)], now=NOON)
    assert reader.extent(TOPIC) == Span(NOON - 10 * MINUTE, NOON + timedelta(seconds=90))
    journal.load(heard(source="import:new"), [mention("2", START + 600)], now=NOON)
    assert reader.extent(TOPIC) == Span(NOON - 10 * MINUTE, NOON + 11 * MINUTE)
    assert reader.extent("Fedora") is None


def test_a_silent_bucket_is_a_zero_and_a_missing_one_a_gap(
    journal: Journal, reader: Reader
) -> None:
    """Watched minutes are there without mentions; unwatched ones only with them."""
    page = [mention("1", START + 61, 0.5, "ann"), mention("2", START + 300, -0.25, "ann")]
    journal.record(heard((START, START + 90)), page, now=NOON)
    assert reader.volumes(TOPIC, NOON, NOON + HOUR, Level.MINUTE) == [
        Volume(NOON, coverage=1),
        Volume(NOON + MINUTE, positive=1, authors=1, score_sum=0.5, coverage=0.5),
        Volume(NOON + 5 * MINUTE, negative=1, authors=1, score_sum=-0.25, coverage=0),
    ]


def test_volumes_add_up_over_sources(journal: Journal, reader: Reader) -> None:
    """Two sources of one topic are one curve; another topic is none of it."""
    page = [mention("1", START), mention("1", START, source=OTHER), mention("1", topic="Fedora")]
    journal.record(heard((START, START + 60)), page, now=NOON)
    journal.record(heard((START, START + 60), source=OTHER), [], now=NOON)
    (volume,) = reader.volumes(TOPIC, NOON, NOON + HOUR, Level.DAY)
    assert volume.start == NOON.replace(hour=0)
    assert volume.total == 2
    assert volume.coverage == round(60 / 86_400, 4)


def test_a_range_begins_with_the_bucket_that_holds_its_start(
    journal: Journal, reader: Reader
) -> None:
    """The first bucket is whole; one that begins at the end is not there."""
    journal.declare([TOPIC], SOURCE)
    journal.record(heard((START, START + 4_500), (START + 6_300, START + 9_000)), [], now=NOON)
    half = timedelta(minutes=30)
    volumes = reader.volumes(TOPIC, NOON + half, NOON + 2 * HOUR, Level.HOUR)
    assert volumes == [Volume(NOON, coverage=1), Volume(NOON + HOUR, coverage=0.5)]
    (volume,) = reader.volumes(TOPIC, NOON + HOUR, NOON + HOUR + half, Level.HOUR)
    assert volume == Volume(NOON + HOUR, coverage=0.5)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.builds(
            mention,
            st.integers(0, 99).map(str),
            st.integers(START, START + 100_000),
            st.integers(-10_000, 10_000).map(lambda score: score / 10_000),
            st.sampled_from(["", "ann", "bob"]),
            source=st.sampled_from([SOURCE, OTHER]),
            copy=st.booleans(),
            polarity=st.sampled_from([None, Polarity.UNSCORED]),
        ),
        max_size=30,
    ),
    st.sampled_from(Level),
    st.integers(0, 100_000),
    st.integers(0, 100_000),
)
def test_volumes_equal_a_recount(
    tmp_path_factory: pytest.TempPathFactory,
    mentions: list[Mention],
    level: Level,
    start: int,
    width: int,
) -> None:
    """Whatever range and level is asked for, the buckets are those of a recount."""
    path = tmp_path_factory.mktemp("journal") / "hubbub.db"
    with Journal(path) as journal:
        journal.load(heard(), mentions, now=NOON)
    left = (START + start) // level * level
    right = START + start + width
    expected: dict[int, list[int]] = {}
    for (width_, _, _, time), sums in count_mentions(mentions).items():
        if width_ == level and left <= time < right:
            old = expected.get(time, [0] * 8)
            expected[time] = [a + b for a, b in zip(old, sums, strict=True)]
    found = Reader(path).volumes(TOPIC, from_seconds(START + start), from_seconds(right), level)
    assert [
        [
            v.positive,
            v.negative,
            v.neutral,
            v.authors,
            round(v.score_sum * 10_000),
            v.unscored,
            v.copies,
        ]
        for v in found
    ] == [expected[time][:7] for time in sorted(expected)]
    assert [seconds(v.start) for v in found] == sorted(expected)


def _verdict(time: datetime, observed: float, score: float, state: State) -> Verdict:
    return Verdict(time, observed, 2.0, 1.0, 5.0, score, state)


def test_verdicts_of_wider_buckets_are_combined(journal: Journal, reader: Reader) -> None:
    """Counts add up, the band is that of independent minutes, the worst state stands."""
    verdicts = [
        _verdict(NOON, 1, 0.5, State.QUIET),
        _verdict(NOON + MINUTE, 9, 6.5, State.CONFIRMED),
        _verdict(NOON + HOUR, 2, 0.25, State.POSSIBLE),
    ]
    journal.incidents.record(TOPIC, "{}", NOON, verdicts=verdicts, now=NOON)
    assert reader.verdicts(TOPIC, NOON, NOON + 2 * HOUR, Level.MINUTE) == verdicts
    assert reader.verdicts(TOPIC, NOON + MINUTE, NOON + HOUR, Level.MINUTE) == verdicts[1:2]
    first, second = reader.verdicts(TOPIC, NOON + MINUTE, NOON + 2 * HOUR, Level.HOUR)
    assert (first.time, first.observed, first.expected) == (NOON, 10, 4)
    assert first.low == pytest.approx(4 - 2**0.5)
    assert first.high == pytest.approx(4 + 18**0.5)
    assert (first.score, first.state) == (6.5, State.CONFIRMED)
    assert second == verdicts[2]


def test_the_band_never_begins_below_zero(journal: Journal, reader: Reader) -> None:
    """A count cannot be negative, nor can one be expected."""
    verdicts = [Verdict(NOON, 0, 0.5, -1.0, 2.0, 0, State.QUIET)]
    journal.incidents.record(TOPIC, "{}", NOON, verdicts=verdicts, now=NOON)
    assert reader.verdicts(TOPIC, NOON, NOON + HOUR, Level.HOUR)[0].low == 0


def _incident(opened: datetime, changed: datetime, phase: Phase, topic: str = TOPIC) -> Incident:
    worst = _verdict(opened, 9, 6.5, State.CONFIRMED)
    return Incident(f"{topic}:{seconds(opened)}", topic, phase, opened, changed, worst)


def test_incidents_that_overlap_a_range(journal: Journal, reader: Reader) -> None:
    """The newest comes first; one that is still open overlaps everything after its start."""
    over = _incident(NOON, NOON + HOUR, Phase.RESOLVED)
    lasting = _incident(NOON + 2 * HOUR, NOON + 2 * HOUR, Phase.CONFIRMED)
    other = _incident(NOON, NOON, Phase.POSSIBLE, "Fedora")
    journal.incidents.record(TOPIC, "{}", NOON, incidents=[over, lasting, other], now=NOON)
    assert reader.incidents() == [lasting, other, over]
    assert reader.incidents(TOPIC) == [lasting, over]
    assert reader.incidents(limit=1) == [lasting]
    assert reader.incidents(TOPIC, NOON + 2 * HOUR) == [lasting]
    assert reader.incidents(TOPIC, end=NOON + 2 * HOUR) == [over]
    assert reader.incidents(TOPIC, NOON + 9 * HOUR, NOON + 10 * HOUR) == [lasting]
    assert reader.incidents(TOPIC, NOON - 2 * HOUR, NOON) == []


def test_the_most_telling_mentions_come_first(journal: Journal, reader: Reader) -> None:
    """Complaints about availability lead, then the strongest words; without polarity the newest."""
    page = [
        mention("mild", START, -0.1),
        mention("angry", START + 1, -0.9),
        mention("down", START + 2, -0.2, availability=True),
        mention("glad", START + 3, 0.4),
        mention("happy", START + 4, 0.8),
        mention("later", START + 3_600, -1.0),
        mention("else", START, -1.0, topic="Fedora"),
    ]
    journal.record(heard(), page, now=NOON)

    def found(polarity: Polarity | None, limit: int = 50) -> list[str]:
        return [m.id for m in reader.mentions(TOPIC, NOON, NOON + HOUR, polarity, limit)]

    assert found(Polarity.NEGATIVE) == ["down", "angry", "mild"]
    assert found(Polarity.NEGATIVE, 1) == ["down"]
    assert found(Polarity.POSITIVE) == ["happy", "glad"]
    assert found(Polarity.UNSCORED) == []
    assert found(Polarity.NEUTRAL) == []
    assert found(None) == ["happy", "glad", "down", "angry", "mild"]


def test_a_mention_is_read_back_as_it_was_judged(journal: Journal, reader: Reader) -> None:
    """Polarity, strength, text and address are those that were stored."""
    page = [mention("1", START, -0.1234, text="it is down 👎", url="https://example.org/1")]
    journal.record(heard(), page, now=NOON)
    (stored,) = reader.mentions(TOPIC, NOON, NOON + HOUR)
    assert (stored.topic, stored.source, stored.id, stored.time) == (TOPIC, SOURCE, "1", NOON)
    assert (stored.text, stored.url) == ("it is down 👎", "https://example.org/1")
    assert (stored.polarity, stored.compound) == (Polarity.NEGATIVE, -0.1234)
    assert (stored.availability, stored.scorer) == (False, "vader-3.3.2")


def test_copies_are_counted_and_kept_from_the_detector(journal: Journal, reader: Reader) -> None:
    """A text that is pasted five times is one complaint; what is unscored is heard nonetheless."""
    page = [
        mention("1", START, -0.5, "ann"),
        mention("2", START + 1, 0.0, "bob", polarity=Polarity.UNSCORED),
        *(mention(f"copy {n}", START + n, -0.9, "cem", copy=True) for n in range(5)),
        mention("praise", START + 9, 0.5, copy=True),
    ]
    journal.record(heard((START, START + 60)), page, now=NOON + MINUTE)
    (volume,) = reader.volumes(TOPIC, NOON, NOON + HOUR, Level.HOUR)
    assert (volume.negative, volume.positive, volume.unscored) == (6, 1, 1)
    assert (volume.total, volume.copies, volume.authors) == (8, 6, 3)
    (seen,) = reader.observations(TOPIC, None, now=NOON + MINUTE, lateness=timedelta(0), limit=10)
    assert (seen.total, seen.negative, seen.authors) == (2, 1, 3)
    found = reader.mentions(TOPIC, NOON, NOON + HOUR, Polarity.NEGATIVE, limit=2)
    assert [(each.id, each.copy) for each in found] == [("1", False), ("copy 4", True)]
    (unread,) = reader.mentions(TOPIC, NOON, NOON + HOUR, Polarity.UNSCORED)
    assert (unread.id, unread.polarity) == ("2", Polarity.UNSCORED)


def test_gaps_lie_between_what_was_watched(journal: Journal, reader: Reader) -> None:
    """What precedes the first stretch and what follows the last is none; nor has an archive any."""
    for start, end in ((0, 60), (60, 120), (300, 360), (900, 960)):
        journal.record(heard((START + start, START + end)), [], now=NOON)
    journal.record(heard((START, START + 960), source=OTHER), [], now=NOON)
    journal.load(
        heard((START, START + 60), (START + 120, START + 180), source="import:x"), [], now=NOON
    )
    first = Span(NOON + 2 * MINUTE, NOON + 5 * MINUTE)
    second = Span(NOON + 6 * MINUTE, NOON + 15 * MINUTE)
    assert reader.gaps(NOON - HOUR, NOON + HOUR) == {SOURCE: [first, second]}
    part = Span(NOON + 10 * MINUTE, NOON + 12 * MINUTE)
    assert reader.gaps(part.start, part.end) == {SOURCE: [part]}
    assert reader.gaps(NOON, NOON + 2 * MINUTE) == {}
    assert reader.gaps(NOON + 15 * MINUTE, NOON + HOUR) == {}


def test_events_of_a_topic_and_of_all(journal: Journal, reader: Reader) -> None:
    """An event that lasts is there while it lasts; one of another topic is not."""
    lasting = Event("1", "status", "degraded", NOON - HOUR, TOPIC, end=NOON + MINUTE)
    deploy = Event("2", "deploy", "api v2", NOON, text="by ann", url="https://example.org")
    for event in (
        deploy,
        lasting,
        Event("3", "status", "degraded", NOON, "Fedora"),
        Event("4", "deploy", "later", NOON + HOUR),
        Event("5", "deploy", "earlier", NOON - MINUTE),
    ):
        journal.record_event(event)
    assert reader.events(TOPIC, NOON, NOON + HOUR) == [lasting, deploy]


def test_every_step_of_an_incident_is_told(journal: Journal, reader: Reader) -> None:
    """The life of an incident is read in order, without those of others."""
    opened = _incident(NOON, NOON, Phase.POSSIBLE)
    over = _incident(NOON, NOON + HOUR, Phase.RESOLVED)
    other = _incident(NOON, NOON, Phase.POSSIBLE, "Fedora")
    for incident in (opened, other, over):
        change = Change(incident, incident.changed, f"it is {incident.phase}", Step(incident.phase))
        journal.incidents.record(
            incident.topic, "{}", NOON, incidents=[incident], changes=[change], now=NOON
        )
    assert reader.changes(opened.id) == [
        (NOON, "possible", "it is possible"),
        (NOON + HOUR, "resolved", "it is resolved"),
    ]


def test_reading_while_another_process_writes(tmp_path: Path) -> None:
    """Every snapshot is whole: its minutes count exactly its mentions, and none is an error."""
    path = tmp_path / "hubbub.db"
    Journal(path).close()
    snapshots: list[int] = []
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.recorder", str(path), "150"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    ) as writer:
        while writer.poll() is None:
            with reading(path) as database:
                (counted,) = database.execute(
                    "SELECT coalesce(sum(positive + negative + neutral), 0) FROM bucket"
                    " WHERE level = 60"
                ).fetchone()
                snapshots.extend(database.execute("SELECT count(*) FROM mention").fetchone())
            assert counted == snapshots[-1]
            volumes = Reader(path).volumes(TOPIC, NOON, NOON + timedelta(days=1), Level.MINUTE)
            assert [volume.start for volume in volumes] == sorted({v.start for v in volumes})
    assert writer.returncode == 0
    assert snapshots == sorted(snapshots)
    assert len(set(snapshots)) > 3
