"""How well a topic was listened to, and which minutes the detector sees."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals import BUCKET, Level, Observation, from_seconds, seconds
from storage import Journal, Reader
from tests.support.mentions import NOON, SOURCE, START, TOPIC, heard, mention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

MINUTE, HOUR, DAY = 60, 3_600, 86_400
LATENESS = timedelta(minutes=5)
OTHER = "mastodon:fosstodon.org"

stretches = st.tuples(st.integers(0, 4 * DAY // MINUTE), st.integers(1, 2 * DAY)).map(
    lambda s: (START + s[0] * MINUTE, START + s[0] * MINUTE + s[1])
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return an empty journal."""
    with Journal(tmp_path / "hubbub.db") as journal:
        yield journal


def _watch(journal: Journal, *spans: tuple[int, int], source: str = SOURCE) -> None:
    """Note that ``source`` was watched, in seconds after noon."""
    journal.declare([TOPIC], source)
    moved = [(START + start, START + end) for start, end in spans]
    journal.record(heard(*moved, source=source), [], now=NOON)


def _observe(
    journal: Journal, now: int, after: datetime | None = None, limit: int = 100_000
) -> list[Observation]:
    """Return what is seen ``now`` seconds after noon."""
    return Reader(journal.path).observations(
        TOPIC, after, now=from_seconds(START + now), lateness=LATENESS, limit=limit
    )


def _minutes(observations: list[Observation]) -> list[int]:
    return [(seconds(each.time) - START) // MINUTE for each in observations]


def test_a_topic_that_nobody_knows(journal: Journal) -> None:
    """There is nothing to see before a source was heard."""
    assert _observe(journal, HOUR) == []
    journal.declare([TOPIC], SOURCE)
    assert _observe(journal, HOUR) == []


def test_a_minute_is_closed_once_every_source_was_read_past_it(journal: Journal) -> None:
    """A minute waits for the slowest source, and a part of a minute is none."""
    _watch(journal, (0, 250))
    _watch(journal, (0, 130), source=OTHER)
    assert _minutes(_observe(journal, 260)) == [0, 1]
    _watch(journal, (130, 250), source=OTHER)
    assert _minutes(_observe(journal, 260)) == [0, 1, 2, 3]


def test_nobody_is_waited_for_longer_than_the_lateness(journal: Journal) -> None:
    """A source that lags behind makes a partial gap, not an endless wait."""
    _watch(journal, (0, 600))
    _watch(journal, (0, 60), source=OTHER)
    seen = _observe(journal, 600)
    assert _minutes(seen) == [0, 1, 2, 3, 4]
    assert [each.coverage for each in seen] == [1, 0.5, 0.5, 0.5, 0.5]


def test_a_trickle_is_not_waited_for(journal: Journal) -> None:
    """A slow source that brings less than a tenth holds nothing up; its loss is hardly a gap."""
    _watch(journal, (0, 60), source=OTHER)
    page = [mention(str(each), START + each) for each in range(30)]
    journal.declare([TOPIC], SOURCE)
    journal.record(heard((START, START + 250)), page, now=NOON)
    seen = _observe(journal, 260)
    assert _minutes(seen) == [0, 1, 2, 3]
    assert all(each.coverage > 0.95 for each in seen)


def test_a_source_that_never_heard_anything_is_not_waited_for(journal: Journal) -> None:
    """A wrong token from the beginning holds nothing up and lowers no coverage."""
    _watch(journal, (0, 180))
    journal.declare([TOPIC], OTHER)
    journal.record_failure(OTHER, "unauthorised", "401", now=NOON)
    seen = _observe(journal, 180)
    assert _minutes(seen) == [0, 1, 2]
    assert {each.coverage for each in seen} == {1}


def test_what_is_seen_is_what_was_counted(journal: Journal) -> None:
    """Mentions of all sources, complaints and people add up; a silent minute is a zero."""
    page = [
        mention("1", START, -0.5, "ann"),
        mention("2", START + 59, 0.5, "ann"),
        mention("1", START + 1, -0.5, "ann", source=OTHER),
        mention("3", START + 120, 0.0),
    ]
    journal.record(heard((START, START + 180)), page, now=NOON)
    _watch(journal, (0, 180), source=OTHER)
    assert _observe(journal, 180) == [
        Observation(NOON, total=3, negative=2, authors=2, coverage=1),
        Observation(NOON + BUCKET, total=0, negative=0, authors=0, coverage=1),
        Observation(NOON + 2 * BUCKET, total=1, negative=0, authors=0, coverage=1),
    ]


def test_the_future_is_not_seen(journal: Journal) -> None:
    """Coverage ahead of the clock closes no minute that has not ended."""
    _watch(journal, (0, 600))
    assert _minutes(_observe(journal, 125)) == [0, 1]


def test_a_gap_is_reported_for_a_day_and_then_skipped(journal: Journal) -> None:
    """Minutes of a gap have no coverage; after a day and an hour time jumps."""
    _watch(journal, (0, 60), (4 * DAY, 4 * DAY + 120))
    seen = _observe(journal, 4 * DAY + 120)
    gap = (DAY + HOUR) // MINUTE
    resumed = 4 * DAY // MINUTE
    assert _minutes(seen) == [0, *range(1, 1 + gap), resumed, resumed + 1]
    assert {each.coverage for each in seen[1 : 1 + gap]} == {0}


def test_a_gap_that_lasts_ends_being_reported(journal: Journal) -> None:
    """A service that stays deaf does not see new empty minutes for ever."""
    _watch(journal, (0, 60))
    seen = _observe(journal, 3 * DAY)
    assert len(seen) == 1 + (DAY + HOUR) // MINUTE
    after = seen[-1].time + BUCKET
    assert _observe(journal, 3 * DAY, after) == []
    assert _observe(journal, 5 * DAY, after) == []


def _learn(journal: Journal, usual: dict[str, int], ago: int = DAY) -> None:
    """Let each source bring as many mentions as it usually does, a day ago or earlier."""
    for source, number in usual.items():
        journal.declare([TOPIC], source)
        start = START - ago
        page = [mention(f"{ago} {n}", start + n, source=source) for n in range(number)]
        stretch = (start, start + HOUR)
        journal.record(heard(stretch, source=source), page, now=NOON)


def test_a_source_weighs_as_much_as_it_brings(journal: Journal) -> None:
    """The loss of the main source is nearly a gap; that of a trickle hardly matters."""
    _learn(journal, {SOURCE: 0, OTHER: 500}, ago=30 * DAY)
    _learn(journal, {SOURCE: 98, OTHER: 0})
    _watch(journal, (0, 60))
    _watch(journal, (60, 120), source=OTHER)
    main, trickle = _observe(journal, 420, NOON)
    assert main.coverage == 0.99
    assert trickle.coverage == 0.01


def test_a_source_that_is_silent_for_a_week_no_longer_counts(journal: Journal) -> None:
    """A source taken out of the settings neither lowers the coverage nor is waited for."""
    _watch(journal, (0, 60), source=OTHER)
    _watch(journal, (0, 8 * DAY))
    coverage = {each.time: each.coverage for each in _observe(journal, 8 * DAY)}
    assert coverage[NOON] == 1
    assert coverage[NOON + timedelta(days=1)] == 0.5
    assert coverage[NOON + timedelta(days=7)] == 0.5
    assert coverage[NOON + timedelta(days=7, minutes=1)] == 1
    assert max(coverage) == NOON + timedelta(days=8) - BUCKET


def test_coverage_does_not_depend_on_what_was_asked_for(journal: Journal) -> None:
    """A minute looks the same in a short and in a long range."""
    _learn(journal, {SOURCE: 9, OTHER: 40})
    _watch(journal, (0, 9 * DAY))
    _watch(journal, (0, HOUR), (7 * DAY, 8 * DAY), source=OTHER)
    reader = Reader(journal.path)
    whole = reader.volumes(TOPIC, NOON, NOON + timedelta(days=9), Level.HOUR)
    for volume in whole:
        hour = timedelta(hours=1)
        assert reader.volumes(TOPIC, volume.start, volume.start + hour, Level.HOUR) == [volume]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(stretches, max_size=4),
    st.lists(stretches, max_size=4),
    st.lists(st.integers(START, START + 6 * DAY), max_size=8),
    st.integers(100, 4_000),
    st.integers(0, 6 * DAY),
)
def test_pieces_equal_the_whole(  # noqa: PLR0913, PLR0917 - one strategy for each
    tmp_path_factory: pytest.TempPathFactory,
    ours: list[tuple[int, int]],
    theirs: list[tuple[int, int]],
    times: list[int],
    limit: int,
    now: int,
) -> None:
    """Going on after the last minute seen, however many at a time, misses and repeats nothing."""
    with Journal(tmp_path_factory.mktemp("journal") / "hubbub.db") as journal:
        for source in (SOURCE, OTHER):
            journal.declare([TOPIC], source)
        page = [mention(str(at), time) for at, time in enumerate(times)]
        journal.record(heard(*ours), page, now=NOON)
        journal.record(heard(*theirs, source=OTHER), [], now=NOON)
        whole = _observe(journal, now)
        pieces: list[Observation] = []
        while piece := _observe(journal, now, pieces[-1].time + BUCKET if pieces else None, limit):
            assert len(piece) <= limit
            pieces += piece
    assert pieces == whole
    minutes = _minutes(whole)
    assert minutes == sorted(set(minutes))


@settings(deadline=None, max_examples=25)
@given(st.lists(stretches, min_size=1, max_size=5), st.integers(0, 6 * DAY))
def test_every_watched_minute_is_seen(
    tmp_path_factory: pytest.TempPathFactory, watched: list[tuple[int, int]], now: int
) -> None:
    """Each closed minute that was watched at all is reported, with the part that was."""
    with Journal(tmp_path_factory.mktemp("journal") / "hubbub.db") as journal:
        journal.declare([TOPIC], SOURCE)
        journal.record(heard(*watched), [], now=NOON)
        seen = {seconds(each.time): each.coverage for each in _observe(journal, now)}
    heard_seconds = {second for start, end in watched for second in range(start, end)}
    parts: dict[int, int] = {}
    for second in heard_seconds:
        minute = second // MINUTE * MINUTE
        parts[minute] = parts.get(minute, 0) + 1
    closed = START + now - LATENESS // timedelta(seconds=1)
    expected = {
        minute: round(part / MINUTE, 4)
        for minute, part in parts.items()
        if minute + MINUTE <= closed
    }
    assert expected.items() <= seen.items()
    assert all(time + MINUTE <= START + now for time in seen)
