"""Tests of the retry schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from alerts import next_attempt
from alerts.backoff import DELAYS, JITTER

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _rng(seed: int) -> Random:
    return Random(seed)


@given(st.integers(0, 2**32))
def test_the_schedule_grows_and_ends_after_about_a_day(seed: int) -> None:
    """The first retries come within seconds, the last after some 24 hours, and then no more."""
    rng, now, attempts = _rng(seed), NOW, 1
    waits: list[timedelta] = []
    while (then := next_attempt(attempts, now, None, rng)) is not None:
        waits.append(then - now)
        now, attempts = then, attempts + 1
    assert len(waits) == len(DELAYS)
    assert waits[0] <= timedelta(seconds=6)
    for wait, delay in zip(waits, DELAYS, strict=True):
        assert delay * (1 - JITTER) <= wait <= delay * (1 + JITTER)
    assert timedelta(hours=19) < now - NOW < timedelta(hours=29)


def test_jitter_keeps_two_retries_apart() -> None:
    """Two messages that failed together are not tried together."""
    assert next_attempt(3, NOW, None, _rng(1)) != next_attempt(3, NOW, None, _rng(2))


def test_the_receiver_may_ask_for_more_time_but_not_for_less() -> None:
    """``Retry-After`` is the shortest wait, and no receiver can ask for more than a day."""
    assert next_attempt(1, NOW, 90.0, _rng(1)) == NOW + timedelta(seconds=90)
    assert next_attempt(5, NOW, 1.0, _rng(1)) == next_attempt(5, NOW, None, _rng(1))
    assert next_attempt(1, NOW, 1e9, _rng(1)) == NOW + timedelta(hours=24)
    assert next_attempt(len(DELAYS) + 1, NOW, 90.0, _rng(1)) is None
