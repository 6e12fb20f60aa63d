"""What counts as not watched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dashboards.gaps import SETTLING, gaps, last_watched
from signals import BUCKET, Level, Span, Volume

START = datetime(2026, 11, 24, tzinfo=UTC)
END = START + timedelta(hours=2)
LATER = END + timedelta(days=1)


def minute(number: int, negative: int = 0, coverage: float = 1.0) -> Volume:
    """Return the bucket ``number`` minutes after the start."""
    return Volume(START + number * BUCKET, negative=negative, coverage=coverage)


def found(volumes: list[Volume], now: datetime = LATER, end: datetime = END) -> list[Span]:
    """Return the gaps among minutes."""
    return gaps(volumes, START, end, Level.MINUTE, now)


@given(st.sets(st.integers(0, 119)))
def test_every_minute_is_either_known_or_in_a_gap(numbers: set[int]) -> None:
    """Gaps cover exactly what no bucket covers, and never touch one another."""
    spans = found([minute(number) for number in sorted(numbers)])
    missing = {
        number
        for number in range(120)
        if any(span.start <= START + number * BUCKET < span.end for span in spans)
    }
    assert missing == set(range(120)) - numbers
    assert all(one.end < other.start for one, other in pairwise(spans))


def test_a_bucket_without_coverage_is_a_gap_unless_something_was_heard() -> None:
    """No coverage and no mention is a gap; a mention proves that somebody listened."""
    volumes = [minute(n) for n in range(120)]
    volumes[10] = minute(10, coverage=0.0)
    volumes[20] = minute(20, negative=1, coverage=0.0)
    assert found(volumes) == [Span(START + 10 * BUCKET, START + 11 * BUCKET)]


def test_what_may_still_arrive_is_no_gap() -> None:
    """The last minutes before now are called a gap only once they are late."""
    now = START + timedelta(minutes=60)
    known = [minute(n) for n in range(50)]
    assert found(known, now) == []
    later = now + SETTLING
    assert found(known, later) == [Span(START + 50 * BUCKET, later)]


def test_the_future_is_no_gap() -> None:
    """A stretch that reaches beyond now ends now."""
    now = START + timedelta(minutes=30)
    assert found([minute(n) for n in range(30)], now) == []


def test_the_end_of_the_latest_watched_bucket_is_told() -> None:
    """Buckets that nobody watched do not count."""
    volumes = [minute(0), minute(1), minute(2, coverage=0.0)]
    assert last_watched(volumes, Level.MINUTE) == START + 2 * BUCKET
    assert last_watched([], Level.MINUTE) is None
