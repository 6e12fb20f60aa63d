"""Which stretches of time were watched, against sets of seconds."""

from __future__ import annotations

import sqlite3
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storage.coverage import Timeline, add, watched, watched_until

stretches = st.tuples(st.integers(0, 300), st.integers(0, 40)).map(lambda s: (s[0], s[0] + s[1]))


def _database(since: int = 0) -> sqlite3.Connection:
    """Return the tables that coverage needs, in memory."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE series (id, source, since)")
    database.execute("CREATE TABLE coverage (source, start, end, PRIMARY KEY (source, start))")
    database.execute("INSERT INTO series VALUES (1, 'hackernews', ?)", (since,))
    return database


def _seconds(timeline: Timeline) -> set[int]:
    return {second for start, end in timeline.stretches for second in range(start, end)}


def _timeline(added: list[tuple[int, int]], since: int = 0) -> Timeline:
    database = _database(since)
    for start, end in added:
        add(database, "hackernews", start, end)
    timeline = watched(database, 1, 0, 1_000)
    database.close()
    return timeline


@given(st.lists(stretches, max_size=40))
def test_added_stretches_equal_a_set_of_seconds(added: list[tuple[int, int]]) -> None:
    """Whatever is added in whatever order, exactly its seconds are covered."""
    expected = {second for start, end in added for second in range(start, end)}
    assert _seconds(_timeline(added)) == expected


@given(st.lists(stretches, max_size=40))
def test_stretches_stay_sorted_and_apart(added: list[tuple[int, int]]) -> None:
    """Stretches that touch or overlap become one, and none is empty."""
    kept = _timeline(added).stretches
    assert all(start < end for start, end in kept)
    assert all(left[1] < right[0] for left, right in pairwise(kept))


@given(st.lists(stretches, max_size=20), st.integers(0, 350), st.integers(1, 100))
def test_part_counts_seconds(added: list[tuple[int, int]], start: int, width: int) -> None:
    """The covered part is the number of covered seconds by the width."""
    timeline = _timeline(added)
    wanted = set(range(start, start + width))
    assert timeline.part(start, start + width) == len(_seconds(timeline) & wanted) / width
    assert timeline.meets(start, start + width) == bool(_seconds(timeline) & wanted)


@given(
    st.lists(stretches, max_size=20),
    st.integers(0, 30),
    st.integers(0, 30),
    st.sampled_from([1, 7, 10]),
)
def test_buckets_are_those_with_a_covered_second(
    added: list[tuple[int, int]], first: int, number: int, level: int
) -> None:
    """A bucket is watched at all when a second of it is; each comes once, in order."""
    timeline = _timeline(added)
    start, end = first * level, (first + number) * level
    expected = {s // level * level for s in _seconds(timeline) if start <= s < end}
    assert list(timeline.buckets(level, start, end)) == sorted(expected)


@given(st.lists(stretches, max_size=20), st.integers(0, 350), st.integers(0, 350))
def test_a_window_holds_all_that_reaches_into_it(
    added: list[tuple[int, int]], start: int, width: int
) -> None:
    """A stretch that began before the window, or ends after it, is not forgotten."""
    database = _database()
    for left, right in added:
        add(database, "hackernews", left, right)
    seen = _seconds(watched(database, 1, start, start + width)) & set(range(start, start + width))
    database.close()
    whole = {second for left, right in added for second in range(left, right)}
    assert seen == whole & set(range(start, start + width))


@given(st.lists(stretches, max_size=20), st.integers(0, 350))
def test_what_was_watched_before_a_topic_was_declared_is_not_its(
    added: list[tuple[int, int]], since: int
) -> None:
    """A series knows the coverage of its source from its own beginning on."""
    whole = _seconds(_timeline(added))
    assert _seconds(_timeline(added, since)) == {second for second in whole if second >= since}


def test_sources_are_kept_apart() -> None:
    """What one source heard covers no other."""
    database = _database()
    add(database, "hackernews", 10, 20)
    add(database, "mastodon:fosstodon.org", 5, 40)
    assert watched(database, 1, 0, 100).stretches == [(10, 20)]
    assert watched_until(database, "hackernews") == 20
    assert watched_until(database, "mastodon:fosstodon.org") == 40
    assert watched_until(database, "nobody") is None
    database.close()


def test_nothing_was_watched_until_anything_was() -> None:
    """An empty stretch is no coverage."""
    assert _timeline([(5, 5)]).stretches == []
    assert _timeline([]).part(0, 60) == 0
