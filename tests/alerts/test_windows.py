"""Tests of the sums over the latest buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.windows import UNIT, Bucket, Windows

BUCKETS = st.lists(
    st.builds(
        Bucket,
        complaints=st.integers(0, 50),
        mentions=st.integers(50, 90),
        expected=st.sampled_from([0, 1, 5 * UNIT]),
        level=st.floats(0.5, 2),
        share=st.floats(0, 1),
        doubt=st.floats(0, 1),
    ),
    max_size=40,
)


def bucket(complaints: int, expected: float = 1.0, level: float = 1.0) -> Bucket:
    """Return a bucket of complaints alone."""
    return Bucket(complaints, complaints, round(expected * UNIT), level, 0.5, 0.1)


@given(buckets=BUCKETS)
def test_sums_are_those_of_the_latest_buckets(buckets: list[Bucket]) -> None:
    """However many were added, and however the windows overlap."""
    windows = Windows([1, 3, 10], buckets)
    for at, length in enumerate(windows.lengths):
        latest = buckets[-length:]
        assert windows.complaints[at] == sum(each.complaints for each in latest)
        assert windows.mentions[at] == sum(each.mentions for each in latest)
        heard = sum(each.expected > 0 for each in latest)
        assert windows.is_heard(at) == (2 * heard >= length)


@given(buckets=BUCKETS, more=BUCKETS)
def test_they_go_on_from_what_was_kept(buckets: list[Bucket], more: list[Bucket]) -> None:
    """The latest buckets are all that must be kept."""
    straight = Windows([2, 5], buckets + more)
    resumed = Windows([2, 5], Windows([2, 5], buckets).buckets)
    for each in more:
        resumed.append(each)
    assert resumed.buckets == straight.buckets
    assert resumed.complaints == straight.complaints
    assert [resumed.usual(at) for at in (0, 1)] == [straight.usual(at) for at in (0, 1)]


def test_what_is_usual_was_known_before_the_window() -> None:
    """A level that rises within the window does not hide the rise."""
    windows = Windows([1, 3], [bucket(1, level=1.0), bucket(9, level=2.0), bucket(9, level=4.0)])
    assert windows.usual(1) == pytest.approx((3.0, 0.5, 0.1))
    assert windows.usual(0) == pytest.approx((4.0, 0.5, 0.1))


def test_what_is_cleared_is_a_gap() -> None:
    """It counts for nothing, and what was known before is kept."""
    windows = Windows([1, 3], [bucket(5), bucket(6), bucket(7, level=3.0)])
    windows.clear()
    assert windows.complaints == windows.mentions == [0, 0]
    assert not windows.is_heard(0)
    assert windows.latest == Bucket(0, 0, 0, 3.0, 0.5, 0.1)
