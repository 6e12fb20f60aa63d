"""Tests of the detector for totals."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from alerts import create_for_totals
from signals import Observation, State, Verdict
from tests.alerts.stream import SETTINGS, START, count

STEP = timedelta(minutes=5)
DAY = 288


def series(days: int, extra: dict[int, float], gaps: frozenset[int] = frozenset()) -> list[Verdict]:
    """Return what is said of ``days`` days; ``extra`` multiplies single buckets' means."""
    rng = Random(1)
    detector = create_for_totals(SETTINGS, step=STEP)
    verdicts = []
    for number in range(days * DAY):
        total = count(rng, (8 if number % DAY < 144 else 2) * extra.get(number, 1.0))
        coverage = 0.0 if number in gaps else 1.0
        verdicts.append(detector.step(Observation(START + number * STEP, total, 0, 0, coverage)))
    return verdicts


def onsets(verdicts: list[Verdict]) -> list[int]:
    """Return the buckets in which something begins to be told."""
    return [
        number
        for number, verdict in enumerate(verdicts)
        if verdict.state and not (number and verdicts[number - 1].state)
    ]


BURST = dict.fromkeys(range(10 * DAY + 30, 10 * DAY + 42), 5.0)


def test_a_burst_is_told_once() -> None:
    """An hour of five times as much is told within the hour; ordinary days are not."""
    verdicts = series(12, BURST)
    (begin,) = onsets(verdicts)
    assert min(BURST) <= begin <= max(BURST)
    assert {verdict.state for verdict in verdicts} == {State.QUIET, State.CONFIRMED}
    assert verdicts[-1].state is State.QUIET
    assert all(verdict.low <= verdict.expected < verdict.high for verdict in verdicts)


def test_what_follows_within_half_a_day_belongs_to_it() -> None:
    """A second burst three hours later is no second alarm; one two days later is."""
    near = {number + 36: factor for number, factor in BURST.items()}
    late = {number + 2 * DAY: 2 * factor for number, factor in BURST.items()}
    assert len(onsets(series(14, BURST | near))) == 1
    assert len(onsets(series(14, BURST | late))) == 2


def test_bursts_that_are_usual_are_hardly_told() -> None:
    """A series that bursts twice a day is asked for more before anything is told."""
    often = {number + shift for number in range(0, 20 * DAY, 144) for shift in range(6)}
    verdicts = series(20, dict.fromkeys(often, 6.0))
    assert sum(begin > 7 * DAY for begin in onsets(verdicts)) <= 2  # of 26


def test_the_beginning_is_quiet() -> None:
    """Six hours are learned before anything is told."""
    assert onsets(series(1, dict.fromkeys(range(40, 60), 9.0))) == []


def test_a_gap_neither_tells_nor_ends() -> None:
    """Its counts mean nothing; the state before it is held for a day."""
    gaps = frozenset(range(10 * DAY + 36, 11 * DAY + 36))
    verdicts = series(13, BURST | dict.fromkeys(gaps, 100.0), gaps)
    (begin,) = onsets(verdicts)
    assert begin < min(gaps)
    held = [verdicts[number].state for number in sorted(gaps)]
    assert set(held[:-1]) == {State.CONFIRMED}
    assert held[-1] is State.QUIET
