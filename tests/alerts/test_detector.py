"""Tests of making a detector and bringing it back: nothing is forgotten, silently or otherwise."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import OutdatedState, StateError, create
from tests.alerts.stream import DAY, SETTINGS, learned, observe, run, stream

MINUTES = st.tuples(
    st.integers(0, 60), st.integers(0, 60), st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0])
)


def damaged(**changes: object) -> str:
    """Return a good state in which some keys were changed."""
    return json.dumps(json.loads(learned(10.0)) | changes)


@given(minutes=st.lists(MINUTES, min_size=2, max_size=80), data=st.data())
def test_a_saved_detector_goes_on_exactly(
    minutes: list[tuple[int, int, float]], data: st.DataObject
) -> None:
    """Saved and restored anywhere, it gives the very same verdicts and the very same state."""
    observations = [
        observe(7 * DAY + n, negative, negative + others, coverage=coverage)
        for n, (negative, others, coverage) in enumerate(minutes)
    ]
    cut = data.draw(st.integers(0, len(observations)))
    straight = create(SETTINGS, learned(10.0))
    verdicts = run(straight, observations)
    broken = create(SETTINGS, learned(10.0))
    first = run(broken, observations[:cut])
    restored = create(SETTINGS, broken.dump())
    assert restored.unheard == broken.unheard
    assert first + run(restored, observations[cut:]) == verdicts
    assert restored.dump() == straight.dump()


def test_a_detector_that_is_saved_each_minute_is_the_same() -> None:
    """Through a whole outage and its end."""
    straight, saved = create(SETTINGS, learned(10.0)), create(SETTINGS, learned(10.0))
    begin = 7 * DAY + 720
    series = stream(range(begin, begin + 20), 10.0, seed=3)
    series += stream(range(begin + 20, begin + 50), 10.0, seed=4, outage=10)
    series += stream(range(begin + 50, begin + 90), 10.0, seed=5)
    for observation in series:
        verdict = saved.step(observation)
        assert straight.step(observation) == verdict
        saved = create(SETTINGS, saved.dump())
    assert saved.dump() == straight.dump()


@pytest.mark.parametrize("rate", [0.03, 10.0, 10_000.0])
def test_the_state_is_small(rate: float) -> None:
    """A thousand topics fit in 16 megabytes, at two mentions an hour and at 10,000 a minute."""
    series = [
        observe(minute, round(rate * (minute % 7)), round(rate * (minute % 9 + 9)))
        for minute in range(9 * DAY)
    ]
    detector = create(SETTINGS)
    run(detector, series)
    assert len(detector.dump()) < 16_000


def test_the_step_is_kept() -> None:
    """Windows and warm-up are lengths of time, whatever the buckets."""
    detector = create(SETTINGS, step=timedelta(minutes=5))
    run(detector, [observe(minute, 1, 4) for minute in range(0, 600, 5)])
    assert detector.learned == timedelta(hours=10)
    assert create(SETTINGS, detector.dump()).learned == timedelta(hours=10)


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"version": 2}',
        damaged(version=3),
        damaged(mood=3),
        damaged(raised=-1),
        damaged(normal={"step": 60.0}),
        learned(10.0).replace('"step":60.0', '"step":0.0'),
        learned(10.0).replace('"step":60.0', '"step":86400.0'),
        learned(10.0).replace('"week_counts":[', '"week_counts":[1.0,'),
        learned(10.0).replace('"share":{"counts":[', '"share":{"counts":[1.0,'),
        damaged(buckets=[[1, 2, -3, 1.0, 0.5, 0.1]]),
        learned(10.0).replace('"score":0.0', '"score":NaN'),
    ],
)
def test_a_damaged_state_is_an_error_with_a_remedy(damage: str) -> None:
    """Nothing that was learned is forgotten silently."""
    with pytest.raises(StateError, match=r"saved state cannot be used.*restore the journal"):
        create(SETTINGS, damage)


def test_the_state_of_the_former_version_is_told_apart() -> None:
    """Nothing is damaged: it must be learned anew, and the message says how."""
    with pytest.raises(OutdatedState, match=r"earlier version.*learns anew from the stored"):
        create(SETTINGS, '{"version": 1, "complaints": [1.0], "heard": [60.0]}')
