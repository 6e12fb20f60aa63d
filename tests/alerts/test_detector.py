"""Tests of the detector: what it learns, when it speaks, and that it forgets nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from math import cos, pi
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import settings
from alerts import Detector, StateError, create
from signals import BUCKET, Observation, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = 1_440
THRESHOLDS = settings.Detection()


def _usual(minute: int, rate: float) -> float:
    """Return complaints a minute: four times as many by day as by night."""
    return rate * (1 - 0.6 * cos(2 * pi * minute / DAY))


def _count(rng: Random, mean: float) -> int:
    """Draw a Poisson count, as the number of arrivals in one minute."""
    count, clock = 0, rng.expovariate(mean)
    while clock < 1:
        count, clock = count + 1, clock + rng.expovariate(mean)
    return count


def _observe(minute: int, negative: int, coverage: float = 1.0) -> Observation:
    return Observation(
        time=START + minute * BUCKET,
        total=3 * negative,
        negative=negative,
        authors=negative,
        coverage=coverage,
    )


def _series(minutes: Iterable[int], rate: float, seed: int = 1) -> list[Observation]:
    rng = Random(seed)
    return [_observe(minute, _count(rng, _usual(minute, rate))) for minute in minutes]


def _run(detector: Detector, series: Iterable[Observation]) -> list[Verdict]:
    return [detector.step(observation) for observation in series]


@cache
def _learned(rate: float, days: int = 7) -> str:
    """Return the state of a detector that has heard ``days`` ordinary days."""
    detector = create(THRESHOLDS, None)
    _run(detector, _series(range(days * DAY), rate))
    return detector.dump()


def test_ordinary_days_are_quiet_and_their_rhythm_is_learned() -> None:
    """After a week the expectation follows day and night, and nothing is confirmed."""
    detector = create(THRESHOLDS, _learned(2.0))
    verdicts = _run(detector, _series(range(7 * DAY, 8 * DAY), 2.0, seed=2))
    assert all(verdict.state is not State.CONFIRMED for verdict in verdicts)
    night, noon = verdicts[30], verdicts[12 * 60 + 30]
    assert night.expected == pytest.approx(0.8, rel=0.35)
    assert noon.expected == pytest.approx(3.2, rel=0.2)
    outside = [v for v in verdicts if not v.low <= v.observed <= v.high]
    assert len(outside) < 0.01 * len(verdicts)


@pytest.mark.parametrize("rate", [0.3, 2.0, 40.0])
def test_a_planted_spike_is_confirmed_within_minutes(rate: float) -> None:
    """Ten times as many complaints are noticed in the first ten minutes, at any volume."""
    detector = create(THRESHOLDS, _learned(rate))
    begin = 7 * DAY + 600
    _run(detector, _series(range(7 * DAY, begin), rate, seed=3))
    verdicts = _run(detector, _series(range(begin, begin + 20), rate * 10, seed=4))
    assert any(verdict.state is State.CONFIRMED for verdict in verdicts[:10])
    assert verdicts[-1].score >= THRESHOLDS.confirmed


def test_fewer_complaints_than_the_floor_are_never_a_spike() -> None:
    """Four complaints about a topic that had none are below the floor of five."""
    detector = create(THRESHOLDS, None)
    _run(detector, [_observe(minute, 0) for minute in range(2 * DAY)])
    assert detector.step(_observe(2 * DAY, 4)).state is State.QUIET
    assert detector.step(_observe(2 * DAY + 1, 1)).state is not State.QUIET


def test_the_first_six_hours_are_quiet_but_have_a_band() -> None:
    """A cold detector claims nothing, whatever it hears, and still says what it expects."""
    detector = create(THRESHOLDS, None)
    verdicts = _run(detector, [_observe(minute, 1) for minute in range(300)])
    verdicts += _run(detector, [_observe(minute, 50) for minute in range(300, 360)])
    assert {verdict.state for verdict in verdicts} == {State.QUIET}
    assert {verdict.score for verdict in verdicts} == {0.0}
    assert all(verdict.low <= verdict.expected < verdict.high for verdict in verdicts)
    assert verdicts[299].expected == pytest.approx(1.0, rel=0.1)


def test_the_first_day_doubts_hours_that_it_never_heard() -> None:
    """A morning three times as loud as the night before is no spike on the first day."""
    detector = create(THRESHOLDS, None)
    verdicts = _run(detector, _series(range(DAY), 30.0))
    assert {verdict.state for verdict in verdicts} == {State.QUIET}


def test_a_gap_is_not_learned() -> None:
    """A day without listening leaves the whole expectation as it was."""
    detector = create(THRESHOLDS, _learned(2.0))
    before = json.loads(detector.dump())
    verdicts = _run(detector, [_observe(7 * DAY + n, 0, coverage=0.4) for n in range(DAY - 1)])
    after = json.loads(detector.dump())
    for key in ("complaints", "heard", "all_complaints", "all_heard", "excess", "squares"):
        assert after[key] == before[key]
    assert detector.unheard == DAY - 1
    assert {verdict.state for verdict in verdicts} == {State.QUIET}


def test_a_gap_neither_fires_nor_ends_a_spike() -> None:
    """Counts in a gap mean nothing: the state before it is held, for a day at the most."""
    detector = create(THRESHOLDS, _learned(2.0))
    begin = 7 * DAY
    loud = [_observe(begin + n, 5_000, coverage=0.1) for n in range(60)]
    assert {verdict.state for verdict in _run(detector, loud)} == {State.QUIET}
    spike = _run(detector, _series(range(begin + 60, begin + 80), 30.0, seed=5))
    assert spike[-1].state is State.CONFIRMED
    gap = _run(detector, [_observe(begin + 80 + n, 0, coverage=0.0) for n in range(DAY)])
    assert {verdict.state for verdict in gap[:-1]} == {State.CONFIRMED}
    assert gap[-1].state is State.QUIET


def test_old_complaints_do_not_fire_after_a_gap() -> None:
    """What was heard before an hour's gap is no evidence for the minute after it."""
    detector = create(THRESHOLDS, _learned(2.0))
    begin = 7 * DAY
    _run(detector, _series(range(begin, begin + 20), 30.0, seed=5))
    _run(detector, [_observe(begin + 20 + n, 0, coverage=0.0) for n in range(60)])
    after = _run(detector, _series(range(begin + 80, begin + 100), 2.0, seed=6))
    assert {verdict.state for verdict in after} == {State.QUIET}


def test_partial_coverage_scales_what_is_expected() -> None:
    """Half a minute of listening leads one to expect half as much."""
    whole = create(THRESHOLDS, _learned(2.0)).step(_observe(7 * DAY, 1, coverage=1.0))
    half = create(THRESHOLDS, _learned(2.0)).step(_observe(7 * DAY, 1, coverage=0.5))
    assert half.expected == pytest.approx(whole.expected / 2)
    assert half.high < whole.high


def test_an_outage_does_not_poison_what_is_usual() -> None:
    """Two hours of twenty times as many complaints hardly move the next day's expectation."""
    detector = create(THRESHOLDS, _learned(2.0))
    begin, end = 7 * DAY + 600, 7 * DAY + 720
    _run(detector, _series(range(7 * DAY, begin), 2.0, seed=7))
    outage = _run(detector, _series(range(begin, end), 40.0, seed=8))
    later = _run(detector, _series(range(end, end + DAY), 2.0, seed=9))
    assert later[-70].expected < 1.25 * outage[0].expected
    assert later[-1].expected < 1.25 * outage[0].expected
    assert later[-1].state is State.QUIET


def test_dispersion_is_learned_only_where_it_shows() -> None:
    """Neither from a spike, nor where so few are expected that chance decides."""
    assert json.loads(_learned(0.02))["squares"] == 0
    detector = create(THRESHOLDS, _learned(2.0))
    spike = _series(range(7 * DAY, 7 * DAY + 20), 30.0, seed=5)
    _run(detector, spike[:10])
    before = json.loads(detector.dump())
    assert before["state"] == State.CONFIRMED
    _run(detector, spike[10:])
    after = json.loads(detector.dump())
    assert (after["excess"], after["squares"]) == (before["excess"], before["squares"])


@pytest.mark.parametrize("rate", [0.02, 0.3, 2.0])
def test_a_long_outage_does_not_hide_itself(rate: float) -> None:
    """After three hours of ten times as many complaints, and more, it is still confirmed."""
    detector = create(THRESHOLDS, _learned(rate))
    begin = 7 * DAY + 600
    _run(detector, _series(range(7 * DAY, begin), rate, seed=11))
    loud = max(rate * 10, 1.0)
    verdicts = _run(detector, _series(range(begin, begin + 180), loud, seed=12))
    late = [verdict.state for verdict in verdicts[120:]]
    assert late.count(State.CONFIRMED) > 0.8 * len(late)
    _run(detector, _series(range(begin + 180, begin + DAY), rate, seed=13))
    again = _run(detector, _series(range(begin + DAY, begin + DAY + 20), loud, seed=14))
    assert again[-1].state is State.CONFIRMED


def test_a_spike_that_lasts_a_day_is_the_new_normal() -> None:
    """After a day the detector begins to learn anew, and then expects the new volume."""
    detector = create(THRESHOLDS, _learned(2.0))
    verdicts = _run(detector, _series(range(7 * DAY, 9 * DAY), 60.0, seed=9))
    assert verdicts[DAY - 60].state is State.CONFIRMED
    assert {verdict.state for verdict in verdicts[DAY + 60 :]} == {State.QUIET}
    assert verdicts[-1].observed <= verdicts[-1].high


@given(
    series=st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0])),
        min_size=2,
        max_size=80,
    ),
    data=st.data(),
)
def test_a_saved_detector_goes_on_exactly(
    series: list[tuple[int, float]], data: st.DataObject
) -> None:
    """Saved and restored anywhere, it gives the very same verdicts and the very same state."""
    observations = [_observe(7 * DAY + n, *pair) for n, pair in enumerate(series)]
    cut = data.draw(st.integers(0, len(observations)))
    straight = create(THRESHOLDS, _learned(2.0))
    verdicts = _run(straight, observations)
    broken = create(THRESHOLDS, _learned(2.0))
    first = _run(broken, observations[:cut])
    restored = create(THRESHOLDS, broken.dump())
    assert restored.unheard == broken.unheard
    assert first + _run(restored, observations[cut:]) == verdicts
    assert restored.dump() == straight.dump()


def test_the_state_is_small() -> None:
    """A thousand topics fit in a few megabytes."""
    assert len(_learned(40.0)) < 4_000


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"version": 2}',
        '{"version": 1, "mood": 3}',
        '{"version": 1, "heard": [1.0]}',
        '{"version": 1, "all_heard": NaN}',
        '{"version": 1, "window": [[-1, 0.5]]}',
    ],
)
def test_a_damaged_state_is_an_error_with_a_remedy(damage: str) -> None:
    """Nothing that was learned is forgotten silently."""
    with pytest.raises(StateError, match=r"saved state cannot be used.*restore the journal"):
        create(THRESHOLDS, damage)
